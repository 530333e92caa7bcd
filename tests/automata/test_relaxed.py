"""Membership without the automaton of the whole agrees with the automaton; a relaxed automaton contains the language."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from canvasgen.automata import (
    EMPTY,
    Limits,
    complement,
    difference,
    intersect,
    literal,
    parse_regex,
    relaxed,
    repeat,
    substitute,
    to_dfa,
    union,
)
from canvasgen.automata.lazy import contains, up_to
from canvasgen.automata.relaxed import _superset
from canvasgen.errors import ConstraintTooLarge
from canvasgen.limits import DEFAULT_LIMITS

TEXTS = ["".join(letters) for length in range(6) for letters in product("ab", repeat=length)]
ATOMS = st.sampled_from(["a", "b", "ab", "", ".", r"\b", "(?=a)", "(?!b)", "(?<=a)", "^", "$"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["{0,2}", "{2,}", "{3}", "{1,9}", "{7,99}", "*", "?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        inner.map(lambda body: f"(?!{body})"),
    ),
    max_leaves=5,
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(PATTERNS, st.booleans())
def test_membership_agrees_with_the_automaton(pattern: str, search: bool) -> None:
    wanted = parse_regex(pattern, dialect="ecma", search=search)
    lazily = parse_regex(pattern + "(?:)", dialect="ecma", search=search)
    taken = [contains(lazily, text.encode(), DEFAULT_LIMITS) for text in TEXTS]
    try:
        dfa = to_dfa(wanted)
    except ConstraintTooLarge:
        assume(False)
        return
    assert taken == [dfa.accepts(text.encode()) for text in TEXTS]
    for most in (4, 1):
        for keeps in (True, False):
            wider = to_dfa(_superset(wanted, most, keeps, {}))
            assert not any(dfa.accepts(text.encode()) and not wider.accepts(text.encode()) for text in TEXTS)


@given(
    st.sampled_from(["a", "ab", "a?", "a|b", "(ab?)*", "()"]),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 5),
)
def test_counts_beyond_the_length_of_a_text_do_not_matter(
    body: str, low: int, more: int, length: int
) -> None:
    whole = repeat(parse_regex(body), low, low + more)
    short = to_dfa(up_to(whole, length))
    for text in TEXTS:
        if len(text) <= length:
            assert short.accepts(text.encode()) == to_dfa(whole).accepts(text.encode())


def test_what_is_not_a_pattern() -> None:
    a_or_b = repeat(union(literal("a"), literal("b")))
    cases = [
        (difference(a_or_b, literal("ab")), {"ab": False, "ba": True, "c": False}),
        (intersect(a_or_b, complement(literal("a"))), {"a": False, "b": True, "c": False}),
        (substitute(intersect(a_or_b, repeat(literal("ab"))), {0x61: b""}), {"bb": True, "": True, "ab": False}),
        (substitute(repeat(literal("a")), {0x61: b"xy"}), {"xyxy": True, "a": False}),
        (EMPTY, {"": False}),
    ]  # fmt: skip
    for expr, texts in cases:
        for text, belongs in texts.items():
            assert contains(expr, text.encode(), DEFAULT_LIMITS) == belongs, (expr, text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"foo.{0,100}bar", "foo" + "x" * 100 + "bar"),
        (r"(a|b)*a(a|b){30}", "a" + "b" * 30),
        (r"(?:x|){1,999999}", "xx"),
        (r"\bfoo.{0,100}bar\b", "a foo bar"),
        (r"^(?!.*foo.{0,90}bar)[a-z]*$", "foo"),
    ],
)
def test_a_large_language_keeps_its_members(pattern: str, text: str) -> None:
    found = relaxed(parse_regex(pattern, dialect="ecma", search=True))
    assert found.left_out
    assert to_dfa(found.expr).num_states < 1000
    assert found.holds(text.encode())
    assert to_dfa(found.expr).accepts(text.encode())
    assert re.search(pattern, text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"foo.{0,100}bar", "foo" + "x" * 101 + "bar"),
        (r"^(a|b)*a(a|b){30}$", "a" + "b" * 31),
        (r"^(?:x|){1,999999}$", "xy"),
        (r"\bfoo.{0,100}bar\b", "foobarx"),
        (r"^(?!.*foo.{0,90}bar)[a-z]*$", "foobar"),
    ],
)
def test_a_large_language_gains_none(pattern: str, text: str) -> None:
    assert not relaxed(parse_regex(pattern, dialect="ecma", search=True)).holds(text.encode())
    assert not re.search(pattern, text)


def test_a_small_language_is_not_touched() -> None:
    found = relaxed(parse_regex("[a-z]{1,40}"))
    assert not found.left_out
    assert found.expr is found.whole
    assert found.holds(b"abc")


def test_nothing_to_leave_out() -> None:
    words = union(*(literal(f"{number:x}") for number in range(0, 90_000, 7)))
    with pytest.raises(ConstraintTooLarge):
        relaxed(words, Limits(max_states=50))
