"""Where a JSON constraint comes from: its document, and how its texts are read."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from canvasgen.errors import ValidationFailed
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.document.grounded_keyword import has_marks, without_marks
from canvasgen.schemas.document.plain import Json

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

    @cached_property
    def is_marked(self) -> bool:
        """Whether a part of the schema is to be taken from a source (`x-grounded`)."""
        return has_marks(self.document.root)

    @cached_property
    def prompt_schema(self) -> Json:
        """The schema to show to a model."""
        shown = self.written_schema
        return without_marks(shown) if self.is_marked else shown

    @property
    def written_schema(self) -> Json:
        """The schema as the user would write it."""
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
