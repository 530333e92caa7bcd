"""The keywords of numbers: bounds and `multipleOf`."""

from __future__ import annotations

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.keywords.schema_object import SchemaObject
from canvasgen.schemas.normal.shapes import Numbers

__all__ = ["numbers"]


def numbers(schema: SchemaObject) -> Numbers:
    """Return the numbers that the keywords allow."""
    low, high = schema.number("minimum"), schema.number("maximum")
    low_open = high_open = False
    if schema.draft == 4:
        low_open, high_open = _is_open(schema, "minimum"), _is_open(schema, "maximum")
    else:
        more, less = schema.number("exclusiveMinimum"), schema.number("exclusiveMaximum")
        if more is not None and (low is None or more >= low):
            low, low_open = more, True
        if less is not None and (high is None or less <= high):
            high, high_open = less, True
    step = schema.number("multipleOf")
    if step is not None and step <= 0:
        raise InvalidConstraint(
            "a step is above zero",
            path=schema.at("multipleOf"),
            rule="multipleOf",
            value=schema.keywords["multipleOf"],
            remedy="write a step such as 1 or 0.01",
        )
    return Numbers(low, low_open, high, high_open, step)


def _is_open(schema: SchemaObject, bound: str) -> bool:
    """Return whether a bound of draft 4 is exclusive: in draft 4 `exclusiveMinimum` is a boolean beside `minimum`."""
    name = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}[bound]
    value = schema.keywords.get(name, False)
    if not isinstance(value, bool) or (name in schema.keywords and bound not in schema.keywords):
        raise InvalidConstraint(
            f"in draft 4 it is a boolean beside `{bound}`",
            path=schema.at(name),
            rule=name,
            value=value,
            remedy="write true or false beside the bound, or name a newer draft in $schema",
        )
    return value
