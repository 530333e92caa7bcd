"""Where a JSON constraint comes from: its document, and how its texts are read."""

from __future__ import annotations

import json
from typing import Any

from canvasgen.errors import ValidationFailed
from canvasgen.schemas.document.document import Document

__all__ = ["Source"]


class Source:
    """Where a JSON constraint comes from.

    Attributes:
        document: the schema document that is compiled.
        python: True if it was made from a Python type, whose formats are pydantic's.
    """

    python = False

    def __init__(self, document: Document) -> None:
        self.document = document

    @property
    def prompt_schema(self) -> Any:
        """The schema to show to a model."""
        return self.document.root

    def read(self, text: str) -> Any:
        """Return the value of a text: an instance of the type, or plain data.

        Raises:
            ValidationFailed: the text cannot be read.
        """
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValidationFailed(
                "the text is no JSON", text=text, reasons=(str(error),), rule="json"
            ) from error
