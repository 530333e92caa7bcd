"""The automaton's own methods, its storage, and the compiler's limits and speed."""

from __future__ import annotations

import time

import numpy as np
import pytest
from dfa_language import counts_of, strings_of
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen import automata
from canvasgen.automata import (
    ANY_CHARACTER,
    ANY_TEXT,
    DEAD,
    DFA,
    EMPTY,
    EPSILON,
    Limits,
    byte_set,
    complement,
    concat,
    difference,
    from_dfa,
    intersect,
    literal,
    optional,
    parse_regex,
    repeat,
    separated,
    substitute,
    to_dfa,
    union,
)
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint

SAMPLE = to_dfa(union(literal("ab"), concat(literal("x"), repeat(byte_set([(48, 57)]), 1, 3))))


def test_empty_language_and_empty_string() -> None:
    empty, epsilon = to_dfa(EMPTY), to_dfa(EPSILON)
    assert (empty.num_states, empty.num_transitions, empty.is_empty, empty.shortest()) == (1, 0, True, None)
    assert (epsilon.num_states, epsilon.is_empty, epsilon.shortest(), epsilon.shortest_length) == (
        1,
        False,
        b"",
        0,
    )
    assert empty != epsilon
    assert empty.distances().tolist() == [-1]
    assert list(strings_of(empty, 3)) == []
    assert empty.is_finite
    assert to_dfa(intersect(literal("a"), literal("b"))) == empty


def test_running_step_by_step() -> None:
    state = SAMPLE.step(0, ord("x"))
    assert state > 0
    assert SAMPLE.step(state, ord("a")) == DEAD
    assert SAMPLE.accepts(b"x123")
    assert not SAMPLE.accepts(b"x1234")
    assert SAMPLE.distances()[0] == 2


def naive_run(dfa: DFA, data: bytes, state: int) -> int:
    """From the arrays, by definition."""
    for byte in data:
        rows = range(dfa.offsets[state], dfa.offsets[state + 1])
        after = [int(dfa.target[row]) for row in rows if dfa.low[row] <= byte <= dfa.high[row]]
        if not after:
            return DEAD
        (state,) = after
    return state


@settings(max_examples=200, deadline=None)
@given(st.text("xyz12345é", max_size=8), st.integers(0, 8), st.integers(0, SAMPLE.num_states - 1))
def test_run_is_the_walk_and_composes(text: str, cut: int, state: int) -> None:
    data = text.encode()
    assert SAMPLE.run(data, state) == naive_run(SAMPLE, data, state)
    assert SAMPLE.run(data[cut:], SAMPLE.run(data[:cut], state)) == SAMPLE.run(data, state)
    assert SAMPLE.run(data) == SAMPLE.run(data, 0)
    assert SAMPLE.run(data, DEAD) == DEAD
    assert SAMPLE.run(b"", state) == state


def test_counting_is_exact_beyond_machine_words() -> None:
    dfa = to_dfa(repeat(byte_set([(0, 255)])))
    assert counts_of(dfa, 100)[100] == 256**100
    assert not dfa.is_finite
    assert SAMPLE.is_finite
    assert sum(counts_of(SAMPLE, 5)) == 1 + 10 + 100 + 1000 == len(list(strings_of(SAMPLE, 9)))


