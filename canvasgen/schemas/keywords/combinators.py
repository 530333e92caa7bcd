"""`allOf`, `anyOf`, `oneOf`, `not` and `if`: schemas made of schemas for the same value."""

from __future__ import annotations

from collections.abc import Callable

from canvasgen.schemas.keywords.blame import Blame
from canvasgen.schemas.keywords.schema_object import SchemaObject
from canvasgen.schemas.normal.combine import intersect, subtract, union
from canvasgen.schemas.normal.shapes import NEVER, Values

__all__ = ["FOLLOWERS", "LATE", "combined", "combined_late"]

FOLLOWERS = frozenset(("then", "else"))
"""Keywords that `if` reads, and that mean nothing without it."""
LATE = frozenset(("not", "oneOf", "if"))
"""Keywords that take something away: it is taken from what everything else leaves, which is less."""


def combined(values: Values, schema: SchemaObject, name: str) -> Values:
    """Return the values that also satisfy `"allOf"` or `"anyOf"`; `then` and `else` have no effect alone."""
    if name == "allOf":
        return _all_of(values, schema)
    return _any_of(values, schema) if name == "anyOf" else values


def combined_late(values: Values, schema: SchemaObject, name: str) -> Values:
    """Return the values that also satisfy one of `LATE`."""
    return _LATE[name](values, schema)


def _all_of(values: Values, schema: SchemaObject) -> Values:
    blame = Blame(schema)
    for at, node in enumerate(schema.nodes("allOf")):
        before = values
        values = intersect(values, node.values, schema.context.arena)
        blame.check(schema.at("allOf", at), before, values)
    return values


def _any_of(values: Values, schema: SchemaObject) -> Values:
    found = NEVER
    for node in schema.nodes("anyOf"):
        found = union(found, node.values)
    return intersect(values, found, schema.context.arena)


def _not(values: Values, schema: SchemaObject) -> Values:
    return subtract(values, schema.node("not").values, schema.context.arena)


def _one_of(values: Values, schema: SchemaObject) -> Values:
    arena = schema.context.arena
    branches = [intersect(values, node.values, arena) for node in schema.nodes("oneOf")]
    found = NEVER
    for at, branch in enumerate(branches):
        for other, against in enumerate(branches):
            if other != at and not against.is_empty:
                branch = subtract(branch, against, arena)
        found = union(found, branch)
    return found


def _if(values: Values, schema: SchemaObject) -> Values:
    arena = schema.context.arena
    # Without `then` and `else` it is without effect, but a schema that is its own condition is refused: a
    # validator would not end.
    condition = schema.node("if").values
    if not schema.keywords.keys() & FOLLOWERS:
        return values
    positive = intersect(values, condition, arena)
    if "then" in schema.keywords:
        positive = intersect(positive, schema.node("then").values, arena)
    negative = subtract(values, condition, arena)
    if "else" in schema.keywords:
        negative = intersect(negative, schema.node("else").values, arena)
    return union(positive, negative)


_LATE: dict[str, Callable[[Values, SchemaObject], Values]] = {"not": _not, "oneOf": _one_of, "if": _if}
