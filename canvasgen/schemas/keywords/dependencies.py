"""`dependentRequired`, `dependentSchemas` and, in the drafts that have it, `dependencies`."""

from __future__ import annotations

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.keywords.objects import requiring, with_and_without
from canvasgen.schemas.keywords.schema_object import SchemaObject
from canvasgen.schemas.normal.combine import intersect, union
from canvasgen.schemas.normal.shapes import Values

__all__ = ["dependent"]


def dependent(values: Values, schema: SchemaObject, name: str) -> Values:
    """Return the values that also satisfy `"dependentRequired"`, `"dependentSchemas"` or `"dependencies"`."""
    child, where, arena = schema.keywords[name], schema.at(name), schema.context.arena
    if not isinstance(child, dict):
        raise InvalidConstraint(
            "an object is needed",
            path=where,
            rule=name,
            value=child,
            remedy="write an object by names of properties",
        )
    for key, needed in child.items():
        if isinstance(needed, list) and name != "dependentSchemas":
            also = Values(objects=(requiring(needed, schema.at(name, key)),))
        elif name != "dependentRequired":
            also = schema.context.node(needed, schema.at(name, key), schema.base).values
        else:
            raise InvalidConstraint(
                "a list of names is needed",
                path=schema.at(name, key),
                rule=name,
                value=needed,
                remedy="write a list of strings",
            )
        absent, present = with_and_without(key, where)
        values = intersect(values, union(absent, intersect(present, also, arena)), arena)
    return values
