"""Keywords that are about a type which the schema excludes: they have no effect, but a malformed one is a mistake.

`{"type": "string", "required": true}` is draft 3's way to say that a property must be there; read by a later draft it
would say nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.keywords.objects import requiring
from canvasgen.schemas.keywords.schema_object import SchemaObject

__all__ = ["check_unused"]


def _required(schema: SchemaObject, name: str) -> object:
    return requiring(schema.keywords[name], schema.at(name))


def _of(kind: type | tuple[type, ...], what: str) -> Callable[[SchemaObject, str], None]:
    def check(schema: SchemaObject, name: str) -> None:
        value = schema.keywords[name]
        if not isinstance(value, kind):
            raise InvalidConstraint(
                f"{what} is needed", path=schema.at(name), rule=name, value=value, remedy=f"write {what}"
            )

    return check


_TEXT, _SCHEMA = _of(str, "a string"), _of((dict, bool), "a schema")
_FORMS: dict[str, Callable[[SchemaObject, str], object]] = {
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), SchemaObject.number),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), _of((int, float), "a number")),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), SchemaObject.count),
    **dict.fromkeys(("minProperties", "maxProperties"), SchemaObject.count),
    **dict.fromkeys(("pattern", "format"), _TEXT),
    **dict.fromkeys(("properties", "patternProperties"), _of(dict, "an object of schemas")),
    "items": _of((dict, bool, list), "a schema, or a list of schemas,"),
    "additionalProperties": _SCHEMA,
    "uniqueItems": _of(bool, "a boolean"),
    "required": _required,
}


def check_unused(schema: SchemaObject, names: frozenset[str]) -> None:
    """Raise InvalidConstraint if one of these keywords of a schema, which have no effect in it, is malformed."""
    for name in schema.keywords:
        if name in names and name in _FORMS:
            _FORMS[name](schema, name)
