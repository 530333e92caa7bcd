"""Spans of a source that are called, and not copied: the same texts, the same answers, the choice between the two."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose, assert_array_equal
from test_grounded import SCHEMAS, SOURCE

import canvasgen as cg
from canvasgen.automata import literal, substitute, to_dfa
from canvasgen.automata.private_bytes import CALL
from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.denoise.fields import Block, probabilities
from canvasgen.errors import Unsatisfiable
from canvasgen.schemas import called_spans
from canvasgen.schemas.texts.string_text import escaped
from canvasgen.tokens import Budget, CalledAutomaton, Prefix, TokenAutomaton

BYTES = [*dict.fromkeys('{}[]":, \n0123456789.-abcdefnopqrstuxyzRl\\')]


def vocabulary_of(tokens: list[bytes]) -> cg.Vocabulary:
    """And an end token."""
    return cg.Vocabulary([*tokens, None], end_ids=[len(tokens)])


TOKENS = [*(one.encode() for one in BYTES), b'":', b"ab", b'"a', b'b"', b" and", b'", "', b"tr", b"ue"]
VOCABULARY = vocabulary_of(TOKENS)
PLAIN = vocabulary_of([*(one.encode() for one in BYTES), b"ab", b" and", b"tr", b"ue"])
PAIR = {
    "type": "object",
    "properties": {"p": {"type": "string"}, "q": {"type": "string"}, "r": {"type": "boolean"}},
    "required": ["p", "q", "r"],
    "additionalProperties": False,
}


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans are called however small the copies would be."""
    monkeypatch.setattr(called_spans, "LEAST_CALLERS", 1)
    monkeypatch.setattr(called_spans, "MOST_COPIED_STATES", 0)


def grounded(schema: Any, source: str = SOURCE, **options: Any) -> Any:
    return cg.json_schema(schema, "compact", grounded=source, **options)


@pytest.mark.slow
@pytest.mark.usefixtures("always")
@settings(deadline=None, max_examples=25)
@given(schema=SCHEMAS)
def test_frame_and_body_are_the_copied_language(schema: Any) -> None:
    try:
        one = grounded(schema)
        copied = one.automaton
    except Unsatisfiable:
        return
    if one.language.called is None or one.language.called.written[1:] != one.language._written[1:]:
        return  # what fits is decided by size, so that more may be counted in a frame
    frame, called = one.language.called.frame, one.language.called.language
    assert called.is_deterministic
    body = to_dfa(substitute(literal(bytes((CALL,))), {CALL: escaped(one.language.sources.language)}))
    assert called.body == body
    assert to_dfa(substitute(frame, {CALL: escaped(one.language.sources.language)})) == copied


@pytest.mark.usefixtures("always")
def test_strings_that_may_be_any_span_are_called() -> None:
    assert grounded({"type": "string"}).language.called is not None
    assert grounded({"type": "string", "maxLength": 2}).language.called is None
    assert grounded({"type": "integer"}).language.called is None
    assert cg.json_schema({"type": "string"}).language.called is None


def test_the_choice_is_by_size_and_told() -> None:
    small = grounded(PAIR)
    assert small.language.called is None
    assert not any("called" in str(note) for note in small.explain())
    words = " ".join(f"x{n}y" for n in range(2000))
    large = grounded(PAIR, words)
    assert large.language.called is not None
    assert large.language.called.language.copied_states > called_spans.MOST_COPIED_STATES
    assert any("called at 2 places" in str(note) for note in large.explain())
    assert isinstance(large.compile(VOCABULARY).token_automaton, CalledAutomaton)
    assert (
        grounded({"type": "array", "items": {"type": "string"}}, f"{words} {words[::-1]}").language.called
        is None
    )


