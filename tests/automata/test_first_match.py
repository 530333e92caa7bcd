"""What `re.match` takes first, against `re` on every text over two letters."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.automata import parse_first_match, to_dfa
from canvasgen.errors import ConstraintTooLarge

TEXTS = ["".join(letters) for n in range(7) for letters in product("ab", repeat=n)]
leaves = st.sampled_from(["a", "b", "[ab]", "ab", "ba", "."])
patterns = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("(?:{}|)".format, inner),
        st.builds(
            "(?:{}){}".format, leaves, st.sampled_from(["*", "+", "*?", "+?", "{1,2}", "{0,2}?", "{2,}?"])
        ),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["?", "??"])),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(patterns)
def test_as_re(pattern: str) -> None:
    taken = parse_first_match(pattern)
    assert taken is not None
    dfa, judge = to_dfa(taken), re.compile(pattern)
    for text in TEXTS:
        match = judge.match(text)
        longest = max((n for n in range(1, len(text) + 1) if dfa.accepts(text[:n].encode())), default=0)
        assert longest == (match.end() if match else 0), text


def test_case_and_unicode() -> None:
    taken = parse_first_match(r"(?i)(?:é|éa)|\w+?\d")
    assert taken is not None
    dfa = to_dfa(taken)
    assert [text for text in ("é", "É", "éa", "a1", "aa1", "é1", "a11") if dfa.accepts(text.encode())] == [
        "é",
        "É",
        "a1",
        "aa1",
    ]


def test_what_depends_on_more_is_not_told() -> None:
    for pattern in (r"a(?=b)", r"\ba", "(?>ab|c)", "a++", "(?:a?)+", "^a"):
        assert parse_first_match(pattern) is None


def test_limit() -> None:
    with pytest.raises(ConstraintTooLarge, match="first"):
        parse_first_match("(?:[ab]*a[ab]{20})?c")