def test_arrays_go_out_and_come_back() -> None:
    arrays = SAMPLE.to_arrays()
    assert DFA.from_arrays(arrays) == SAMPLE
    assert hash(DFA.from_arrays(arrays)) == hash(SAMPLE)
    assert DFA.from_arrays(arrays).fingerprint() == SAMPLE.fingerprint()
    assert SAMPLE.fingerprint() != to_dfa(EMPTY).fingerprint()
    assert SAMPLE != "something else"
    with pytest.raises(ValueError, match="read-only"):
        SAMPLE.target[0] = 1


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.pop("low"),
        lambda a: a.update(target=a["target"] + 100),
        lambda a: a.update(target=a["target"] - 100),
        lambda a: a.update(low=a["high"] + 1),
        lambda a: a.update(offsets=a["offsets"][:-1]),
        lambda a: a.update(offsets=a["offsets"][::-1].copy()),
        lambda a: a.update(low=a["low"][:-1]),
        lambda a: a.update(accepting=a["accepting"][:0]),
        lambda a: a.update(low=np.zeros_like(a["low"]), high=np.full_like(a["high"], 255)),
        lambda a: a.update(low=a["low"].reshape(1, -1)),
    ],
)
def test_damaged_arrays_are_refused(change: object) -> None:
    arrays = SAMPLE.to_arrays()
    change(arrays)  # type: ignore[operator]
    with pytest.raises(InvalidConstraint):
        DFA.from_arrays(arrays)


def test_constructors_simplify_and_share() -> None:
    a, b = literal("a"), literal("b")
    assert concat(a, b) is literal("ab")
    assert concat(a, EPSILON, concat(b, a)) is literal("aba")
    assert concat(a, EMPTY) is EMPTY
    assert union(a, EMPTY) is a
    assert union(a, b) is byte_set([(97, 98)])
    assert union() is EMPTY
    assert repeat(repeat(a)) is repeat(a)
    assert repeat(optional(a)) is repeat(a)
    assert repeat(a, 0, 0) is EPSILON
    assert repeat(a, 2, 2) is literal("aa")
    assert repeat(repeat(a, 2, 3), 2, 3) is repeat(a, 4, 9)
    assert repeat(repeat(a, 3, 3), 0, 2) is not repeat(a, 0, 6)
    assert to_dfa(repeat(repeat(a, 3, 3), 0, 2)) == to_dfa(union(EPSILON, literal("aaa"), literal("aaaaaa")))
    assert intersect(a, a) is a
    assert difference(a, EMPTY) is a
    assert difference(a, a) is EMPTY
    assert from_dfa(SAMPLE) is from_dfa(SAMPLE)
    assert to_dfa(from_dfa(SAMPLE)) is SAMPLE
    assert substitute(a, {}) is a
    assert repr(a) == "<literal>"


def test_separated_items() -> None:
    item, comma = literal("x"), literal(",")
    for low, high in ((0, None), (1, None), (2, None), (0, 0), (0, 1), (1, 1), (2, 3), (0, 3)):
        dfa = to_dfa(separated(item, comma, low, high))
        for count in range(6):
            expected = low <= count and (high is None or count <= high)
            assert dfa.accepts(b",".join([b"x"] * count)) == expected, (low, high, count)
        assert not dfa.accepts(b"x,")


def test_substitution_escapes_and_widens() -> None:
    escapes = {0x22: b'\\"', 0x0A: union(literal("\\n"), literal("\\u000a"))}
    dfa = to_dfa(substitute(union(literal('say "hi"\n'), literal("plain")), escapes))
    assert sorted(strings_of(dfa, 40)) == sorted([b"plain", b'say \\"hi\\"\\n', b'say \\"hi\\"\\u000a'])
    erased = to_dfa(substitute(literal("a-b-c"), {0x2D: EPSILON}))
    assert list(strings_of(erased, 9)) == [b"abc"]
    assert to_dfa(substitute(literal("ab"), {0x62: EMPTY})).is_empty


@pytest.mark.parametrize(
    "build",
    [
        lambda: literal("\ud800"),
        lambda: byte_set([(0, 256)]),
        lambda: byte_set([(3, 2)]),
        lambda: repeat(literal("a"), 3, 2),
        lambda: repeat(literal("a"), -1),
        lambda: separated(literal("a"), literal(","), 2, 1),
        lambda: intersect(),
        lambda: substitute(literal("a"), {256: b""}),
    ],
)
def test_bad_arguments_are_refused(build: object) -> None:
    with pytest.raises(InvalidConstraint):
        build()  # type: ignore[operator]


