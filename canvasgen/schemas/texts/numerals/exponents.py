"""Languages of numbers in scientific notation: a mantissa in [1, 10) and an exponent."""

from __future__ import annotations

from fractions import Fraction

from canvasgen.automata import EMPTY, Expr, byte_set, concat, literal, optional, union
from canvasgen.limits import kept
from canvasgen.schemas.texts.numerals.decimals import any_fraction, decimals_from_zero
from canvasgen.schemas.texts.numerals.digits import MINUS, NONZERO
from canvasgen.schemas.texts.numerals.whole_numbers import natural_range

__all__ = ["number_exponent", "scientific_text"]


_LEAST_EXPONENT, _LARGEST_EXPONENT = -323, 307


def scientific_text(
    low: Fraction, low_open: bool, high: Fraction | None, high_open: bool, negative: bool
) -> Expr:
    """Return the numbers of an interval of positive numbers, as a mantissa in [1, 10) and an exponent."""
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
    parts.append(concat(NONZERO, any_fraction(), _exponents(low_decade + 1, high_decade - 1)))
    if high is not None:
        unit = Fraction(10) ** high_decade
        parts.append(
            concat(
                _mantissa(Fraction(1), False, high / unit, high_open), _exponents(high_decade, high_decade)
            )
        )
    return union(*parts)


def _decade(number: Fraction) -> int:
    """Return the exponent e with 10**e <= number < 10**(e + 1)."""
    guess = len(str(number.numerator)) - len(str(number.denominator))
    while Fraction(10) ** guess > number:
        guess -= 1
    while Fraction(10) ** (guess + 1) <= number:
        guess += 1
    return guess


def _mantissa(low: Fraction, low_open: bool, high: Fraction, high_open: bool) -> Expr:
    if low > high or (low == high and (low_open or high_open)):
        return EMPTY
    return decimals_from_zero(low, low_open, high, high_open)


def number_exponent() -> Expr:
    """Return every exponent that is written."""
    return _exponents(_LEAST_EXPONENT, _LARGEST_EXPONENT)


@kept(1024)
def _exponents(first: int, last: int) -> Expr:
    """Return the exponents from `first` to `last` but zero, as json and people write them: `e5`, `e+05`, `E-7`."""
    first, last = max(first, _LEAST_EXPONENT), min(last, _LARGEST_EXPONENT)
    parts: list[Expr] = []
    if last >= 1 and first <= last:
        parts.append(concat(optional(literal("+")), _padded(max(first, 1), last)))
    if first <= -1 and first <= last:
        parts.append(concat(MINUS, _padded(max(-last, 1), -first)))
    return concat(byte_set([(0x45, 0x45), (0x65, 0x65)]), union(*parts)) if parts else EMPTY


def _padded(first: int, last: int) -> Expr:
    single = concat(literal("0"), natural_range(first, min(last, 9))) if first <= 9 else EMPTY
    return union(natural_range(first, last), single)
