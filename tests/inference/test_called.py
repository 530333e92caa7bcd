"""Automata with calls: what they accept, and their posteriors beside those of the copied automaton and by enumeration."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from called_cases import CalledProblem, CalledTable, called_problems, random_called, random_logits
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_oracle import Enumeration
from laws import Case, check, over
from numpy.testing import assert_allclose, assert_array_equal

from canvasgen.errors import CanvasgenError
from canvasgen.inference import Posterior, backend_names, condition, known_layouts
from canvasgen.inference.numba_backend import called_rows

BACKENDS = [name for name in backend_names() if name not in ("auto", "triton")]  # its interpreter is slow


def drawn(seed: int, frame: int = 4, body: int = 3, size: int = 5) -> CalledTable:
    return random_called(np.random.default_rng(seed), frame, body, size)


@settings(deadline=None, max_examples=100)
@given(seed=st.integers(0, 2**32 - 1))
def test_steps_are_those_of_a_stack(seed: int) -> None:
    automaton = drawn(seed)
    size = automaton.table.shape[1]
    found = [[automaton.step(s, token) for token in range(size)] for s in range(automaton.num_states)]
    assert_array_equal(found, automaton.table)
    assert_array_equal(automaton.accepting, automaton.ends)
    copied = automaton.copied
    assert_array_equal(
        [[copied.step(s, token) for token in range(size)] for s in range(copied.num_states)], automaton.table
    )
    for state in range(automaton.num_states):
        assert set(automaton.targets(state).tolist()) == set(automaton.table[state].tolist()) - {-1}


@settings(deadline=None, max_examples=100)
@given(seed=st.integers(0, 2**32 - 1))
def test_distances_are_the_fewest_tokens(seed: int) -> None:
    automaton = drawn(seed)
    never = 10**6
    fewest = np.where(automaton.ends, 0, never)
    after = np.where(automaton.table >= 0, automaton.table, len(fewest))
    for _ in range(len(fewest)):
        fewest = np.minimum(fewest, 1 + np.append(fewest, never)[after].min(axis=1))
    assert_array_equal(automaton.distance, fewest)
    more = 1 + np.append(fewest, never)[after].min(axis=1)
    assert_array_equal(automaton.distance_of_more, np.where(more >= never, -1, more))
    assert_array_equal(
        known_layouts.layout_of(automaton.copied, ()).distance_of_more(automaton.distance),
        automaton.distance_of_more,
    )


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_edges_that_enter_are_those_that_leave(seed: int) -> None:
    automaton = drawn(seed)
    layout = known_layouts.called_layout_of(automaton, automaton.end_ids)
    assert isinstance(layout, known_layouts.CalledLayout)
    states = range(automaton.num_states + 1)
    left = sorted((s, t, z) for s in states for t, z in zip(*layout.leaving(s), strict=True))
    entered = sorted((s, t, z) for t in states for s, z in zip(*layout.entering(t), strict=True))
    assert left == entered
    row = np.arange(automaton.num_states + 1.0)
    assert_array_equal(layout.by_state(layout.as_row(row)), row)
    assert_array_equal(layout.as_row(row)[layout.in_row(np.arange(len(row)))], row)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@settings(deadline=None, max_examples=60)
@given(problems=st.lists(called_problems(max_length=3), min_size=1, max_size=3), seed=st.integers(0, 2**16))
def test_the_laws_hold_with_calls(backend: str, problems: list[CalledProblem], seed: int) -> None:
    size = max(problem.logits.shape[1] for problem in problems)
    longest = max(len(problem.logits) for problem in problems)
    check(Case([over(problem, size) for problem in problems], longest, backend, seed=seed))


@pytest.mark.parametrize("backend", BACKENDS)
@settings(deadline=None, max_examples=40)
@given(problem=called_problems(max_length=5))
def test_a_row_is_exact(backend: str, problem: CalledProblem) -> None:
    exact = Enumeration(problem)
    asked = {"fixed": problem.fixed, "state": problem.state, "remaining": problem.remaining}
    if not exact.total:
        with pytest.raises(CanvasgenError):
            condition(problem.automaton, problem.logits, **asked, backend=backend)
        return
    posterior = condition(problem.automaton, problem.logits, **asked, backend=backend)
    assert_allclose(posterior.log_partition, np.log(exact.total), atol=1e-5)
    assert_allclose(np.exp(posterior.marginals()), exact.marginals(), atol=1e-5)
    assert_array_equal(posterior.mask, exact.marginals() > 0)
    for canvas in list(exact.joint)[:5]:
        assert posterior.end_state(canvas) == exact.end_states[canvas]


def posteriors(seed: int, length: int = 24) -> tuple[Posterior, Posterior] | None:
    """With calls and with copies, at a size that no enumeration reaches; None if no canvas is valid."""
    rng = np.random.default_rng(seed)
    automaton = random_called(rng, int(rng.integers(3, 9)), int(rng.integers(3, 9)), 8)
    logits = random_logits(rng, length, 8, 300.0)
    asked = {"state": int(rng.integers(0, automaton.num_states)), "remaining": int(rng.integers(0, 3))}
    try:
        copied = condition(automaton.copied, logits, **asked)
    except CanvasgenError as error:
        with pytest.raises(type(error)):
            condition(automaton, logits, **asked)
        return None
    return condition(automaton, logits, **asked), copied


def require_equal(called: Posterior, copied: Posterior, seed: int) -> None:
    """All answers are the same."""
    assert_allclose(called.log_partition, copied.log_partition, rtol=1e-12, atol=1e-9)
    assert_allclose(called.marginals(), copied.marginals(), rtol=1e-5, atol=1e-5)
    assert_array_equal(called.mask, copied.mask)
    assert_allclose(called.entropies, copied.entropies, atol=1e-9)
    assert_allclose(called.tail_log_prob, copied.tail_log_prob, rtol=1e-9, atol=1e-9)
    assert_allclose(called.best_log_prob, copied.best_log_prob, rtol=1e-9, atol=1e-9)
    assert_allclose(copied.log_prob(called.best), copied.best_log_prob, rtol=1e-9, atol=1e-9)
    assert_array_equal(called.sample(5, seed), copied.sample(5, seed))
    for (ids, one), (_, other) in zip(islice(called.k_best(), 8), islice(copied.k_best(), 8), strict=True):
        assert_allclose(one, other, rtol=1e-9, atol=1e-7)
        assert_allclose(called.log_prob(ids), copied.log_prob(ids), rtol=1e-9, atol=1e-7)
    goes_on, both = called.going_on(), copied.going_on()
    assert (goes_on is None) == (both is None)
    if goes_on is not None and both is not None:
        assert_allclose(goes_on.log_partition, both.log_partition, rtol=1e-9, atol=1e-9)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_calls_answer_as_copies_do(seed: int) -> None:
    both = posteriors(seed)
    if both is not None:
        require_equal(*both, seed)


@pytest.mark.slow
def test_calls_answer_as_copies_do_where_rows_are_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(called_rows, "MOST_BYTES", 0)
    compared = 0
    for seed in range(30):
        both = posteriors(seed, length=23 + seed % 3)
        if both is not None:
            require_equal(*both, seed)
            compared += 1
    assert compared > 15


def test_rows_that_are_not_kept_are_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def after(row: np.ndarray, number: int) -> np.ndarray:
        made.append(number)
        return row + 1.0

    rows = called_rows.Rows(np.zeros(4), 100, after, most_bytes=101 * 32)
    assert [rows[i][0] for i in range(101)] == list(range(101))
    assert made == list(range(100))
    rows = called_rows.Rows(np.zeros(4), 100, after, most_bytes=100)
    assert len(rows._kept) < 14
    made.clear()
    assert [rows[i][0] for i in reversed(range(101))] == list(reversed(range(101)))
    assert len(made) < 100  # each interval once
