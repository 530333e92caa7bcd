"""Holes that occur twice and have many texts: the canvases that agree, against all canvases and their texts."""

from __future__ import annotations

import itertools
import sys
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.automata import to_dfa
from canvasgen.constraints import Constraint
from canvasgen.constraints.agreement import agreement_in
from canvasgen.constraints.compiled import agreeing
from canvasgen.constraints.compiled.agreeing import AgreeingBelief
from canvasgen.constraints.compiled.hole_readings import HoleReader
from canvasgen.errors import BudgetTooSmall, TimeLimit, Unsatisfiable
from canvasgen.tokens import Budget, Prefix

TOKENS = [b"a", b"b", b"-", b"ab", b"a-", b"-a", b"ba", None]
END = 7
VOCABULARY = cg.Vocabulary(TOKENS, end_ids=[END])
WORD, MANY, ANY = cg.regex("[ab]+"), cg.regex("(ab?)*"), cg.regex("[ab-]*")
MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "twice": ("{x}-{x}", {"x": WORD}),
    "side by side": ("{x}{x}", {"x": WORD}),
    "three times": ("{x}-{x}{x}", {"x": MANY}),
    "two holes": ("{x}{y}-{y}{x}", {"x": WORD, "y": MANY}),
    "with another": ("{x}{z}-{x}", {"x": WORD, "z": ANY}),
    "nested": ("a{t}", {"t": cg.literal("-")}),
}


@cache
def made(kind: str) -> Constraint:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[cg.template.__module__], "MOST_AGREEING", 1)
        text, holes = MADE[kind]
        if kind == "nested":
            return cg.template("a{t}", t=cg.template("{x}-{x}", x=WORD))
        return cg.template(text, **holes)


CONSTRAINTS: dict[str, Any] = {kind: (lambda kind=kind: made(kind)) for kind in MADE} | {
    "+": lambda: cg.literal("a") + made("twice") + "-",
    "|": lambda: cg.literal("a--") | made("twice"),
    "&": lambda: made("with another") & cg.contains("ab"),
    "fixed": lambda: made("twice") & cg.fixed({0: 3}),
}


@cache
def constraint_of(kind: str) -> Constraint:
    return CONSTRAINTS[kind]()


@cache
def matches(kind: str, text: bytes) -> bool:
    return constraint_of(kind).matches(text)


@cache
def texts_of(count: int) -> frozenset[bytes]:
    """What at most so many tokens can spell."""
    if count == 0:
        return frozenset([b""])
    return frozenset(
        before + token for before in texts_of(count - 1) for token in (b"", *filter(None, TOKENS))
    )


def can_agree(kind: str, ids: tuple[int, ...], after: int) -> bool:
    """Whether the beginning of a text can become one that matches, in at most `after` more tokens."""
    text = VOCABULARY.text_bytes(ids)
    if END in ids:
        return matches(kind, text)
    return any(matches(kind, text + more) for more in texts_of(after))


