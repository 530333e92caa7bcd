"""Objects that have a schema inside, as the APIs of model providers take them, and are none themselves."""

from __future__ import annotations

from collections.abc import Iterator

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.document.keywords import KEYWORDS, WITHOUT_MEANING
from canvasgen.schemas.document.misspellings import TYPES
from canvasgen.schemas.document.plain import Json, json_path

__all__ = ["refuse_wrapper"]

_AROUND = ("function", "json_schema", "response_format", "text", "format", "tool", "custom")
"""Keys that lead to another wrapper, or to the schema itself."""
_HOLD = ("parameters", "schema", "input_schema", "inputSchema", "outputSchema", "json_schema", "args_schema")
"""Keys whose value is the schema."""
_OPENAPI = ("openapi", "swagger")


def refuse_wrapper(root: Json) -> None:
    """Raise InvalidConstraint if an object is no schema but has one inside.

    An object that has keywords of its own is a schema, whatever else it has; a `type` that JSON Schema does not know is
    no such keyword (`{"type": "function", ...}`).
    """
    if not isinstance(root, dict) or _is_schema(root):
        return
    if any(isinstance(root.get(name), str) for name in _OPENAPI):
        raise _refusal("an OpenAPI document is no schema", ("components", "schemas", "..."), root)
    found = next(_inner(root), None)
    if found is not None:
        raise _refusal("this is no schema: it has one inside", found, root)


def _is_schema(value: dict[str, Json]) -> bool:
    effective = [name for name in value if name in KEYWORDS and name not in WITHOUT_MEANING]
    return any(name != "type" or _is_type(value[name]) for name in effective)


def _is_type(value: Json) -> bool:
    names = value if isinstance(value, list) else [value]
    return all(name in TYPES for name in names)


def _inner(value: dict[str, Json], steps: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the ways to the schemas inside."""
    for name in _HOLD:
        inside = value.get(name)
        if isinstance(inside, dict) and _is_schema(inside):
            yield (*steps, name)
    if len(steps) < 3:
        for name in _AROUND:
            inside = value.get(name)
            if isinstance(inside, dict):
                yield from _inner(inside, (*steps, name))


def _refusal(message: str, steps: tuple[str, ...], root: dict[str, Json]) -> InvalidConstraint:
    path, access = "$", "schema"
    for step in steps:
        path, access = json_path(path, step), f"{access}[{step!r}]"
    return InvalidConstraint(
        message,
        path="$",
        rule="schema",
        value=sorted(root),
        remedy=f"pass the schema inside, {access}, which is at {path}",
    )
