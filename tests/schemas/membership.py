"""Membership of JSON values in value sets, by definition: the oracle of the normal form's laws."""

from __future__ import annotations

from typing import Any

from canvasgen.schemas.normal.arrays import place
from canvasgen.schemas.normal.equality import identity
from canvasgen.schemas.normal.numbers import as_fraction, has_number
from canvasgen.schemas.normal.objects import has_key, lookup
from canvasgen.schemas.normal.shapes import Array, Object, Values
from canvasgen.schemas.normal.strings import strings_contain


def contains(values: Values, value: Any) -> bool:
    """True if a JSON value (as `json.loads` gives it) belongs to the set."""
    if value is None:
        return values.null
    if value is True:
        return values.true
    if value is False:
        return values.false
    if isinstance(value, str):
        return any(strings_contain(shape, value) for shape in values.strings)
    if isinstance(value, int | float):
        number = as_fraction(value)
        return any(has_number(shape, number) for shape in values.numbers)
    if isinstance(value, list):
        return any(_array_contains(shape, value) for shape in values.arrays)
    return any(_object_contains(shape, value) for shape in values.objects)


def _array_contains(shape: Array, value: list[Any]) -> bool:
    if len(value) < shape.low or (shape.high is not None and len(value) > shape.high):
        return False
    if shape.unique and not all_different(value):
        return False
    for node, low, high in shape.contains:
        count = sum(contains(node.values, item) for item in value)
        if count < low or (high is not None and count > high):
            return False
    return all(contains(place(shape, at).values, item) for at, item in enumerate(value))


def _object_contains(shape: Object, value: dict[str, Any]) -> bool:
    if len(value) < shape.low or (shape.high is not None and len(value) > shape.high):
        return False
    if any(entry.required and name not in value for name, entry in shape.properties.items()):
        return False
    for part, node in shape.some:
        if not any(has_key(part, name) and contains(node.values, item) for name, item in value.items()):
            return False
    return all(contains(lookup(shape, name).values, item) for name, item in value.items())


def all_different(items: list[Any]) -> bool:
    """True if no two items are equal as JSON values (`1` and `1.0` are equal, `1` and `true` are not)."""
    keys = [identity(item) for item in items]
    return len(set(keys)) == len(keys)
