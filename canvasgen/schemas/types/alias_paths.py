"""Fields that pydantic reads from a place inside the object: `AliasPath` and `validate_by_alias`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["move_aliases"]

_Path = tuple[str | int, ...]


def move_aliases(found: dict[str, Any], fields: Iterable[tuple[str, Any]], config: Any) -> dict[str, Any]:
    """Return a schema of an object in which every field is where pydantic looks for it.

    Args:
        found: pydantic's schema, with fields by their alias, or by name where the alias is a path.
        fields: the core schemas of the fields by name.
        config: the settings of the model.
    """
    if "properties" not in found:
        return found
    by_name = config.get("validate_by_alias") is False
    moves: dict[str, _Path] = {}
    for name, field in fields:
        alias = field.get("validation_alias")
        if alias is None:
            continue
        if by_name:
            moves[_shown(alias, name)] = (name,)
        elif not isinstance(alias, str) and _shown(alias, name) == name:
            moves[name] = _paths(alias)[0]
    if not moves:
        return found
    required = set(found.get("required", ()))
    root: dict[str, Any] = {"type": "object", "properties": {}}
    for key, schema in found["properties"].items():
        _put(root, moves.get(key, (key,)), schema, key in required)
    kept = {name: value for name, value in found.items() if name not in ("properties", "required")}
    return {**kept, **root}


def _paths(alias: Any) -> list[_Path]:
    """Return every place that an alias names, best first."""
    return [tuple(path) for path in alias] if isinstance(alias[0], list) else [tuple(alias)]


def _shown(alias: Any, name: str) -> str:
    """Return the name under which pydantic's schema has a field."""
    if isinstance(alias, str):
        return alias
    return next((str(path[0]) for path in _paths(alias) if len(path) == 1), name)


def _put(inside: dict[str, Any], path: _Path, schema: Any, required: bool) -> None:
    """Write a schema at a path below a schema of an object or an array."""
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        children: Any = inside.setdefault("properties", {})
        present = step in children
        if required and step not in inside.setdefault("required", []):
            inside["required"].append(step)
    else:
        children = inside.setdefault("prefixItems", [])
        # A negative place counts from the end: in an array that is just long enough both are the same.
        step = step if step >= 0 else 0
        children += [{"type": "null"}] * (step + 1 - len(children))
        inside["items"] = False
        inside["minItems"] = max(inside.get("minItems", 0), step + 1)
        present = "properties" in children[step] or "prefixItems" in children[step]
    if not rest:
        children[step] = schema
        return
    if not present:
        children[step] = (
            {"type": "object", "additionalProperties": False}
            if isinstance(rest[0], str)
            else {"type": "array"}
        )
    _put(children[step], rest, schema, required)
