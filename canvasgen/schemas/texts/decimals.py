"""Languages of decimal spellings: whole numbers, decimals and scientific notation of an interval.

Bounds are compared digit by digit, without rounding. What is spelt how: see `numbers`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from canvasgen.automata import (
    EMPTY,
    EPSILON,
    Expr,
    byte_set,
    concat,
    difference,
    intersect,
    literal,
    optional,
    repeat,
    union,
)
from canvasgen.errors import ConstraintTooLarge
from canvasgen.schemas.normal.shapes import Numbers

__all__ = [
    "FRACTION_DIGITS",
    "INTEGER_DIGITS",
    "MOST_DIGITS",
    "check_digits",
    "decimal_text",
    "natural_range",
    "number_exponent",
    "places_of",
    "scientific_text",
    "signed",
    "split",
    "whole_text",
]

INTEGER_DIGITS = 19
"""Most digits before the point: every int64, every float that `json.dumps` writes without an exponent."""
FRACTION_DIGITS = 20
"""Most digits after the point: `json.dumps` writes no more for any float."""
MOST_DIGITS = 320
"""Most digits that a bound may have before or after the point."""
_LEAST_EXPONENT, _LARGEST_EXPONENT = -323, 307

_DIGIT = byte_set([(0x30, 0x39)])
_NONZERO = byte_set([(0x31, 0x39)])
_MINUS = literal("-")
_POINT = literal(".")

Positive = Callable[[Fraction, bool, Fraction | None, bool, bool], Expr]
"""The numbers from zero on of an interval (low, low open, high, high open), behind a minus sign or not."""


def _digits(low: int, high: int) -> Expr:
    return byte_set([(0x30 + low, 0x30 + high)])


def signed(shape: Numbers, positive: Positive) -> Expr:
    """The numbers of an interval: those from zero on, and a minus sign before those below zero."""
    low, high = shape.low, shape.high
    parts: list[Expr] = []
    if high is None or high > 0 or (high == 0 and not shape.high_open):
        if low is not None and low >= 0:
            parts.append(positive(low, shape.low_open, high, shape.high_open, False))
        else:
            parts.append(positive(Fraction(0), False, high, shape.high_open, False))
    if low is None or low < 0:
        least = Fraction(0), False
        if high is not None and high <= 0:
            least = -high, shape.high_open
        most = None if low is None else -low
        parts.append(concat(_MINUS, positive(*least, most, shape.low_open, True)))
    return union(*parts)


def check_digits(number: Fraction) -> None:
    """Refuse a bound of more than `MOST_DIGITS` digits."""
    if abs(number) >= Fraction(10) ** MOST_DIGITS or places_of(number) > MOST_DIGITS:
        raise ConstraintTooLarge(
            f"a bound has more than {MOST_DIGITS} digits",
            rule="number digits",
            remedy="use a bound with fewer digits",
        )


def places_of(number: Fraction) -> int:
    """Decimal places of a number; of one that has no finite decimal, more than any limit."""
    denominator = number.denominator
    twos = fives = 0
    while denominator % 2 == 0:
        denominator //= 2
        twos += 1
    while denominator % 5 == 0:
        denominator //= 5
        fives += 1
    return max(twos, fives) if denominator == 1 else MOST_DIGITS + 1


def _most_whole(low: Fraction) -> int:
    """The largest whole number that is written at all, given the lower bound."""
    return 10 ** max(INTEGER_DIGITS, len(str(int(low))) + 1) - 1


# --- whole numbers ------------------------------------------------------------------------------------------


def whole_text(low: Fraction, low_open: bool, high: Fraction | None, high_open: bool, negative: bool) -> Expr:
    """Whole numbers of an interval of numbers from zero on (from one on, if negative)."""
    check_digits(low)
    first = -((-low) // 1)
    if low_open and first == low:
        first += 1
    if negative:
        first = max(first, 1)
    last = _most_whole(low)
    if high is not None:
        bound = high // 1
        if high_open and bound == high:
            bound -= 1
        last = min(last, bound)
    return natural_range(int(first), int(last))


@lru_cache(maxsize=4096)
def natural_range(first: int, last: int) -> Expr:
    """The decimal spellings of the whole numbers from `first` to `last`, both at least zero."""
    if first > last:
        return EMPTY
    parts: list[Expr] = []
    if first == 0:
        parts.append(literal("0"))
        first = 1
    shortest, longest = len(str(first)), len(str(last))
    if first <= last:
        if shortest == longest:
            parts.append(_same_length(str(first), str(last)))
        else:
            parts.append(_same_length(str(first), "9" * shortest))
            if longest - shortest > 1:
                parts.append(concat(_NONZERO, repeat(_DIGIT, shortest, longest - 2)))
            parts.append(_same_length("1" + "0" * (longest - 1), str(last)))
    return union(*parts)


def _same_length(low: str, high: str) -> Expr:
    """Digit strings of one length between two of that length."""
    size = len(low)
    common = 0
    while common < size and low[common] == high[common]:
        common += 1
    if common == size:
        return literal(low)
    rest = size - common - 1
    first, last = int(low[common]), int(high[common])
    low_rest, high_rest = low[common + 1 :], high[common + 1 :]
    parts: list[Expr] = []
    if low_rest.strip("0"):
        parts.append(concat(literal(low[common]), _at_least(low_rest)))
        first += 1
    if high_rest.strip("9"):
        parts.append(concat(literal(high[common]), _at_most(high_rest)))
        last -= 1
    if first <= last:
        parts.append(concat(_digits(first, last), repeat(_DIGIT, rest, rest)))
    return concat(literal(low[:common]), union(*parts))


def _at_least(low: str) -> Expr:
    """Digit strings of one length that are not below `low`; built from the end, without recursion."""
    expr = EPSILON
    for at in range(len(low) - 1, -1, -1):
        rest = len(low) - 1 - at
        digit = int(low[at])
        same = concat(literal(low[at]), expr)
        expr = same if digit == 9 else union(same, concat(_digits(digit + 1, 9), repeat(_DIGIT, rest, rest)))
    return expr


def _at_most(high: str) -> Expr:
    """Digit strings of one length that are not above `high`."""
    expr = EPSILON
    for at in range(len(high) - 1, -1, -1):
        rest = len(high) - 1 - at
        digit = int(high[at])
        same = concat(literal(high[at]), expr)
        expr = same if digit == 0 else union(same, concat(_digits(0, digit - 1), repeat(_DIGIT, rest, rest)))
    return expr


# --- decimals -----------------------------------------------------------------------------------------------


def decimal_text(
    low: Fraction, low_open: bool, high: Fraction | None, high_open: bool, negative: bool
) -> Expr:
    """Plain decimals (no exponent) of an interval of numbers from zero on.

    With `negative`, zero itself must have a fraction: `-0.0` is a spelling of json, `-0` is not.
    """
    check_digits(low)
    if high is not None:
        check_digits(high)
    if negative and low == 0 and not low_open:
        return difference(_decimal_positive(low, False, high, high_open), literal("0"))
    return _decimal_positive(low, low_open, high, high_open)


def _decimal_positive(low: Fraction, low_open: bool, high: Fraction | None, high_open: bool) -> Expr:
    low_whole, low_fraction = split(low)
    ceiling = _most_whole(low)
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
        parts.append(concat(natural_range(between_first, between_last), _free_fraction()))
    if high_fraction is not None and (high_fraction or not high_open):
        parts.append(concat(literal(str(high_whole)), _fraction_to(high_fraction, high_open)))
    return union(*parts)


def split(number: Fraction) -> tuple[int, str]:
    """Whole part and the digits after the point, without trailing zeros."""
    whole = number.numerator // number.denominator
    places = places_of(number)
    rest = (number - whole) * 10**places
    return whole, str(int(rest)).zfill(places).rstrip("0") if places else ""


def _fraction_digits(digits: str) -> int:
    return max(FRACTION_DIGITS, len(digits) + 1)


def _free_fraction() -> Expr:
    return optional(concat(_POINT, repeat(_DIGIT, 1, FRACTION_DIGITS)))


@lru_cache(maxsize=1024)
def _fraction_from(digits: str, strict: bool) -> Expr:
    """Fractions (with their point, or nothing) whose value is at least, or more than, `0.digits`."""
    longest = _fraction_digits(digits)
    tail = repeat(_DIGIT, 0, longest - len(digits))
    if strict:
        zeros = repeat(literal("0"), 0, longest - len(digits) - 1)
        expr = concat(zeros, _NONZERO, repeat(_DIGIT, 0, longest))
        expr = intersect(expr, tail)
    else:
        expr = tail
    for at in range(len(digits) - 1, -1, -1):
        digit = int(digits[at])
        same = concat(literal(digits[at]), expr)
        more = concat(_digits(digit + 1, 9), repeat(_DIGIT, 0, longest - at - 1)) if digit < 9 else EMPTY
        expr = union(same, more)
    with_point = concat(_POINT, intersect(expr, repeat(_DIGIT, 1, longest)))
    return with_point if digits or strict else optional(with_point)


@lru_cache(maxsize=1024)
def _fraction_to(digits: str, strict: bool) -> Expr:
    """Fractions (with their point, or nothing) whose value is at most, or less than, `0.digits`."""
    longest = _fraction_digits(digits)
    if not digits:
        zeros = optional(concat(_POINT, repeat(literal("0"), 1, FRACTION_DIGITS)))
        return EMPTY if strict else zeros
    zeros = repeat(literal("0"), 0, longest - len(digits))
    expr: Expr = EMPTY if strict else zeros
    for at in range(len(digits) - 1, -1, -1):
        digit = int(digits[at])
        same = concat(literal(digits[at]), expr)
        less = concat(_digits(0, digit - 1), repeat(_DIGIT, 0, longest - at - 1)) if digit > 0 else EMPTY
        # Ending here is less: a digit other than zero follows in `digits`, which has no trailing zeros.
        expr = union(same, less, EPSILON)
    return optional(concat(_POINT, intersect(expr, repeat(_DIGIT, 1, longest))))


# --- exponents ----------------------------------------------------------------------------------------------


def scientific_text(
    low: Fraction, low_open: bool, high: Fraction | None, high_open: bool, negative: bool
) -> Expr:
    """Numbers of an interval of positive numbers, as a mantissa in [1, 10) and an exponent."""
    least, most = _LEAST_EXPONENT, _LARGEST_EXPONENT
    parts: list[Expr] = []
    low_decade = least - 1
    if low > 0:
        low_decade = _decade(low)
    high_decade = most + 1
    if high is not None:
        if high <= 0:
            return EMPTY
        high_decade = _decade(high)
    if low > 0 and low_decade == high_decade and high is not None:
        unit = Fraction(10) ** low_decade
        mantissa = _mantissa(low / unit, low_open, high / unit, high_open)
        return concat(mantissa, _exponents(low_decade, low_decade))
    if low > 0:
        unit = Fraction(10) ** low_decade
        parts.append(
            concat(_mantissa(low / unit, low_open, Fraction(10), True), _exponents(low_decade, low_decade))
        )
    parts.append(concat(_NONZERO, _free_fraction(), _exponents(low_decade + 1, high_decade - 1)))
    if high is not None:
        unit = Fraction(10) ** high_decade
        parts.append(
            concat(
                _mantissa(Fraction(1), False, high / unit, high_open), _exponents(high_decade, high_decade)
            )
        )
    return union(*parts)


def _decade(number: Fraction) -> int:
    """The exponent e with 10**e <= number < 10**(e + 1)."""
    guess = len(str(number.numerator)) - len(str(number.denominator))
    while Fraction(10) ** guess > number:
        guess -= 1
    while Fraction(10) ** (guess + 1) <= number:
        guess += 1
    return guess


def _mantissa(low: Fraction, low_open: bool, high: Fraction, high_open: bool) -> Expr:
    if low > high or (low == high and (low_open or high_open)):
        return EMPTY
    return _decimal_positive(low, low_open, high, high_open)


def number_exponent() -> Expr:
    """Every exponent that is written."""
    return _exponents(_LEAST_EXPONENT, _LARGEST_EXPONENT)


@lru_cache(maxsize=1024)
def _exponents(first: int, last: int) -> Expr:
    """The exponents from `first` to `last` but zero, as json and people write them: `e5`, `e+05`, `E-7`."""
    first, last = max(first, _LEAST_EXPONENT), min(last, _LARGEST_EXPONENT)
    parts: list[Expr] = []
    if last >= 1 and first <= last:
        parts.append(concat(optional(literal("+")), _padded(max(first, 1), last)))
    if first <= -1 and first <= last:
        parts.append(concat(_MINUS, _padded(max(-last, 1), -first)))
    return concat(byte_set([(0x45, 0x45), (0x65, 0x65)]), union(*parts)) if parts else EMPTY


def _padded(first: int, last: int) -> Expr:
    single = concat(literal("0"), natural_range(first, min(last, 9))) if first <= 9 else EMPTY
    return union(natural_range(first, last), single)