def test_limits_name_themselves() -> None:
    with pytest.raises(ConstraintTooLarge) as caught:
        to_dfa(repeat(union(literal("ab"), literal("cd")), 0, 1000), Limits(max_states=100))
    assert caught.value.rule == "max_states"
    with pytest.raises(ConstraintTooLarge):
        to_dfa(concat(SAMPLE_LONG, literal("!")), Limits(max_states=100))
    big = repeat(ANY_CHARACTER, 0, 300)
    to_dfa(big)
    with pytest.raises(ConstraintTooLarge):
        to_dfa(big, Limits(max_states=100))
    with pytest.raises(ConstraintTooLarge) as caught:
        to_dfa(
            intersect(repeat(literal("ab"), 0, 211), repeat(literal("aba"), 0, 97)), Limits(max_seconds=-1)
        )
    assert caught.value.rule == "max_seconds"


SAMPLE_LONG = repeat(literal("ab"), 0, 500)


def test_products_have_limits_too() -> None:
    a = repeat(repeat(literal("a"), 97, 97), 0)
    b = repeat(repeat(literal("a"), 101, 101), 0)
    assert to_dfa(intersect(a, b)).num_states == 97 * 101
    with pytest.raises(ConstraintTooLarge):
        to_dfa(intersect(b, a), Limits(max_states=5000))


def test_long_chains_are_not_quadratic() -> None:
    """A hundred times the length may take far less than ten thousand times the time."""

    def seconds(length: int) -> float:
        best = float("inf")
        for attempt in range(3):
            expr = concat(literal(str(attempt)), repeat(ANY_CHARACTER, 0, length), repeat(literal(" ")))
            begin = time.process_time()
            assert to_dfa(expr).num_states > length
            best = min(best, time.process_time() - begin)
        return best

    seconds(50)
    assert seconds(5000) < 1000 * max(seconds(50), 1e-3)


def test_public_names_are_there() -> None:
    assert all(hasattr(automata, name) for name in automata.__all__)
    assert not to_dfa(complement(ANY_TEXT)).accepts(b"")


@pytest.mark.parametrize(
    ("pattern", "read", "one"),
    [
        ("abc", "", True),
        ("abc", "ab", True),
        ("abc", "abc", True),
        ("ab?c", "", False),
        ("ab?c", "ab", True),
        ("a*", "", False),
        ("abc?", "ab", False),
        ("a[bc]d", "a", False),
        ("a[bc]d", "ab", True),
        ("aé", "a", True),
    ],
)
def test_one_way_on(pattern: str, read: str, one: bool) -> None:
    dfa = to_dfa(parse_regex(pattern))
    assert dfa.has_one_way_on(dfa.run(read.encode())) == one


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("ab", max_size=4), min_size=1, max_size=3), st.text("ab", max_size=3))
def test_one_way_on_as_counted(texts: list[str], read: str) -> None:
    dfa = to_dfa(union(*(literal(text) for text in texts)))
    state = dfa.run(read.encode())
    going_on = {text for text in texts if text.startswith(read)}
    assert (state == DEAD) == (not going_on)
    if going_on:
        assert dfa.has_one_way_on(state) == (len(going_on) == 1)


def test_long_and_large_languages_are_listed_or_refused_at_once() -> None:
    long = "ab" * 2_000
    assert to_dfa(literal(long)).strings(1) == [long.encode()]
    assert to_dfa(repeat(byte_set([(0, 255)]), 0, 1_000)).strings(10_000) is None
    assert to_dfa(repeat(literal("a"))).strings(10) is None
    assert to_dfa(intersect(literal("a"), literal("b"))).strings(0) == []


def test_many_literals_in_a_row_are_one() -> None:
    parts = [literal(letter) for letter in "abc" * 1_000]
    assert concat(*parts) is literal("abc" * 1_000)
    assert concat(literal("a"), EPSILON, literal("b"), ANY_TEXT, EPSILON, literal("c")) is concat(
        literal("ab"), ANY_TEXT, literal("c")
    )
    assert concat(EPSILON, EPSILON) is EPSILON
