"""The choice-like fields of a generated value, and the texts in which such a field has a given value.

A field is choice-like if its schema says so: by `enum`, `const`, `boolean`, `null`, or a union of these. The texts with a
given value at a place are described over any well-formed JSON, by counting brackets; their intersection with a schema's
own texts is exact, whatever the schema is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from canvasgen.automata import (
    EPSILON,
    Expr,
    byte_set,
    concat,
    from_dfa,
    intersect,
    literal,
    optional,
    repeat,
    to_dfa,
    union,
)
from canvasgen.schemas.document.plain import Json, json_path
from canvasgen.schemas.normal.shapes import Numbers
from canvasgen.schemas.texts.numerals.number_text import number_text
from canvasgen.schemas.texts.string_text import quoted

__all__ = [
    "MOST_FIELDS",
    "Path",
    "Scalar",
    "choice_fields",
    "field_name",
    "scalar_text",
    "with_any_value",
    "with_text",
    "with_value",
]

Path: TypeAlias = "tuple[str | int, ...]"
Scalar: TypeAlias = "bool | int | float | str | None"

MOST_OPTIONS = 64
"""A field with more options is not reported."""
MOST_FIELDS = 64
DEEPEST = 48
"""Levels of brackets that may be open beside the field."""

_Places: TypeAlias = "list[dict[str, Json]]"


def choice_fields(root: Json, value: Json) -> Iterator[tuple[Path, list[Scalar]]]:
    """Yield the places of a value that are choice-like, in order, each with its options (at least two, all scalars).

    References to other documents are not followed: what lies behind them is not reported.
    """
    waiting: list[tuple[Path, Json, _Places]] = [((), value, list(_variants(root, root)))]
    found = 0
    while waiting and found < MOST_FIELDS:
        path, here, schemas = waiting.pop(0)
        options = _options(schemas)
        if options is not None and 2 <= len(options) <= MOST_OPTIONS:
            found += 1
            yield path, options
        elif isinstance(here, dict):
            for key, below in here.items():
                mappings = [_mapping(schema.get("properties")) for schema in schemas]
                inside = [mapping[key] for mapping in mappings if key in mapping]
                waiting.append(((*path, key), below, [v for s in inside for v in _variants(s, root)]))
        elif isinstance(here, list):
            for at, below in enumerate(here):
                inside = [item for s in schemas if (item := _item(s, at)) is not None]
                waiting.append(((*path, at), below, [v for s in inside for v in _variants(s, root)]))


def field_name(path: Path) -> str:
    """Return `status`, `address.kind`, `items[0].size`; the empty text for the whole value."""
    name = "$"
    for step in path:
        name = json_path(name, step)
    return name[1:].removeprefix(".")


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _item(schema: dict[str, Json], at: int) -> Json:
    listed = schema.get("prefixItems", schema.get("items") if isinstance(schema.get("items"), list) else [])
    if isinstance(listed, list) and at < len(listed):
        return listed[at]
    rest = schema.get("items")
    return schema.get("additionalItems") if isinstance(rest, list) else rest


def _variants(schema: Json, root: Json, seen: tuple[str, ...] = ()) -> Iterator[dict[str, Json]]:
    """Yield the schemas that may describe a value: a schema, or the branches of its unions, references followed."""
    if not isinstance(schema, dict):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if reference not in seen:
            yield from _variants(_target(reference, root), root, (*seen, reference))
        return
    for keyword in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(keyword)
        if isinstance(branches, list) and branches:
            for branch in branches:
                yield from _variants(branch, root, seen)
            if not schema.keys() & {"properties", "items", "enum", "const"}:
                return
    yield schema


def _target(reference: str, root: Json) -> Json:
    if not reference.startswith("#"):
        return None
    node = root
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or name not in node:
            return None
        node = node[name]
    return node


def _options(schemas: _Places) -> list[Scalar] | None:
    """Return all values that the schemas list together; None if one of them lists none, or lists arrays and objects."""
    found: dict[object, Scalar] = {}
    for schema in schemas:
        listed = _listed(schema)
        if listed is None:
            return None
        for value in listed:
            if isinstance(value, dict | list):
                return None
            if isinstance(value, int | float) and not isinstance(value, bool):
                found.setdefault(_exact(value), value)  # 1 and 1.0 are one value
            else:
                found.setdefault(json.dumps(value), value)
    return list(found.values()) if found else None


def _listed(schema: dict[str, Json]) -> list[Json] | None:
    """Return the values that one schema lists, by `const`, `enum` or a `type` of few values; None if it lists none."""
    if "const" in schema:
        return [schema["const"]]
    listed, kinds = schema.get("enum"), schema.get("type")
    if isinstance(listed, list):
        return listed
    names = kinds if isinstance(kinds, list) else [kinds]
    if not names or any(name not in ("boolean", "null") for name in names):
        return None
    return [*([True, False] if "boolean" in names else []), *([None] if "null" in names else [])]


_SPACE = repeat(byte_set([(0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x20)]))
_STRING = concat(
    literal('"'),
    repeat(
        union(
            byte_set([(0x00, 0x21), (0x23, 0x5B), (0x5D, 0xFF)]), concat(literal("\\"), byte_set([(0, 0x7F)]))
        )
    ),
    literal('"'),
)
_OPEN, _CLOSE = byte_set([(0x5B, 0x5B), (0x7B, 0x7B)]), byte_set([(0x5D, 0x5D), (0x7D, 0x7D)])
_COMMA = literal(",")
_SCALAR_BYTES = [(0x00, 0x21), (0x23, 0x2B), (0x2D, 0x5A), (0x5E, 0x7A), (0x7C, 0x7C), (0x7E, 0x7F)]


@lru_cache(maxsize=1)
def _balanced() -> tuple[Expr, Expr]:
    """Return pieces of JSON in which every bracket closes, and those without a comma outside of brackets."""
    piece = union(byte_set(_SCALAR_BYTES), _STRING)
    nested = EPSILON
    for _ in range(DEEPEST):
        nested = concat(_OPEN, repeat(union(piece, _COMMA, nested)), _CLOSE)
        nested = from_dfa(to_dfa(nested))
    return repeat(union(piece, _COMMA, nested)), repeat(union(piece, nested))


def with_value(path: Path, value: Scalar) -> Expr:
    """Return the JSON texts (and others that are no JSON) in which the place of a path holds a scalar value."""
    return with_text(path, scalar_text(value))


def with_any_value(path: Path) -> Expr:
    """Return the JSON texts (and others that are no JSON) that have the place of a path."""
    _, item = _balanced()
    begun = concat(byte_set([(0x21, 0xFF)]), repeat(byte_set([(0x00, 0xFF)])))
    return with_text(path, intersect(item, begun))


def with_text(path: Path, value: Expr) -> Expr:
    """Return the JSON texts (and others that are no JSON) in which the place of a path holds a text of a language."""
    anything, item = _balanced()
    expr = concat(_SPACE, value, _SPACE)
    for step in reversed(path):
        if isinstance(step, str):
            # The comma ends the value: without it, what follows could be the rest of a longer number.
            before = concat(literal("{"), optional(concat(anything, _COMMA)), _SPACE, quoted(step), _SPACE)
            expr = concat(before, literal(":"), expr, optional(concat(_COMMA, anything)), literal("}"))
        else:
            before = concat(literal("["), repeat(concat(item, _COMMA), step, step))
            expr = concat(before, expr, optional(concat(_COMMA, anything)), literal("]"))
        expr = concat(_SPACE, expr, _SPACE)
    return expr


def scalar_text(value: Scalar | Fraction) -> Expr:
    """Return the generated JSON texts of a scalar."""
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return literal(json.dumps(value))
    exact = _exact(value)
    return number_text(Numbers(exact, False, exact, False, None, (), True))


def _exact(number: float | Fraction) -> Fraction:
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)
