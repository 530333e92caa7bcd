"""The languages of numbers against the numbers themselves."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product

import pytest
from constraint_walks import walks
from hypothesis import example, given, settings
from hypothesis import strategies as st

from canvasgen.automata import to_dfa
from canvasgen.errors import ConstraintTooLarge
from canvasgen.schemas.normal.numbers import as_fraction, common_multiple, has_number, meet_numbers
from canvasgen.schemas.normal.shapes import Numbers
from canvasgen.schemas.texts.numerals.number_text import is_sampled, number_text, text_over_approximates

bounds = st.one_of(
    st.none(),
    st.integers(-1200, 1200).map(Fraction),
    st.decimals(-50, 50, places=2).map(Fraction),
    st.sampled_from(
        [Fraction(0), Fraction("1e-7"), Fraction("-0.001"), Fraction(10**20), Fraction("123.456")]
    ),
)
steps = st.sampled_from(
    [
        None,
        None,
        Fraction(1),
        Fraction(5),
        Fraction(7),
        Fraction("0.25"),
        Fraction("0.1"),
        Fraction(10),
        Fraction(300),
        Fraction("2.5"),
    ]
)
shapes = st.builds(
    Numbers,
    bounds,
    st.booleans(),
    bounds,
    st.booleans(),
    steps,
    st.sampled_from([(), (), (Fraction(1),), (Fraction(3),), (Fraction("0.5"),)]),
    st.booleans(),
    marks=st.just(()),
)
NUMBERS = st.one_of(
    st.integers(-1500, 1500),
    st.floats(-2000, 2000),
    st.decimals(-60, 60, places=2).map(float),
    st.floats(0, 1e-4),
)


def is_json_number(text: str) -> bool:
    body = text.removeprefix("-")
    return (
        json.loads(text) is not None
        and (body[0] != "0" or len(body) == 1 or body[1] in ".eE")
        and text != "-0"
    )


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(shapes, st.lists(NUMBERS, max_size=20))
@example(Numbers(Fraction(10**20), False, Fraction(10**20), False, None, (Fraction(1),), True), [])
def test_language_is_the_set(shape: Numbers, numbers: list[float]) -> None:
    dfa = to_dfa(number_text(shape))
    if not dfa.is_empty:
        for text in walks(dfa, 12, patience=25):
            assert is_json_number(text), text
            assert has_number(shape, Fraction(text)), (text, shape)
    for number in [*numbers, *(float(b) for b in (shape.low, shape.high) if b is not None)]:
        member = has_number(shape, as_fraction(number))
        text = json.dumps(number)
        spelled = shape.point or isinstance(number, int) or not number.is_integer()
        if not member:
            assert not dfa.accepts(text.encode()), (text, shape)
        elif (
            spelled
            and text != "-0.0"
            and "e-324" not in text
            and not ((shape.step or shape.not_steps) and ("e" in text or len(text.lstrip("-")) > 16))
        ):
            assert dfa.accepts(text.encode()), (text, shape)


def _short_decimals() -> tuple[list[str], list[str]]:
    """All texts of up to four characters that are JSON numbers, and those of up to three that are not."""
    good, bad = [], []
    for length in range(1, 5):
        for characters in product("-019.25"[: 7 if length < 4 else 6], repeat=length):
            text = "".join(characters)
            try:
                json.loads(text)
                good.append(text)
            except ValueError:
                if length < 4:
                    bad.append(text)
    return good, bad


GOOD, BAD = _short_decimals()


@pytest.mark.slow
@pytest.mark.parametrize("low", ["-1.5", "-1", "0", "0.05", "0.1", "1", "9.9"])
@pytest.mark.parametrize("high", ["-0.5", "0", "0.5", "1", "2.25", "10", "11"])
@pytest.mark.parametrize("opens", list(product([False, True], repeat=2)))
def test_every_short_decimal(low: str, high: str, opens: tuple[bool, bool]) -> None:
    shape = Numbers(Fraction(low), opens[0], Fraction(high), opens[1])
    dfa = to_dfa(number_text(shape))
    assert not any(dfa.accepts(text.encode()) for text in BAD)
    for text in GOOD:
        if Fraction(text) == 0 and text.startswith("-"):
            want = text != "-0" and Fraction(low) < 0 and has_number(shape, Fraction(0))
        elif Fraction(low) == Fraction(high):
            want = has_number(shape, Fraction(text)) and text in (low, f"{low}.0")
        else:
            want = has_number(shape, Fraction(text))
        assert dfa.accepts(text.encode()) == want, (text, shape)


def test_integers_and_minus_zero() -> None:
    whole = to_dfa(number_text(Numbers(step=Fraction(1), point=False)))
    texts = ("0", "-1", "10", "-0", "00", "1.0", "1e3", "9" * 19, "9" * 20)
    assert [text for text in texts if whole.accepts(text.encode())] == [
        "0", "-1", "10", "9" * 19,
    ]  # fmt: skip
    free = to_dfa(number_text(Numbers()))
    assert all(
        free.accepts(text.encode()) for text in ("-0.0", "0", "1.50", "1e5", "1E-05", "9.99e+307", "1e-307")
    )
    assert not any(
        free.accepts(text.encode())
        for text in ("-0", "1e308", "1e999", "01", "1.", ".1", "10e5", "0e5", "1e0")
    )


def test_what_reads_as_the_bound_is_kept_out() -> None:
    below = to_dfa(number_text(Numbers(low=Fraction(0), high=Fraction(1), high_open=True)))
    above = to_dfa(number_text(Numbers(low=Fraction("0.1"), low_open=True)))
    assert below.accepts(b"0.9999999999999999")
    assert not below.accepts(b"0.99999999999999999999")
    assert above.accepts(b"0.10000000000000002")
    assert not above.accepts(b"0.10000000000000000001")
    for dfa, holds in ((below, lambda x: 0 <= x < 1), (above, lambda x: x > 0.1)):
        assert all(holds(float(text)) for text in walks(dfa, 60, patience=30))


def test_float_extremes() -> None:
    free = to_dfa(number_text(Numbers()))
    for number in (5e-300, 1e22, 1.7e307, 0.1 + 0.2, 1 / 3, 123456789012345.67, 0.00012345678901234567):
        assert free.accepts(json.dumps(number).encode())


@given(
    st.fractions(min_value=Fraction(1, 20), max_value=30),
    st.fractions(min_value=Fraction(1, 20), max_value=30),
)
def test_common_multiple(a: Fraction, b: Fraction) -> None:
    found = common_multiple(a, b)
    assert (found / a).denominator == 1
    assert (found / b).denominator == 1
    assert all((found / k / a).denominator != 1 or (found / k / b).denominator != 1 for k in range(2, 12))


@pytest.mark.slow
@given(shapes, shapes, st.lists(NUMBERS, max_size=10))
def test_meet(a: Numbers, b: Numbers, numbers: list[float]) -> None:
    both = meet_numbers(a, b)
    for number in map(as_fraction, numbers):
        want = has_number(a, number) and has_number(b, number)
        assert (both is not None and has_number(both, number)) == want


def test_limits() -> None:
    with pytest.raises(ConstraintTooLarge, match="digits"):
        number_text(Numbers(low=Fraction(10) ** 400))
    assert not to_dfa(number_text(Numbers(step=Fraction(10**9), point=False))).is_empty


@pytest.mark.parametrize(
    ("shape", "texts"),
    [
        (Numbers(step=Fraction(1234567)), ["0", "1234567", "-2469134", "123456700"]),
        (Numbers(low=Fraction(5), step=Fraction("0.123456789")), ["5.061728349"]),
        (Numbers(step=Fraction("1e-300")), ["0", "1e-300", "-3e-300"]),
        (Numbers(high=Fraction(-10), step=Fraction(10**8 + 1), point=False), ["-100000001"]),
    ],
)
def test_some_multiples_of_a_large_step_are_written(shape: Numbers, texts: list[str]) -> None:
    assert is_sampled(shape)
    assert not text_over_approximates(shape)
    dfa = to_dfa(number_text(shape))
    assert all(dfa.accepts(text.encode()) for text in texts)
    assert not any(dfa.accepts(text.encode()) for text in ("1", "1234568", "-0.5", "5.061728348"))
    assert all(has_number(shape, as_fraction(json.loads(text))) for text in texts)


def test_multiples_of_a_large_step_are_not_told_apart() -> None:
    shape = Numbers(not_steps=(Fraction(1234567),))
    assert text_over_approximates(shape)
    assert to_dfa(number_text(shape)).accepts(b"1234567")
