"""`enum` and `const`: finite sets of values."""

from __future__ import annotations

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.document.plain import Json, json_path
from canvasgen.schemas.keywords.schema_object import Context, SchemaObject
from canvasgen.schemas.normal.combine import union
from canvasgen.schemas.normal.numbers import as_fraction
from canvasgen.schemas.normal.shapes import (
    NEVER_NODE,
    Array,
    Node,
    Numbers,
    Object,
    Property,
    Strings,
    Values,
)
from canvasgen.schemas.normal.strings import has_utf8

__all__ = ["listed_values"]


def listed_values(schema: SchemaObject, name: str) -> Values:
    """Return the values that `"enum"` or `"const"` lists."""
    where, listed = schema.at(name), schema.keywords[name]
    if name == "const":
        return _one(schema.context, listed, where)
    if not isinstance(listed, list):
        raise InvalidConstraint(
            "`enum` is a list", path=where, rule=name, value=listed, remedy="write a list of the values"
        )
    texts = [item for item in listed if isinstance(item, str)]
    rest = [(at, item) for at, item in enumerate(listed) if not isinstance(item, str)]
    values = _texts(schema.context, texts, where)
    numbers: dict[Numbers, None] = {}
    for at, item in rest:
        one = _one(schema.context, item, json_path(where, at))
        numbers.update(dict.fromkeys(one.numbers))
        values = union(values, one._replace(numbers=()))
    return values._replace(numbers=tuple(numbers))


def _texts(context: Context, texts: list[str], path: str) -> Values:
    kept = tuple(text for text in dict.fromkeys(texts) if has_utf8(text))
    if len(kept) < len(set(texts)):
        context.note("departure", "strings with a lone surrogate cannot be written in UTF-8", path)
    return Values(strings=(Strings(values=kept),)) if kept else Values()


def _one(context: Context, value: Json, path: str) -> Values:
    """Return the set of one value."""
    if value is None:
        return Values(null=True)
    if isinstance(value, bool):
        return Values(true=value, false=not value)
    if isinstance(value, str):
        return _texts(context, [value], path)
    if isinstance(value, int | float):
        number = as_fraction(value)
        step = as_fraction(1) if number.denominator == 1 else None
        return Values(numbers=(Numbers(number, False, number, False, step, (), isinstance(value, float)),))
    if isinstance(value, list):
        nodes = tuple(_constant(context, item, json_path(path, at)) for at, item in enumerate(value))
        return Values(arrays=(Array(nodes, NEVER_NODE, len(nodes), len(nodes)),))
    properties = {
        name: Property(_constant(context, item, json_path(path, name)), True) for name, item in value.items()
    }
    return Values(objects=(Object(properties, ()),))


def _constant(context: Context, value: Json, path: str) -> Node:
    return Node.of(_one(context, value, path), path, context.arena)
