"""Sets of numbers: intersection, difference and membership of `Numbers`, in exact rationals."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from canvasgen.schemas.normal.shapes import Numbers, both_marks

__all__ = [
    "as_fraction",
    "common_multiple",
    "has_number",
    "meet_numbers",
    "merge_numbers",
    "subtract_numbers",
]


def meet_numbers(a: Numbers, b: Numbers) -> Numbers | None:
    """Return the numbers of both; None if there are none (found by the interval and the steps alone)."""
    low, low_open = a.low, a.low_open
    if b.low is not None and (low is None or b.low > low or (b.low == low and b.low_open)):
        low, low_open = b.low, b.low_open
    high, high_open = a.high, a.high_open
    if b.high is not None and (high is None or b.high < high or (b.high == high and b.high_open)):
        high, high_open = b.high, b.high_open
    step = a.step
    if b.step is not None:
        step = b.step if step is None else common_multiple(step, b.step)
    not_steps = a.not_steps
    if b.not_steps:
        not_steps += tuple(other for other in b.not_steps if other not in a.not_steps)
    if low is not None and high is not None:
        if low > high or (low == high and (low_open or high_open)):
            return None
        if step is not None and not _has_multiple(low, low_open, high, high_open, step):
            return None
    if step is not None and any((step / other).denominator == 1 for other in not_steps):
        return None
    return Numbers(
        low, low_open, high, high_open, step, not_steps, a.point and b.point, both_marks(a.marks, b.marks)
    )


def common_multiple(a: Fraction, b: Fraction) -> Fraction:
    """Return the least common multiple of two positive rationals."""
    return Fraction(math.lcm(a.numerator, b.numerator), math.gcd(a.denominator, b.denominator))


def _has_multiple(low: Fraction, low_open: bool, high: Fraction, high_open: bool, step: Fraction) -> bool:
    first = math.ceil(low / step)
    if low_open and first * step == low:
        first += 1
    last = math.floor(high / step)
    if high_open and last * step == high:
        last -= 1
    return first <= last


def subtract_numbers(a: Numbers, b: Numbers) -> list[Numbers]:
    """Return the numbers of a that are not in b, as a list of shapes."""
    if _is_below(a, b) or _is_below(b, a):
        return [a]
    pieces: list[Numbers] = []
    if b.low is not None:
        pieces.append(Numbers(high=b.low, high_open=not b.low_open))
    if b.high is not None:
        pieces.append(Numbers(low=b.high, low_open=not b.high_open))
    between = Numbers(b.low, b.low_open, b.high, b.high_open)
    if b.step is not None:
        pieces.append(between._replace(not_steps=(b.step,)))
    pieces += [between._replace(step=step) for step in b.not_steps]
    return [shape for shape in (meet_numbers(a, piece) for piece in pieces) if shape is not None]


def _is_below(a: Numbers, b: Numbers) -> bool:
    return a.high is not None and b.low is not None and a.high < b.low


def merge_numbers(shapes: Iterable[Numbers]) -> tuple[Numbers, ...]:
    """Return the same union in fewer shapes: intervals with the same steps that touch become one."""
    groups: dict[tuple[object, ...], list[Numbers]] = {}
    for shape in shapes:
        groups.setdefault((shape.step, frozenset(shape.not_steps), shape.point, shape.marks), []).append(
            shape
        )
    found: list[Numbers] = []
    for group in groups.values():
        group.sort(key=lambda shape: (shape.low is not None, shape.low or 0, shape.low_open))
        merged = [group[0]]
        for shape in group[1:]:
            last = merged[-1]
            if not _touches(last, shape):
                merged.append(shape)
            elif last.high is not None and (
                shape.high is None or (shape.high, not shape.high_open) > (last.high, not last.high_open)
            ):
                merged[-1] = last._replace(high=shape.high, high_open=shape.high_open)
        found += merged
    return tuple(found)


def _touches(a: Numbers, b: Numbers) -> bool:
    """Return True if b, which does not start before a, starts before a's end, or at it without a gap."""
    if a.high is None or b.low is None or b.low < a.high:
        return True
    return b.low == a.high and not (b.low_open and a.high_open)


def as_fraction(value: float | Fraction) -> Fraction:
    """Return the number that JSON text shows for an int or a float (0.1 is one tenth)."""
    return Fraction(repr(float(value))) if isinstance(value, float) else Fraction(value)


def has_number(shape: Numbers, number: Fraction) -> bool:
    """Return True if the number belongs to the shape."""
    if shape.low is not None and (number < shape.low or (shape.low_open and number == shape.low)):
        return False
    if shape.high is not None and (number > shape.high or (shape.high_open and number == shape.high)):
        return False
    if shape.step is not None and (number / shape.step).denominator != 1:
        return False
    return all((number / step).denominator != 1 for step in shape.not_steps)