def belief_of(kind: str, logits: np.ndarray, written: tuple[int, ...], after: int) -> AgreeingBelief:
    compiled = constraint_of(kind).compile(VOCABULARY)
    prefix = compiled.prefix(written)
    assume(prefix is not None)
    assert prefix is not None
    budget = Budget(len(logits), after)
    try:
        posterior = compiled.condition(
            logits, state=prefix.state, remaining=after, offset=len(prefix), backend="numba"
        )
    except (BudgetTooSmall, Unsatisfiable):
        assume(False)
        raise
    belief = compiled.believe(posterior, prefix, budget)
    assert isinstance(belief, AgreeingBelief)
    return belief


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    kind=st.sampled_from(sorted(CONSTRAINTS)),
    length=st.integers(1, 4),
    written=st.lists(st.integers(0, 6), max_size=3).map(tuple),
    after=st.integers(0, 2),
    seed=st.integers(0, 2**16),
    scale=st.sampled_from([0.5, 3.0]),
)
def test_the_canvases_that_agree_in_their_order(
    kind: str, length: int, written: tuple[int, ...], after: int, seed: int, scale: float
) -> None:
    logits = (np.random.default_rng(seed).normal(0, scale, (length, len(TOKENS)))).astype(np.float32)
    belief = belief_of(kind, logits, written, after)
    assert belief.posterior is not None
    expected = [
        (ids.tolist(), log_prob)
        for ids, log_prob in belief.posterior.k_best()
        if can_agree(kind, (*written, *ids.tolist()), after)
    ]
    if not expected:
        with pytest.raises(Unsatisfiable, match="fits in all places"):
            belief.finish()
        return
    belief.finish()
    found = [ids.tolist() for ids in itertools.islice(belief.candidates(), 40)]
    log_probs = [belief.log_prob(np.array(ids)) for ids in found]
    assert log_probs == pytest.approx([log_prob for _, log_prob in expected[: len(found)]], abs=1e-6)
    assert belief.best.tolist() == found[0]
    if len(expected) <= 40:
        assert sorted(found) == sorted(ids for ids, _ in expected)


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(kind=st.sampled_from(["twice", "three times", "+"]), seed=st.integers(0, 2**16))
def test_the_best_that_goes_on(kind: str, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(0, 2, (3, len(TOKENS))).astype(np.float32)
    belief = belief_of(kind, logits, (), 3)
    assert belief.posterior is not None
    expected = next(
        (ids.tolist() for ids, _ in belief.posterior.k_best() if goes_on(kind, tuple(ids.tolist()))), None
    )
    found = belief.going_on()
    assert (None if found is None else found.tolist()) == expected


def goes_on(kind: str, ids: tuple[int, ...]) -> bool:
    text = VOCABULARY.text_bytes(ids)
    return END not in ids and any(
        matches(kind, text + token + more) for token in filter(None, TOKENS) for more in texts_of(2)
    )


def test_a_reading_that_agrees_is_found_among_many() -> None:
    holes = agreement_in(made("side by side"))
    assert holes is not None
    reader = HoleReader(to_dfa(holes.marked(holes.languages)), holes.order)
    found = reader.read(b"abbabb", whole=True, agreeing=True)
    assert found is not None
    assert [content.text for content in found] == [b"abb", b"abb"]
    assert reader.read(b"abbab", whole=True, agreeing=True) is None
    begun = reader.read(b"abbab", whole=False, agreeing=True)
    assert begun is not None
    first = reader.read(b"abbab", whole=True, agreeing=False)
    assert first is not None
    assert b"".join(content.text for content in first) == b"abbab"


def test_the_limit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreeing, "MOST_SETS", 1)
    logits = np.zeros((3, len(TOKENS)), dtype=np.float32)
    logits[0, 0] = logits[1, 2] = logits[2, 1] = 9.0
    compiled = made("twice").compile(VOCABULARY)
    belief = compiled.believe(compiled.condition(logits), Prefix(), Budget(3))
    with pytest.raises(TimeLimit, match="1 tries"):
        belief.finish()


def test_without_many_texts_the_automaton_keeps_them_equal() -> None:
    few = cg.template("{x}-{x}", x=cg.regex("[ab]{1,3}"))
    assert agreement_in(few) is None
    assert agreement_in(cg.template("{x}-{y}", x=WORD, y=WORD)) is None
    assert agreement_in(cg.repeat(made("twice"), 1, 2)) is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_letter(seed: int) -> None:
    letter = cg.template("Dear {name},\nsee you soon.\nGoodbye {name}!", name=cg.regex("[A-Z][a-z]+"))
    told = cg.generate("Write to Ann.", template=letter, seed=seed, max_denoising_steps=2)
    assert told.text == f"Dear {told['name']},\nsee you soon.\nGoodbye {told['name']}!"
