"""Languages of plain decimals between two bounds, compared digit by digit, without rounding."""

from __future__ import annotations

from fractions import Fraction

from canvasgen.automata import (
    EMPTY,
    EPSILON,
    Expr,
    concat,
    difference,
    intersect,
    literal,
    optional,
    repeat,
    union,
)
from canvasgen.limits import kept
from canvasgen.schemas.texts.numerals.digits import (
    DIGIT,
    FRACTION_DIGITS,
    NONZERO,
    POINT,
    check_digits,
    digits_between,
    most_whole,
    split,
)
from canvasgen.schemas.texts.numerals.whole_numbers import natural_range

__all__ = ["any_fraction", "decimal_text", "decimals_from_zero"]


def decimal_text(
    low: Fraction, low_open: bool, high: Fraction | None, high_open: bool, negative: bool
) -> Expr:
    """Return the plain decimals (no exponent) of an interval of numbers from zero on.

    With `negative`, zero itself must have a fraction: `-0.0` is a spelling of json, `-0` is not.
    """
    check_digits(low)
    if high is not None:
        check_digits(high)
    if negative and low == 0 and not low_open:
        return difference(decimals_from_zero(low, False, high, high_open), literal("0"))
    return decimals_from_zero(low, low_open, high, high_open)


def decimals_from_zero(low: Fraction, low_open: bool, high: Fraction | None, high_open: bool) -> Expr:
    """Return the plain decimals of an interval of numbers from zero on, zero as `0` too."""
    low_whole, low_fraction = split(low)
    ceiling = most_whole(low)
    if high is None or high // 1 > ceiling:
        high_whole, high_fraction = ceiling + 1, None
    else:
        high_whole, high_fraction = split(high)
    parts: list[Expr] = []
    between_first = low_whole
    if low_fraction or low_open:
        between_first = low_whole + 1
    between_last = high_whole - 1
    if high_fraction is not None and low_whole == high_whole:
        fraction = intersect(_fraction_from(low_fraction, low_open), _fraction_to(high_fraction, high_open))
        return concat(literal(str(low_whole)), fraction)
    if between_first > low_whole:
        parts.append(concat(literal(str(low_whole)), _fraction_from(low_fraction, low_open)))
    if between_first <= between_last:
        parts.append(concat(natural_range(between_first, between_last), any_fraction()))
    if high_fraction is not None and (high_fraction or not high_open):
        parts.append(concat(literal(str(high_whole)), _fraction_to(high_fraction, high_open)))
    return union(*parts)


def _fraction_digits(digits: str) -> int:
    return max(FRACTION_DIGITS, len(digits) + 1)


def any_fraction() -> Expr:
    """Return a point and digits, or nothing."""
    return optional(concat(POINT, repeat(DIGIT, 1, FRACTION_DIGITS)))


@kept(1024)
def _fraction_from(digits: str, strict: bool) -> Expr:
    """Return the fractions (with their point, or nothing) whose value is at least, or more than, `0.digits`."""
    longest = _fraction_digits(digits)
    tail = repeat(DIGIT, 0, longest - len(digits))
    if strict:
        zeros = repeat(literal("0"), 0, longest - len(digits) - 1)
        expr = concat(zeros, NONZERO, repeat(DIGIT, 0, longest))
        expr = intersect(expr, tail)
    else:
        expr = tail
    for at in range(len(digits) - 1, -1, -1):
        digit = int(digits[at])
        same = concat(literal(digits[at]), expr)
        more = (
            concat(digits_between(digit + 1, 9), repeat(DIGIT, 0, longest - at - 1)) if digit < 9 else EMPTY
        )
        expr = union(same, more)
    with_point = concat(POINT, intersect(expr, repeat(DIGIT, 1, longest)))
    return with_point if digits or strict else optional(with_point)


@kept(1024)
def _fraction_to(digits: str, strict: bool) -> Expr:
    """Return the fractions (with their point, or nothing) whose value is at most, or less than, `0.digits`."""
    longest = _fraction_digits(digits)
    if not digits:
        zeros = optional(concat(POINT, repeat(literal("0"), 1, FRACTION_DIGITS)))
        return EMPTY if strict else zeros
    zeros = repeat(literal("0"), 0, longest - len(digits))
    expr: Expr = EMPTY if strict else zeros
    for at in range(len(digits) - 1, -1, -1):
        digit = int(digits[at])
        same = concat(literal(digits[at]), expr)
        less = (
            concat(digits_between(0, digit - 1), repeat(DIGIT, 0, longest - at - 1)) if digit > 0 else EMPTY
        )
        # Ending here is less: a digit other than zero follows in `digits`, which has no trailing zeros.
        expr = union(same, less, EPSILON)
    return optional(concat(POINT, intersect(expr, repeat(DIGIT, 1, longest))))
