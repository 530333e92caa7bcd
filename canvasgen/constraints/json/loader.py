"""From what the user has (a schema, its text, a type) to a schema document and a reader of texts."""

from __future__ import annotations

import inspect
import json
from typing import Any

from canvasgen.constraints.json.document import Document
from canvasgen.constraints.json.plain import parse_text
from canvasgen.errors import InvalidConstraint, ValidationFailed

__all__ = ["Source", "load"]


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
        """The value of a text: an instance of the type, or plain data.

        Raises:
            ValidationFailed: the text cannot be read.
        """
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValidationFailed(
                "the text is no JSON", text=text, reasons=(str(error),), rule="json"
            ) from error


def load(schema: Any, registry: Any = None) -> Source:
    """Recognise a schema (dict, bool or JSON text) or a type.

    Args:
        schema: the schema or the type.
        registry: schemas that a schema refers to, by URI; see `references.registry_of`.

    Raises:
        InvalidConstraint: it is neither, or pydantic cannot make an adapter for the type.
        UnsupportedConstraint: pydantic has no JSON schema for the type.
    """
    if schema is None:
        raise InvalidConstraint("there is no schema", remedy="for the null type use type(None)")
    if isinstance(schema, str):
        return Source(Document(parse_text(schema), registry))
    if isinstance(schema, dict | bool):
        return Source(Document(schema, registry))
    if isinstance(schema, list | tuple | int | float | bytes):
        raise InvalidConstraint("a schema is a dict, a bool, JSON text or a type", value=schema)
    if inspect.isroutine(schema):
        raise InvalidConstraint("a function is neither a schema nor a type", value=schema)
    if registry is not None:
        raise InvalidConstraint("a registry goes with a JSON Schema, not with a type", rule="registry")
    from canvasgen.constraints.json.python_types import load_type

    return load_type(schema)
