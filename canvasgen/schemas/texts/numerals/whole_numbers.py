"""Languages of whole numbers between two bounds, compared digit by digit."""

from __future__ import annotations

from fractions import Fraction

from canvasgen.automata import EMPTY, EPSILON, Expr, concat, literal, repeat, union
from canvasgen.limits import kept
from canvasgen.schemas.texts.numerals.digits import DIGIT, NONZERO, check_digits, digits_between, most_whole

__all__ = ["natural_range", "whole_text"]


def whole_text(low: Fraction, low_open: bool, high: Fraction | None, high_open: bool, negative: bool) -> Expr:
    """Return the whole numbers of an interval of numbers from zero on (from one on, if negative)."""
    check_digits(low)
    first = -((-low) // 1)
    if low_open and first == low:
        first += 1
    if negative:
        first = max(first, 1)
    last = most_whole(low)
    if high is not None:
        bound = high // 1
        if high_open and bound == high:
            bound -= 1
        last = min(last, bound)
    return natural_range(int(first), int(last))


@kept(4096)
def natural_range(first: int, last: int) -> Expr:
    """Return the decimal spellings of the whole numbers from `first` to `last`, both at least zero."""
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
                parts.append(concat(NONZERO, repeat(DIGIT, shortest, longest - 2)))
            parts.append(_same_length("1" + "0" * (longest - 1), str(last)))
    return union(*parts)


def _same_length(low: str, high: str) -> Expr:
    """Return the digit strings of one length between two of that length."""
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
        parts.append(concat(digits_between(first, last), repeat(DIGIT, rest, rest)))
    return concat(literal(low[:common]), union(*parts))


def _at_least(low: str) -> Expr:
    """Return the digit strings of one length that are not below `low`; built from the end, without recursion."""
    expr = EPSILON
    for at in range(len(low) - 1, -1, -1):
        rest = len(low) - 1 - at
        digit = int(low[at])
        same = concat(literal(low[at]), expr)
        expr = (
            same
            if digit == 9
            else union(same, concat(digits_between(digit + 1, 9), repeat(DIGIT, rest, rest)))
        )
    return expr


def _at_most(high: str) -> Expr:
    """Return the digit strings of one length that are not above `high`."""
    expr = EPSILON
    for at in range(len(high) - 1, -1, -1):
        rest = len(high) - 1 - at
        digit = int(high[at])
        same = concat(literal(high[at]), expr)
        expr = (
            same
            if digit == 0
            else union(same, concat(digits_between(0, digit - 1), repeat(DIGIT, rest, rest)))
        )
    return expr
