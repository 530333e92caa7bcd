"""The memory of a text's related fields keeps the laws that the search over canvases relies on."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.field_relations import FieldMemory
from canvasgen.field_relations.field_values import plain_texts, spells
from canvasgen.relations import total

PIECES = [*'abx01-e."\\:,{}[] \n', '":', '"}', 'x"', "\\\\", '\\"', "n", "é"]
VOCABULARY = cg.Vocabulary([*(piece.encode() for piece in PIECES), None], end_ids=[len(PIECES)])
OPEN = {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}, "x": True}}
MADE = cg.json_schema(OPEN, relations=[total(["a", "b"], "<=", 11)])
MEMORY = FieldMemory(MADE.field_relations, VOCABULARY)
VALUES = st.recursive(st.sampled_from([0, 1.1, None, True, "", 'x"', "\\", "\\n", "é"]), st.lists)


def cut(text: str, seed: int) -> list[int]:
    """A random way to write a text in tokens."""
    draw, content, ids = np.random.default_rng(seed), text.encode(), []
    while content:
        fits = [token for token, one in enumerate(VOCABULARY.tokens) if one and content.startswith(one)]
        ids.append(int(draw.choice(fits)))
        content = content[len(VOCABULARY.tokens[ids[-1]] or b"") :]
    return ids


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from("abx"), VALUES), st.integers(0, 2**32 - 1))
def test_tokens_that_are_said_to_leave_it_as_it_is_do(value: dict[str, object], seed: int) -> None:
    value = {name: one for name, one in value.items() if name == "x" or type(one) in (int, float)}
    text = json.dumps(value, ensure_ascii=False, indent=[None, 1][seed % 2])
    memory = MEMORY.start
    for token in cut(text.replace("true", "1").replace("null", "0"), seed):
        moved = MEMORY.moved_by(memory)
        for other in () if moved is None else np.flatnonzero(~moved[:-1]).tolist():
            assert MEMORY.read(memory, other) == memory, PIECES[other]
        memory = MEMORY.read(memory, token)
        assert memory is not None
    assert MEMORY.is_complete(memory)
    assert MADE.matches(text)


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(st.integers(-999, 999), st.decimals(-99, 99, places=2).map(float), st.text("aé ", max_size=3)),
    st.integers(0, 8),
)
def test_a_value_can_be_spelled_from_every_beginning_of_its_texts(value: float | str, size: int) -> None:
    for text in plain_texts(value):
        assert json.loads(text) == value
        assert spells(text[:size], value)


def test_beginnings_that_no_longer_spell_a_value() -> None:
    for begun, value in (("31", 30), ("-3", 30), ("0.5", 0.45), ('"b', "a"), ("tr", False), ("4", "4")):
        assert not spells(begun, value)
    for begun, value in (("3", 30), ("30.0", 30), ("3e", 30), ("0.4", 0.45), ("4.5", 0.45), ('"', "a")):
        assert spells(begun, value)
