"""The register of private bytes: they are no bytes of UTF-8, and uses that meet share none."""

from __future__ import annotations

import ast
from itertools import combinations
from pathlib import Path

import pytest

from canvasgen.automata import ANY_TEXT, parse_regex_in_context, private_bytes, to_dfa
from canvasgen.automata.private_bytes import TOGETHER, UNUSED_BY_UTF8

PACKAGE = Path(private_bytes.__file__).parent.parent


def test_utf8_uses_all_other_bytes_and_none_of_these() -> None:
    surrogates = range(0xD800, 0xE000)
    everything = "".join(chr(code) for code in range(0x110000) if code not in surrogates)
    assert set(everything.encode()) == set(range(256)) - set(UNUSED_BY_UTF8)


def test_the_automaton_of_any_text_reads_none() -> None:
    dfa = to_dfa(ANY_TEXT)
    assert all(dfa.step(state, byte) < 0 for state in range(dfa.num_states) for byte in UNUSED_BY_UTF8)


@pytest.mark.parametrize("kind", TOGETHER)
def test_uses_that_meet_are_disjoint(kind: str) -> None:
    uses = TOGETHER[kind]
    assert all(set(one).isdisjoint(other) for one, other in combinations(uses, 2))
    assert all(len(set(one)) == len(one) for one in uses)
    if kind != "a list":
        assert all(set(one) <= set(UNUSED_BY_UTF8) for one in uses)


def test_every_registered_byte_is_listed_where_it_meets_others() -> None:
    named = [getattr(private_bytes, name) for name in private_bytes.__all__ if name != "UNUSED_BY_UTF8"]
    single = {value for value in named if isinstance(value, int)} - {private_bytes.LIST_ENTRIES}
    several = {value for value in named if isinstance(value, bytes)}
    listed = [use for uses in TOGETHER.values() for use in uses]
    assert several <= set(listed)
    assert single <= {byte for use in listed for byte in use}


def test_what_a_pattern_hands_to_a_grammar_has_the_bar_alone() -> None:
    _, cut = parse_regex_in_context(r"(?<![ab])\bx(?=(?!c)y|$)")
    assert cut is not None
    dfa = to_dfa(cut)
    read = {byte for byte in UNUSED_BY_UTF8 if any(dfa.step(s, byte) >= 0 for s in range(dfa.num_states))}
    assert read == {private_bytes.CUT_BAR}


@pytest.mark.slow
def test_no_other_module_writes_such_bytes_down() -> None:
    written = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, bytes)
        and not set(UNUSED_BY_UTF8).isdisjoint(node.value)
    ]
    assert written == []
