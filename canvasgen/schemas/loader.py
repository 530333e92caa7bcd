"""From what the user has (a schema, its text, a type) to a schema document and a reader of texts."""

from __future__ import annotations

import inspect
from typing import cast

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.document.plain import Json, parse_text
from canvasgen.schemas.document.schema_source import Source
from canvasgen.schemas.types.python_types import load_type

__all__ = ["load"]


def load(schema: object, registry: object = None) -> Source:
    """Recognise a schema (dict, bool or JSON text) or a type.

    Args:
        schema: the schema or the type; or its source, which is returned.
        registry: schemas that a schema refers to, by URI; see `registry.registry_of`.

    Raises:
        InvalidConstraint: it is neither, or pydantic cannot make an adapter for the type.
        UnsupportedConstraint: pydantic has no JSON schema for the type.
    """
    if isinstance(schema, Source):
        return schema
    if schema is None:
        raise InvalidConstraint(
            "there is no schema", rule="schema", remedy="for the null type use type(None)"
        )
    if isinstance(schema, str):
        return Source(Document(parse_text(schema), registry))
    if isinstance(schema, dict | bool):
        return Source(Document(cast("Json", schema), registry))
    if isinstance(schema, list | tuple | int | float | bytes):
        raise InvalidConstraint(
            "a schema is a dict, a bool, JSON text or a type",
            rule="schema",
            value=schema,
            remedy="give one of these",
        )
    if inspect.isroutine(schema):
        raise InvalidConstraint(
            "a function is neither a schema nor a type",
            rule="schema",
            value=schema,
            remedy="give the type that the function returns, or its parameters as a schema",
        )
    if registry is not None:
        raise InvalidConstraint(
            "a registry goes with a JSON Schema, not with a type",
            rule="registry",
            remedy="leave registry= out",
        )
    return load_type(schema)
