"""The walk passes over what lies below a node if all of it does nothing: large tries of few characters."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from token_oracle import check, expected

from canvasgen.automata import DFA, to_dfa
from canvasgen.automata.regex import parse_regex
from canvasgen.tokens import lift
from canvasgen.vocabulary import Vocabulary
from canvasgen.vocabulary.character_kinds import (
    KIND_HIGH,
    KIND_LENGTHS,
    KIND_LOW,
    KIND_ROWS,
    ODD,
    kinds_below,
)
from canvasgen.vocabulary.trie import Trie

CHARACTERS = ("a", "b", "7", '"', "\\", " ", "\n", "é", "中", "𝄞")
PATTERNS = (
    '"([^"\\\\\\x00-\\x1f]|\\\\["n\\\\])*"',
    '"[^"]*"|[0-9]+',
    "[ab]*(7[^\\n]*)?",
    "(a|b|é|中|7)*",
    "[^a]*a[^b]*b.*",
    "([\\u4e00-\\u9fff]|a)*\\n?",
    ".{0,3}[ab]*",
    "(aa|ab|ba|bb)*",
)
LETTERS = st.lists(st.sampled_from(CHARACTERS), min_size=2, max_size=4, unique=True)


@st.composite
def problems(draw: st.DrawFn) -> tuple[DFA, Vocabulary]:
    """An automaton with loops, and all short texts of a few characters as tokens, with some that end within one."""
    letters = draw(LETTERS)
    texts = ["".join(word) for size in (1, 2, 3, 4) for word in itertools.product(letters, repeat=size)]
    tokens = [word.encode() for word in draw(st.permutations(texts))[: draw(st.integers(20, 150))]]
    for word in draw(st.lists(st.sampled_from(texts), max_size=3)):
        tokens.append(word.encode()[draw(st.integers(0, 1)) : -1] or b"a")
    tokens += [bytes([byte]) for byte in b'ab7"\\ \n']
    pattern = draw(st.sampled_from(PATTERNS))
    return to_dfa(parse_regex(pattern)), Vocabulary([None, *dict.fromkeys(tokens)], [0])


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(problems())
def test_equals_brute_force(problem: tuple[DFA, Vocabulary]) -> None:
    dfa, vocabulary = problem
    check(lift(dfa, vocabulary), expected(dfa, vocabulary))


def _kinds(content: bytes) -> int:
    """The kinds of the characters of a text, ODD for what is none or ends within one."""
    found, at = 0, 0
    while at < len(content):
        for length in (1, 2, 3, 4):
            try:
                _ = content[at : at + length].decode()
            except UnicodeDecodeError:
                continue
            if len(content) < at + length:
                return found | int(ODD)
            break
        else:
            return found | int(ODD)
        character = content[at : at + length]
        for kind in range(len(KIND_ROWS) - 1):
            for row in range(KIND_ROWS[kind], KIND_ROWS[kind + 1]):
                bounds = zip(KIND_LOW[row].tolist(), KIND_HIGH[row].tolist(), strict=True)
                if KIND_LENGTHS[row] == length and all(
                    low <= byte <= high for byte, (low, high) in zip(character, bounds, strict=False)
                ):
                    found |= 1 << kind
        at += length
    return found


def test_each_character_is_of_one_kind() -> None:
    assert len(KIND_ROWS) - 1 < 63
    for character in map(chr, [*range(0x800), 0xFFFF, 0xD7FF, 0xE000, 0x10000, 0x10FFFF]):
        assert _kinds(character.encode()).bit_count() == 1


@pytest.mark.parametrize("odd", [b"", b"ab\xe4\xb8", b"a\xff", b"\xe4\xb8"])
def test_kinds_below(odd: bytes) -> None:
    words = [b"ab", b"a7", "aé\n".encode(), "中a".encode(), b'b"', "b\U0001d11eZ".encode()]
    trie = Trie.build([*words, odd or None])
    has_token = np.zeros(trie.num_nodes, np.bool_)
    has_token[trie.order_node] = True
    below = kinds_below(trie.parent, trie.byte, has_token)
    prefixes = {0: b""}
    for node in range(1, trie.num_nodes):
        prefixes[node] = prefixes[int(trie.parent[node])] + bytes([int(trie.byte[node])])
    for node, prefix in prefixes.items():
        wanted = 0
        for word in (*words, *([odd] if odd else [])):
            if word.startswith(prefix):
                wanted |= _kinds(word[len(prefix) :])
        whole = not _kinds(prefix) & int(ODD)
        if whole:
            assert int(below[node]) == wanted
        elif b"\xff" not in prefix:
            assert int(below[node]) & int(ODD)
