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
    MOST_CHARACTERS,
    ODD,
    WITHIN,
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
    '"([^"\\\\\\x00-\\x1f]|\\\\["n\\\\]){0,4}"|[ab]+',
    "[a-z]{2,5}(é|中){0,3}",
    "(b|中){0,2}|.{3,6}7?",
    ".{5}|[^é中𝄞]*",
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


def _begun(content: bytes) -> int:
    """The characters that begin in a text."""
    return sum(byte & 0xC0 != 0x80 for byte in content)


@pytest.mark.parametrize("odd", [b"", b"ab\xe4\xb8", b"a\xff", b"\xe4\xb8", b"b\xf0\x9d\x84", b"x" * 300])
def test_kinds_below(odd: bytes) -> None:
    words = [b"ab", b"a7", "aé\n".encode(), "中a".encode(), b'b"', "b𝄞Z".encode()]
    words += [odd] if odd else []
    trie = Trie.build(words)
    has_token = np.zeros(trie.num_nodes, np.bool_)
    has_token[trie.order_node] = True
    below, begun, most = kinds_below(trie.parent, trie.byte, has_token)
    prefixes = {0: b""}
    for node in range(1, trie.num_nodes):
        prefixes[node] = prefixes[int(trie.parent[node])] + bytes([int(trie.byte[node])])
    for node, prefix in prefixes.items():
        # Behind the first byte of a character, the whole of it is below.
        within = prefix[-1:] >= b"\xc2" and prefix[-1:] < b"\xf5" and not _kinds(prefix[:-1]) & int(ODD)
        start = prefix[:-1] if within else prefix
        wanted = int(WITHIN) if within else 0
        for word in words:
            if word.startswith(prefix) and len(word) > len(prefix):
                wanted |= _kinds(word[len(start) :])
        if any(word.startswith(prefix) and _begun(word) > MOST_CHARACTERS for word in words):
            wanted |= int(ODD) if len(prefix) < len(odd) else 0
        if within or not _kinds(prefix) & int(ODD):
            assert int(below[node]) == wanted
        elif b"\xff" not in prefix:
            assert int(below[node]) & int(ODD)
        assert begun[node] == min(_begun(prefix), MOST_CHARACTERS)
        texts = [word for word in words if word.startswith(prefix)]
        assert most[node] == min(max(map(_begun, texts)), MOST_CHARACTERS)


def test_characters_of_tokens() -> None:
    words = ["a", "é中", "ab𝄞", "x" * 255, "x" * 256]
    trie = Trie.build([word.encode() for word in words])
    assert trie.characters.tolist() == [min(len(words[token]), 255) for token in trie.token_order.tolist()]
