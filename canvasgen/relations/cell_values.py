"""Values of cells: told apart by type, ordered, shown to people."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeGuard

from canvasgen.errors import InvalidConstraint

__all__ = [
    "Cell",
    "Key",
    "Number",
    "Value",
    "exact",
    "is_number",
    "key",
    "keys",
    "order",
    "same",
    "show_cells",
    "show_value",
    "show_values",
]

Cell = Hashable
Number = int | float
Value = str | int | float | bool | None
Key = tuple[type[object], Value]
"""A value with its type: what tells values apart."""


def is_number(value: object) -> TypeGuard[Number]:
    """Return whether a value is a finite int or float; a bool is not."""
    return type(value) is int or (type(value) is float and math.isfinite(value))


def exact(number: Number) -> Fraction:
    """Return a number as the decimal that it is written as: 0.1 is a tenth."""
    return Fraction(number) if isinstance(number, int) else Fraction(Decimal(repr(number)))


_KINDS: dict[type[object], int] = {int: 0, float: 0, str: 1, bool: 2, type(None): 3}
_MOST_SHOWN = 10


def key(value: object) -> Key:
    """Return what tells a value apart: `1`, `1.0` and `True` are three values.

    Raises:
        InvalidConstraint: it is not a str, int, float, bool or None, or it is NaN.
    """
    kind: type[object] = type(value)
    if not isinstance(value, Value) or kind not in _KINDS or value != value:
        raise InvalidConstraint(
            f"a cell cannot have a value of type {kind.__name__}"
            if kind is not float
            else "NaN cannot be the value of a cell",
            rule="values",
            value=value,
            remedy="use str, int, float, bool or None",
        )
    return kind, value


def keys(values: Iterable[object]) -> frozenset[Key]:
    """Return the keys of several values."""
    return frozenset(key(value) for value in values)


def same(a: object, b: object) -> bool:
    """Return whether two values are the same, type included."""
    return type(a) is type(b) and a == b


def order(item: Key) -> tuple[int, Any, int]:
    """Sort keys: numbers, then strings, then booleans, then None; at 1 == 1.0 the integer first."""
    kind, value = item
    return _KINDS[kind], 0 if value is None else value, kind is float


def show_value(value: object) -> str:
    """Return a value as people read it in a sentence."""
    return repr(value)


def show_values(values: Iterable[object]) -> str:
    """Return several values in a sentence, at most ten of them."""
    return _shortened([show_value(value) for value in values])


def show_cells(cells: Sequence[Cell]) -> str:
    """Return several cells in a sentence, at most ten of them."""
    return _shortened([str(cell) for cell in cells])


def _shortened(texts: list[str]) -> str:
    if len(texts) > _MOST_SHOWN:
        texts = [*texts[: _MOST_SHOWN - 1], f"… ({len(texts)} in all)"]
    return ", ".join(texts)
