"""Values of cells: told apart by type, ordered, shown to people."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from canvasgen.errors import InvalidConstraint

__all__ = ["Cell", "Value", "key", "keys", "order", "same", "show_cells", "show_value", "show_values"]

Cell = Hashable
Value = str | int | float | bool | None

_KINDS: dict[type, int] = {int: 0, float: 0, str: 1, bool: 2, type(None): 3}
_MOST_SHOWN = 10


def key(value: Any) -> tuple[type, Any]:
    """What tells a value apart: `1`, `1.0` and `True` are three values.

    Raises:
        InvalidConstraint: it is not a str, int, float, bool or None, or it is NaN.
    """
    kind = type(value)
    if kind not in _KINDS or (kind is float and math.isnan(value)):
        raise InvalidConstraint(
            f"a cell cannot have a value of type {kind.__name__}"
            if kind is not float
            else "NaN cannot be the value of a cell",
            rule="values",
            value=value,
            remedy="use str, int, float, bool or None",
        )
    return kind, value


def keys(values: Iterable[Any]) -> frozenset[tuple[type, Any]]:
    """The keys of several values."""
    return frozenset(key(value) for value in values)


def same(a: Any, b: Any) -> bool:
    """Whether two values are the same, type included."""
    return type(a) is type(b) and a == b


def order(item: tuple[type, Any]) -> tuple[int, Any, int]:
    """Sorts keys: numbers, then strings, then booleans, then None; at 1 == 1.0 the integer first."""
    kind, value = item
    return _KINDS[kind], 0 if value is None else value, kind is float


def show_value(value: Any) -> str:
    """A value as people read it in a sentence."""
    return repr(value)


def show_values(values: Iterable[Any]) -> str:
    """Several values in a sentence, at most ten of them."""
    return _shortened([show_value(value) for value in values])


def show_cells(cells: Sequence[Cell]) -> str:
    """Several cells in a sentence, at most ten of them."""
    return _shortened([str(cell) for cell in cells])


def _shortened(texts: list[str]) -> str:
    if len(texts) > _MOST_SHOWN:
        texts = [*texts[: _MOST_SHOWN - 1], f"… ({len(texts)} in all)"]
    return ", ".join(texts)
