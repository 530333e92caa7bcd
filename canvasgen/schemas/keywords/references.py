"""`$ref`, `$dynamicRef` and `$recursiveRef`: the schema that they mean."""

from __future__ import annotations

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.document.resources import Base
from canvasgen.schemas.keywords.schema_object import SchemaObject
from canvasgen.schemas.normal.shapes import Node

__all__ = ["referenced", "target"]


def target(schema: SchemaObject, name: str) -> tuple[Json, str, Base]:
    """Return the schema that a reference means, its path and its base.

    Args:
        schema: the schema that has the reference.
        name: `"$ref"`, `"$dynamicRef"` or `"$recursiveRef"`.

    Raises:
        UnsupportedConstraint: it leads out of the document and the registry.
        InvalidConstraint: there is nothing at its place, or it is no string.
    """
    reference, where = schema.keywords[name], schema.at(name)
    if not isinstance(reference, str):
        raise InvalidConstraint(
            f"`{name}` is a string",
            path=where,
            rule=name,
            value=reference,
            remedy='write a string such as "#/$defs/name"',
        )
    references = schema.context.document.references
    if name == "$ref":
        return references.resolve(reference, schema.base, where)
    return references.resolve_dynamic(name, reference, schema.base, where)


def referenced(schema: SchemaObject, name: str) -> Node:
    """Return the node of the schema that a reference means."""
    return schema.context.node(*target(schema, name))