@pytest.mark.slow
@pytest.mark.usefixtures("always")
def test_tokens_break_at_the_borders() -> None:
    """The tokenizations that are left are those in which no token has a quote and a part of the span."""
    one = grounded({"type": "array", "items": {"type": "string"}}, "ab b")
    compiled = one.compile(VOCABULARY)
    assert isinstance(compiled.token_automaton, CalledAutomaton)
    copied = Lifted.of(one.automaton, one.placed, VOCABULARY, one.limits)
    pieces = [b"[", b"]", b'"', b'"a', b'b"', b"ab", b"a", b"b", b","]
    number = {content: token for token, content in enumerate(VOCABULARY.tokens) if content is not None}
    crossing = {number[b'"a'], number[b'b"']}
    accepted = 0
    for length in range(1, 6):
        for ids in itertools.product([number[piece] for piece in pieces], repeat=length):
            assert compiled.accepts(ids) == (copied.accepts(ids) and not crossing & set(ids))
            accepted += compiled.accepts(ids)
    assert accepted == 3
    text = one.automaton.shortest()
    assert text is not None
    assert compiled.shortest_tokens == min(2, compiled.shortest_tokens)


@pytest.mark.usefixtures("always")
def test_answers_are_those_of_copies_where_no_token_reaches_over_a_border() -> None:
    vocabulary = PLAIN
    one = grounded(PAIR)
    compiled, copied = (
        one.compile(vocabulary),
        Lifted.of(one.automaton, one.placed, vocabulary, one.limits),
    )
    assert compiled.num_states < copied.num_states
    assert compiled.shortest_tokens == copied.shortest_tokens
    assert compiled.fewest_tokens(Prefix(), at_least_one=True) == copied.fewest_tokens(
        Prefix(), at_least_one=True
    )
    rng = np.random.default_rng(0)
    for remaining in (0, 20):
        logits = rng.standard_normal((40, vocabulary.size)).astype(np.float32) * 3
        mine, other = (each.condition(logits, remaining=remaining) for each in (compiled, copied))
        assert_allclose(mine.log_partition, other.log_partition, rtol=1e-9)
        assert_allclose(mine.marginals(), other.marginals(), rtol=1e-4, atol=1e-4)
        assert_array_equal(mine.best, other.best)
        assert_array_equal(
            mine.end_state(mine.best) == compiled.token_automaton.ended,
            remaining == 0 or (PLAIN.end_ids[0] in mine.best),
        )


@pytest.mark.usefixtures("always")
def test_probabilities_of_choices_are_those_of_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary = PLAIN
    one = grounded(PAIR)
    compiled = one.compile(vocabulary)
    monkeypatch.setattr(called_spans, "MOST_COPIED_STATES", 10**9)
    with_copies = grounded(PAIR).compile(vocabulary)
    assert isinstance(with_copies.token_automaton, TokenAutomaton)
    logits = np.random.default_rng(1).standard_normal((32, vocabulary.size)).astype(np.float32)
    found = []
    for each in (compiled, with_copies):
        block = Block(each.condition(logits), Prefix(), Budget(32))
        found.append(probabilities(each, '{"p":"ab","q":"b","r":true}', [block]))
    assert found[0].keys() == {"r"}  # those of spans are told with copies alone
    assert found[1].keys() == {"p", "q", "r"}
    assert_allclose(found[0]["r"][True], found[1]["r"][True], rtol=1e-6)
    assert_allclose(sum(found[0]["r"].values()), 1.0, rtol=1e-6)


@pytest.mark.usefixtures("always")
def test_only_one_way_on() -> None:
    compiled = grounded(PAIR, "ab").compile(VOCABULARY)
    assert compiled.calls is not None
    assert not compiled.has_one_way_on(b'{"p":"ab","q":"ab","r":')
    assert compiled.has_one_way_on(b'{"p":"ab","q":"ab","r":true')
    assert compiled.has_one_way_on(b'{"p":"ab","q":"ab","r":t')
    assert not compiled.has_one_way_on(b"x")


@pytest.mark.usefixtures("always")
def test_a_vocabulary_without_some_byte_has_copies() -> None:
    """There a border may be inside of every token that spells it."""
    vocabulary = vocabulary_of([one for one in TOKENS if one != b'"'])
    one = grounded({"type": "string"}, "ab")
    assert one.language.called is not None
    assert isinstance(one.compile(vocabulary).token_automaton, TokenAutomaton)
    assert one.compile(vocabulary).shortest_tokens == 2


@pytest.mark.usefixtures("always")
def test_a_part_of_a_larger_constraint_has_copies() -> None:
    compiled = (cg.literal("[") + grounded({"type": "string"}, "ab") + cg.literal("]")).compile(VOCABULARY)
    assert isinstance(compiled.token_automaton, TokenAutomaton)
