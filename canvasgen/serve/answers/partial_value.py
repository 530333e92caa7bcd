"""Fields of a JSON text that have settled: they stay the same from one draft to the next."""

from __future__ import annotations

from pydantic import JsonValue
from pydantic_core import from_json

__all__ = ["Settled", "common", "partial"]

_NOTHING: tuple[JsonValue, ...] = ()


class Settled:
    """Follows the drafts of one answer."""

    def __init__(self) -> None:
        self._before: tuple[JsonValue, ...] = _NOTHING
        self._told: tuple[JsonValue, ...] = _NOTHING

    def after(self, text: str, *, is_final: bool) -> tuple[JsonValue] | None:
        """Return what has settled, if that is something new.

        Args:
            text: a draft, or committed text.
            is_final: whether it is committed: then all of it has settled.
        """
        found = partial(text)
        before, self._before = self._before, found
        if found and not is_final:
            found = common(before[0], found[0]) if before else _NOTHING
        if not found or found == self._told:
            return None
        self._told = found
        return (found[0],)


def partial(text: str) -> tuple[JsonValue, ...]:
    """Return the value that a text or its beginning holds; nothing if it holds none."""
    try:
        value: JsonValue = from_json(text, allow_partial=True)
    except ValueError:
        return _NOTHING
    return (value,)


def common(one: JsonValue, other: JsonValue) -> tuple[JsonValue, ...]:
    """Return what two values have in common: of objects the fields, of lists the first items, of the rest all or nothing."""
    if isinstance(one, dict) and isinstance(other, dict):
        shared = {key: common(one[key], value) for key, value in other.items() if key in one}
        return ({key: value[0] for key, value in shared.items() if value},)
    if isinstance(one, list) and isinstance(other, list):
        items: list[JsonValue] = []
        for left, right in zip(one, other, strict=False):
            found = common(left, right)
            if not found or found[0] != right:
                break
            items.append(found[0])
        return (items,)
    return (other,) if type(one) is type(other) and one == other else _NOTHING
