"""The grammars that are shipped: their texts, other people's parsers, and Lark's Earley parser."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path

import pytest
from grammar_texts import disagreements, walks
from other_parsers import PARSERS, refusal

import canvasgen as cg
from canvasgen.constraints.grammar import Grammar
from canvasgen.constraints.grammar.library import shipped, shipped_names
from canvasgen.errors import InvalidConstraint

pytestmark = pytest.mark.slow

DATA = Path(__file__).parent / "data"
WALKS = 60
COMPARED = 15
"""Walks compared with Earley's parser for each grammar; each also in two mutations."""


@cache
def built(name: str) -> Grammar:
    return cg.grammar(name)


def texts(name: str, kind: str) -> list[str]:
    """The texts of a kind: `accept`, `refuse`, or `everyday`, which models are likely to write."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")).get(kind, [])


@pytest.mark.parametrize("name", shipped_names())
def test_texts(name: str) -> None:
    accepted, refused = texts(name, "accept") + texts(name, "everyday"), texts(name, "refuse")
    assert min(len(set(accepted)), len(set(refused))) >= 20
    assert [text for text in accepted if not built(name).matches(text)] == []
    assert [text for text in refused if built(name).matches(text)] == []


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_real_parsers_accept(name: str) -> None:
    produced = walks(built(name).automaton, random.Random(7), WALKS)
    produced += texts(name, "accept") + texts(name, "everyday")
    assert [(text, why) for text in produced if (why := refusal(name, text)) is not None] == []


@pytest.mark.parametrize("name", shipped_names())
def test_earley_agrees(name: str) -> None:
    assert disagreements(shipped(name), built(name), COMPARED, random.Random(11)) == []


@pytest.mark.parametrize("name", shipped_names())
def test_comment_says_what_is_left_out(name: str) -> None:
    comment = [line for line in shipped(name).splitlines() if line.startswith("//")]
    assert shipped(name).startswith("//")
    assert any("Left out:" in line for line in comment)


def test_unknown_name() -> None:
    with pytest.raises(InvalidConstraint, match="'sql_select'"):
        cg.grammar("sql_selct")
    with pytest.raises(InvalidConstraint, match="semantic_version"):
        cg.grammar("?")
