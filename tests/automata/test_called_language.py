"""Languages that are called against the language with copies."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.automata import (
    CalledLanguage,
    Expr,
    concat,
    literal,
    parse_regex,
    repeat,
    substitute,
    to_dfa,
    union,
)
from canvasgen.automata.private_bytes import CALL

CALLED = literal(bytes((CALL,)))
FRAMES: dict[str, Expr] = {
    "twice": concat(literal("("), CALLED, literal(","), CALLED, literal(")")),
    "a list": concat(literal("["), repeat(concat(CALLED, literal(";"))), literal("]")),
    "at the end": concat(literal("("), CALLED),
    "side by side": concat(CALLED, CALLED),
    "or something else": union(concat(literal("("), union(CALLED, literal("0")), literal(")")), literal("1")),
    "or the same": union(concat(literal("("), union(CALLED, literal("a")), literal(")")), literal("1")),
    "alone": CALLED,
    "nowhere": literal("()"),
}
BODIES = {"words": "(ab?|b)", "loop": "a[ab]*", "fixed": "ab", "with a border": "a(,a)?"}


def called(frame: str, body: str) -> CalledLanguage:
    return CalledLanguage(to_dfa(FRAMES[frame]), to_dfa(parse_regex(BODIES[body])))


def texts(most: int, letters: bytes = b"(),;[]ab01") -> list[bytes]:
    return [bytes(each) for n in range(most + 1) for each in itertools.product(letters, repeat=n)]


@pytest.mark.slow
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("frame", FRAMES)
def test_it_reads_as_copies_do(frame: str, body: str) -> None:
    one = called(frame, body)
    copied = to_dfa(substitute(FRAMES[frame], {CALL: parse_regex(BODIES[body])}))
    if not one.is_deterministic:
        return
    for text in texts(4):
        assert one.accepts(text) == copied.accepts(text), text
        place, state = one.run(text), copied.run(text)
        assert (place is None) == (state < 0)
        if place is not None:
            assert one.has_one_way_on(place) == copied.has_one_way_on(state), text


def test_what_is_not_decided_by_the_next_byte() -> None:
    wrong = {(frame, body) for frame in FRAMES for body in BODIES if not called(frame, body).is_deterministic}
    after_words = {("side by side", body) for body in ("words", "loop")}
    ahead = {("or the same", body) for body in BODIES}
    comma = {("twice", "with a border")}
    assert wrong == after_words - {("side by side", "fixed")} | ahead | comma
    empty = CalledLanguage(to_dfa(CALLED), to_dfa(parse_regex("a?")))
    assert not empty.is_deterministic
    inside = CalledLanguage(to_dfa(union(CALLED, literal(bytes((CALL + 1,))))), to_dfa(parse_regex("a")))
    assert not inside.is_deterministic  # one range of bytes holds the call and another byte


def test_sizes() -> None:
    one = called("twice", "loop")
    assert one.num_callers == 2
    assert one.copied_states == one.frame.num_states + 2 * one.body.num_states
    assert called("nowhere", "loop").num_callers == 0
    assert called("twice", "fixed").used_bytes == set(b"(),ab")


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_texts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = called("a list", "words")
    copied = to_dfa(substitute(FRAMES["a list"], {CALL: parse_regex(BODIES["words"])}))
    text = b"[" + b"".join(rng.choice([b"a;", b"ab;", b"b;", b"bb;", b"a"]) for _ in range(4)) + b"]"
    assert one.accepts(text) == copied.accepts(text)
