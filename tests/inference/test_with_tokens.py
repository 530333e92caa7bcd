"""Conditioning over a lifted byte automaton: whatever the logits, every canvas is a text of the language."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.automata import byte_set, concat, literal, repeat, to_dfa, union
from canvasgen.inference import condition
from canvasgen.tokens import lift
from canvasgen.vocabulary import Vocabulary

VOCABULARY = Vocabulary(
    [
        None,
        None,
        None,
        b'"',
        b"a",
        b"b",
        b"ab",
        b'a"',
        b'",',
        b",",
        b"[",
        b"]",
        b'["',
        b'"]',
        b"\xc3",
        b"\xc3\xa9",
        b"bb",
    ],
    end_ids=[1, 2],
    pad_id=0,
)
STRING = concat(literal('"'), repeat(byte_set([(97, 98)]), 0, 5), literal('"'))
LANGUAGE = concat(
    literal("["),
    repeat(concat(union(STRING, literal("ab")), literal(",")), 0),
    union(STRING, literal("b")),
    literal("]"),
)
DFA = to_dfa(LANGUAGE)
AUTOMATON = lift(DFA, VOCABULARY)


@pytest.mark.parametrize("backend", ["numba", "torch"])
@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), length=st.integers(3, 24), scale=st.sampled_from([0.1, 3.0, 30.0]))
def test_every_canvas_is_a_text(backend: str, seed: int, length: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.uniform(-scale, scale, (length, VOCABULARY.size)).astype(np.float32)
    posterior = condition(
        AUTOMATON, logits, end_ids=VOCABULARY.end_ids, pad_id=VOCABULARY.pad_id, backend=backend
    )
    others = [ids for _, (ids, _) in zip(range(5), posterior.k_best(), strict=False)]
    for ids in [posterior.best, *others, *posterior.sample(4, seed=seed)]:
        assert AUTOMATON.accepts(ids.tolist())
        assert DFA.accepts(VOCABULARY.text_bytes(ids.tolist()))
        assert -np.inf < posterior.log_prob(ids) <= posterior.best_log_prob + 1e-9 <= 1e-6
    after_end = np.flatnonzero(np.isin(posterior.best, VOCABULARY.end_ids))
    if len(after_end):
        assert (posterior.best[after_end[0] + 1 :] == VOCABULARY.pad_id).all()


def test_the_automatons_own_end_tokens_are_the_default() -> None:
    logits = np.zeros((8, VOCABULARY.size), dtype=np.float32)
    given_ids = condition(AUTOMATON, logits, end_ids=VOCABULARY.end_ids)
    assert condition(AUTOMATON, logits).log_partition == given_ids.log_partition
