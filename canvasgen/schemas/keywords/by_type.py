"""`type`, and the keywords that are about the values of one type.

Without `"type"` each group of keywords constrains the values of its own type only, as the specification says.
"""

from __future__ import annotations

from fractions import Fraction

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.document.keywords import DECIMAL_TEXT, JSON_TEXT, meant_by
from canvasgen.schemas.document.misspellings import TYPES, type_hint
from canvasgen.schemas.keywords.arrays import arrays
from canvasgen.schemas.keywords.numbers import numbers
from canvasgen.schemas.keywords.objects import objects
from canvasgen.schemas.keywords.schema_object import SchemaObject
from canvasgen.schemas.keywords.strings import strings
from canvasgen.schemas.keywords.unused import check_unused
from canvasgen.schemas.normal.numbers import meet_numbers
from canvasgen.schemas.normal.shapes import ANY, Numbers, Values

__all__ = ["BY_TYPE", "typed_values"]

_NUMBERS = meant_by("numbers")
_STRINGS = meant_by("strings") | {DECIMAL_TEXT, JSON_TEXT}
_ARRAYS = meant_by("arrays")
_OBJECTS = meant_by("objects")
BY_TYPE = meant_by("by_type") | _NUMBERS | _STRINGS | _ARRAYS | _OBJECTS
"""The keywords that `typed_values` reads, all at once."""
_EVERY_TYPE = frozenset(TYPES)
_WHOLE = Numbers(step=Fraction(1), point=False)


def typed_values(schema: SchemaObject) -> Values:
    """Return the values that a schema's keywords about types allow."""
    types = _types(schema) if "type" in schema.keywords else _EVERY_TYPE
    present = schema.keywords.keys()
    boolean = "boolean" in types
    values = Values("null" in types, boolean, boolean, _numbers(schema, types), *ANY[4:])
    groups = (("string", _STRINGS), ("array", _ARRAYS), ("object", _OBJECTS))
    unused = [names for name, names in groups if name not in types]
    if not types & {"number", "integer"}:
        unused.append(_NUMBERS)
    check_unused(schema, frozenset[str]().union(*unused))
    if "string" not in types:
        values = values._replace(strings=())
    elif present & _STRINGS:
        values = values._replace(strings=strings(schema))
    if "array" not in types:
        values = values._replace(arrays=())
    elif present & _ARRAYS:
        values = values._replace(arrays=arrays(schema))
    if "object" not in types:
        values = values._replace(objects=())
    elif present & _OBJECTS:
        values = values._replace(objects=objects(schema))
    return values


def _numbers(schema: SchemaObject, types: frozenset[str]) -> tuple[Numbers, ...]:
    found = ANY.numbers
    if "number" not in types:
        found = (_WHOLE,) if "integer" in types else ()
    if not schema.keywords.keys() & _NUMBERS:
        return found
    bounds = numbers(schema)
    found = tuple(shape for shape in (meet_numbers(shape, bounds) for shape in found) if shape is not None)
    if not found and types & {"number", "integer"}:
        given = [schema.at(name) for name in schema.keywords if name in _NUMBERS or name == "type"]
        schema.contradiction(f"no number satisfies {' and '.join(given)}")
    return found


def _types(schema: SchemaObject) -> frozenset[str]:
    given = schema.keywords["type"]
    names: list[object] = [given] if isinstance(given, str) else [*given] if isinstance(given, list) else []
    if not names:
        raise InvalidConstraint(
            "`type` is a name or a list of names",
            path=schema.at("type"),
            rule="type",
            value=given,
            remedy="write object, array, string, number, integer, boolean or null, or a list of these",
        )
    found: set[str] = set()
    for name in names:
        if not isinstance(name, str) or name not in _EVERY_TYPE:
            raise InvalidConstraint(
                "JSON Schema has no such type",
                path=schema.at("type"),
                rule="type",
                value=name,
                remedy=type_hint(name),
            )
        found.add(name)
    return frozenset(found)
