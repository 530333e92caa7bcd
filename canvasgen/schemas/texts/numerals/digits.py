"""What the spellings of numbers have in common: digits and their limits, signs, and where a decimal ends."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from canvasgen.automata import Expr, byte_set, concat, literal, union
from canvasgen.errors import ConstraintTooLarge
from canvasgen.schemas.normal.shapes import Numbers

__all__ = [
    "DIGIT",
    "FRACTION_DIGITS",
    "INTEGER_DIGITS",
    "MINUS",
    "MOST_DIGITS",
    "NONZERO",
    "POINT",
    "check_digits",
    "digits_between",
    "most_whole",
    "places_of",
    "signed",
    "split",
]


INTEGER_DIGITS = 19
"""Most digits before the point: every int64, every float that `json.dumps` writes without an exponent."""
FRACTION_DIGITS = 20
"""Most digits after the point: `json.dumps` writes no more for any float."""
MOST_DIGITS = 320
"""Most digits that a bound may have before or after the point."""
DIGIT = byte_set([(0x30, 0x39)])
NONZERO = byte_set([(0x31, 0x39)])
MINUS = literal("-")
POINT = literal(".")
Positive = Callable[[Fraction, bool, Fraction | None, bool, bool], Expr]
"""The numbers from zero on of an interval (low, low open, high, high open), behind a minus sign or not."""


def digits_between(low: int, high: int) -> Expr:
    """Return one digit of a range."""
    return byte_set([(0x30 + low, 0x30 + high)])


def signed(shape: Numbers, positive: Positive) -> Expr:
    """Return the numbers of an interval: those from zero on, and a minus sign before those below zero."""
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
        parts.append(concat(MINUS, positive(*least, most, shape.low_open, True)))
    return union(*parts)


def check_digits(number: Fraction) -> None:
    """Raise an error for a bound of more than `MOST_DIGITS` digits."""
    if abs(number) >= Fraction(10) ** MOST_DIGITS or places_of(number) > MOST_DIGITS:
        raise ConstraintTooLarge(
            f"a bound has more than {MOST_DIGITS} digits",
            rule="number digits",
            remedy="use a bound with fewer digits",
        )


def places_of(number: Fraction) -> int:
    """Return the decimal places of a number; for one without a finite decimal, more than any limit."""
    denominator = number.denominator
    twos = fives = 0
    while denominator % 2 == 0:
        denominator //= 2
        twos += 1
    while denominator % 5 == 0:
        denominator //= 5
        fives += 1
    return max(twos, fives) if denominator == 1 else MOST_DIGITS + 1


def most_whole(low: Fraction) -> int:
    """Return the largest whole number that is written at all, given the lower bound."""
    return 10 ** max(INTEGER_DIGITS, len(str(int(low))) + 1) - 1


def split(number: Fraction) -> tuple[int, str]:
    """Return the whole part and the digits after the point, without trailing zeros."""
    whole = number.numerator // number.denominator
    places = places_of(number)
    rest = (number - whole) * 10**places
    return whole, str(int(rest)).zfill(places).rstrip("0") if places else ""
