"""The tokens of the longest text: an upper bound for every text, and no more than needed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvasgen.automata import literal, to_dfa, union
from canvasgen.constraints import regex
from canvasgen.tokens.longest_text import most_tokens
from canvasgen.vocabulary import Vocabulary

LETTERS = Vocabulary(
    [None, None, *(bytes([byte]) for byte in range(256)), b"ab", b"abc", b"bc", b"cab"], end_ids=[1]
)
words = st.lists(st.text("abc", max_size=7), min_size=1, max_size=6)


@given(words)
def test_every_text_can_be_written_within_it(texts):
    automaton = to_dfa(union(*map(literal, texts)))
    bound = most_tokens(automaton, LETTERS)
    needed = [len(LETTERS.spell(text.encode()) or ()) for text in texts]
    assert bound is not None
    assert max(needed) <= bound <= max(map(len, texts))
    if len(set(texts)) == 1:
        assert bound == needed[0]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"\d{3}-\d{7}", 11),
        ("abcabcab", 3),
        ("abcab[ab]abcab", 5),
        ("(ab)?c", 2),
        ("a*", None),
        ("(ab)+", None),
        ("x(abc|d)*y", None),
        ("", 0),
    ],
)
def test_examples(pattern, expected):
    assert most_tokens(regex(pattern).automaton, LETTERS) == expected


def test_bytes_are_enough_where_they_are_few():
    automaton = to_dfa(literal("abcabcab"))
    assert [most_tokens(automaton, LETTERS, enough) for enough in (0, 7, 8, 9)] == [3, 3, 8, 8]
