"""Marked edges: the same automaton, and no set across marks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from token_oracle import problems

from canvasgen.automata import product_automaton, searcher
from canvasgen.errors import Unsatisfiable
from canvasgen.tokens import factor_states, lift, mark_edges


@settings(deadline=None, max_examples=60)
@given(problem=problems(), seed=st.integers(0, 99))
def test_marks(problem, seed: int) -> None:
    dfa, vocabulary = problem
    try:
        automaton = lift(dfa, vocabulary)
    except Unsatisfiable:
        assume(False)
        return
    marks = np.random.default_rng(seed).integers(0, 3, automaton.num_edges)
    marked, mark_of_set = mark_edges(automaton, marks)
    np.testing.assert_array_equal(mark_of_set[marked.edge_set], marks)
    sets = [
        (int(mark), *marked.set_classes[a:b].tolist())
        for mark, a, b in zip(mark_of_set, marked.set_offsets[:-1], marked.set_offsets[1:], strict=True)
    ]
    assert len(set(sets)) == len(sets) == marked.num_sets
    first_use = dict.fromkeys(marked.edge_set.tolist())
    assert list(first_use) == list(range(marked.num_sets))
    for state in range(automaton.num_states):
        for token in range(vocabulary.size):
            assert marked.step(state, token) == automaton.step(state, token)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(problem=problems(), phrase=st.lists(st.sampled_from([97, 99]), min_size=1, max_size=3).map(bytes))
def test_factor_states(problem, phrase: bytes) -> None:
    dfa, vocabulary = problem
    factor = searcher(phrase)
    try:
        automaton = lift(product_automaton(dfa, factor), vocabulary)
    except Unsatisfiable:
        assume(False)
        return
    states = factor_states(automaton, vocabulary, factor)
    assert states[automaton.start] == 0
    for state in range(automaton.num_states):
        for token, content in enumerate(vocabulary.tokens):
            target = automaton.step(state, token)
            if target >= 0:
                assert states[target] == factor.run(content or b"", int(states[state]))
