"""Exact languages of numbers: the decimal spellings of the members of a `Numbers` shape.

Spelling: no leading zeros, no `+`, no `-0` (a negative zero may stand as `-0.0` where negative numbers may),
whole numbers without a fraction unless `point`, at most `INTEGER_DIGITS` digits before the point and
`FRACTION_DIGITS` after it (more where the bounds themselves have more), exponents from -323 to 307 on a
mantissa with one nonzero digit before the point (so nothing overflows a double). Every member that
`json.dumps` writes for an int of 19 digits or a float below 1e308 has its text; beside multiples, fractions have at
most fifteen digits in all, so that a reader of doubles cannot change them.

Bounds are compared as decimals, digit by digit, without rounding; open ends keep clear of decimals that a
double would round to the bound.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from canvasgen.automata import (
    EMPTY,
    Expr,
    byte_set,
    concat,
    difference,
    from_dfa,
    intersect,
    literal,
    optional,
    repeat,
    to_dfa,
    union,
)
from canvasgen.limits import kept
from canvasgen.schemas.normal.numbers import has_number, meet_numbers
from canvasgen.schemas.normal.shapes import Numbers
from canvasgen.schemas.texts.numerals.decimals import decimal_text
from canvasgen.schemas.texts.numerals.digits import (
    FRACTION_DIGITS,
    INTEGER_DIGITS,
    MOST_DIGITS,
    check_digits,
    places_of,
    signed,
    split,
)
from canvasgen.schemas.texts.numerals.exponents import scientific_text
from canvasgen.schemas.texts.numerals.multiples import multiples
from canvasgen.schemas.texts.numerals.whole_numbers import whole_text

__all__ = ["is_sampled", "number_text", "text_over_approximates"]

LARGEST_STEP = 3000
"""Largest step, in units of its last decimal place, that gets an automaton."""
MOST_SAMPLES = 200
"""Multiples of a larger step that are written, on either side of zero."""


@kept(4096)
def number_text(shape: Numbers) -> Expr:
    """Return the language of the texts of a shape's members; of a step beyond `LARGEST_STEP` only some of them.

    Numbers that are not multiples of such a step are not told apart (`text_over_approximates`).

    Raises:
        ConstraintTooLarge: a bound has too many digits.
    """
    if meet_numbers(shape, shape) is None:
        return EMPTY
    if (
        shape.low is not None
        and shape.low == shape.high
        and shape.low.denominator == 1
        and abs(shape.low) < 10**15
    ):
        return _interval_text(
            shape
        )  # one number, which every reader reads exactly: its few texts need no automaton
    expr = _samples(shape) if is_sampled(shape) else _interval_text(shape)
    for step in shape.not_steps:
        if not _is_large(step):
            expr = difference(expr, _multiple_text(step, trailing=None))
    if shape.step is not None or shape.not_steps:
        expr = intersect(expr, _read_exactly())
    dfa = to_dfa(expr)
    return EMPTY if dfa.is_empty else from_dfa(dfa)


@lru_cache(maxsize=1)
def _read_exactly() -> Expr:
    """Return whole numbers without a point, and decimals so short that a reader of doubles loses nothing."""
    digit = byte_set([(0x30, 0x39)])
    sign = optional(literal("-"))
    mark = byte_set([(0x45, 0x45), (0x65, 0x65)])
    exponent = concat(mark, repeat(byte_set([(0x2B, 0x2B), (0x2D, 0x2D), (0x30, 0x39)])))
    short = repeat(byte_set([(0x2E, 0x2E), (0x30, 0x39)]), 1, 16)
    return concat(sign, union(repeat(digit, 1), concat(short, optional(exponent))))


def is_sampled(shape: Numbers) -> bool:
    """Return True if only the `MOST_SAMPLES` members nearest to zero are written, on either side."""
    if shape.step is None or (shape.low is not None and shape.low == shape.high):
        return False
    step = shape.step
    while step.denominator == 1 and step % 10 == 0:
        step /= 10
    return _is_large(step)


def text_over_approximates(shape: Numbers) -> bool:
    """Return True if `number_text` also contains numbers that are not members."""
    return any(_is_large(step) for step in shape.not_steps)


def _is_large(step: Fraction) -> bool:
    places = places_of(step)
    return places > 30 or step * 10**places > LARGEST_STEP


def _samples(shape: Numbers) -> Expr:
    step = shape.step
    assert step is not None
    first = None if shape.low is None else math.ceil(shape.low / step)
    last = None if shape.high is None else math.floor(shape.high / step)
    up = max(0, first or 0)
    down = min(-1, last if last is not None else -1)
    numbers = [at * step for at in (*range(up, up + MOST_SAMPLES), *range(down, down - MOST_SAMPLES, -1))]
    most = Fraction(10) ** INTEGER_DIGITS
    return union(
        *(
            _single(number, shape.point)
            for number in numbers
            if abs(number) < most and places_of(number) <= MOST_DIGITS and has_number(shape, number)
        )
    )


def _interval_text(shape: Numbers) -> Expr:
    step = shape.step
    if shape.low is not None and shape.low == shape.high:
        return _single(shape.low, shape.point) if has_number(shape, shape.low) else EMPTY
    if step is not None and step.denominator == 1 and not shape.point:
        return _whole_multiples(shape, step)
    if step is not None and step.denominator == 1:
        return concat(_whole_multiples(shape, step), optional(literal(".0")))
    if step is not None:
        return intersect(signed(shape, decimal_text), _multiple_text(step, trailing=max(1, places_of(step))))
    shape = _for_doubles(shape)
    if meet_numbers(shape, shape) is None:
        return EMPTY
    if shape.not_steps:
        return signed(shape, decimal_text)
    return union(signed(shape, decimal_text), signed(shape, scientific_text))


def _for_doubles(shape: Numbers) -> Numbers:
    """Return the same set with open ends closed at the next double, for readers that keep doubles.

    `0.99999999999999999999` is below one but reads as one; at most the next double below one it stays below.
    """
    low, low_open, high, high_open = shape.low, shape.low_open, shape.high, shape.high_open
    if low is not None and low_open and _is_double(low):
        low, low_open = Fraction(repr(math.nextafter(float(low), math.inf))), False
    if high is not None and high_open and _is_double(high):
        high, high_open = Fraction(repr(math.nextafter(float(high), -math.inf))), False
    return shape._replace(low=low, low_open=low_open, high=high, high_open=high_open)


def _is_double(number: Fraction) -> bool:
    """Return True for a number that is written as a double (and is not zero, next to which no decimal reads as zero)."""
    return number != 0 and abs(number) < 10**300 and Fraction(repr(float(number))) == number


def _single(number: Fraction, point: bool) -> Expr:
    """Return one number as json writes it, as an int or a float; also plainly if that is short."""
    texts: dict[str, None] = {}
    check_digits(number)
    whole, digits = split(abs(number))
    sign = "-" if number < 0 else ""
    if number.denominator == 1:
        texts[f"{sign}{whole}"] = None
        if point and whole < 10**INTEGER_DIGITS:
            texts[f"{sign}{whole}.0"] = None
    elif len(digits) <= FRACTION_DIGITS:
        texts[f"{sign}{whole}.{digits}"] = None
    if (point or number.denominator != 1) and abs(number) < 10**308:
        written = repr(float(number))
        if Fraction(written) == number:
            texts[written] = None
    return union(*(literal(text) for text in texts))


def _whole_multiples(shape: Numbers, step: Fraction) -> Expr:
    """Return whole numbers of an interval that are multiples of a whole step: n · 10^zeros, n modulo the rest."""
    if step == 1:
        return signed(shape, whole_text)
    zeros = 0
    while step % 10 == 0:
        step, zeros = step / 10, zeros + 1
    scale = Fraction(10) ** zeros
    scaled = shape._replace(
        low=None if shape.low is None else shape.low / scale,
        high=None if shape.high is None else shape.high / scale,
    )
    numbers = signed(scaled, whole_text)
    if step != 1:
        numbers = intersect(numbers, _multiple_text(step, trailing=0))
    if not zeros:
        return numbers
    return union(
        intersect(numbers, literal("0")), concat(difference(numbers, literal("0")), literal("0" * zeros))
    )


@kept(256)
def _multiple_text(step: Fraction, *, trailing: int | None) -> Expr:
    """Return plain decimals, signed, that are multiples of `step`; with up to `trailing` digits after the point."""
    places = places_of(step)
    return multiples(int(step * 10**places), places, trailing)
