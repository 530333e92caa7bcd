"""Both backends against enumeration of all V^L canvases."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from inference_oracle import Enumeration, Problem, TableAutomaton, problems, restricted_problems

from canvasgen.errors import BudgetTooSmall, Unsatisfiable
from canvasgen.inference import Posterior, Request, condition, condition_batch

BACKENDS = ["numba", "torch", "numba, read before", "torch, read before"]


def wider(automaton: TableAutomaton) -> TableAutomaton:
    """Allows any text of the automaton's tokens and of those with an even number."""
    text = (automaton.table >= 0).any(axis=0) | (np.arange(automaton.table.shape[1]) % 2 == 0)
    text[list(automaton.end_ids)] = False
    return TableAutomaton(np.where(text, 0, -1)[None], np.array([True]), automaton.end_ids)


def posterior_of(problem: Problem, backend: str) -> Posterior:
    """By a backend; "read before": from the posterior of a wider constraint over the same logits."""
    backend, _, before = backend.partition(", ")
    logits: np.ndarray | Posterior = problem.logits
    if before:
        wide = wider(problem.automaton)
        ended = problem.state == problem.automaton.num_states
        logits = condition(wide, logits, end_ids=wide.end_ids, state=int(ended), remaining=1, backend=backend)
    return condition(
        problem.automaton,
        logits,
        end_ids=problem.automaton.end_ids,
        fixed=problem.fixed,
        state=problem.state,
        remaining=problem.remaining,
        restriction=problem.restriction,
        offset=problem.offset,
        backend=backend,
    )


def solved(problem: Problem, backend: str) -> tuple[Posterior, Enumeration]:
    exact = Enumeration(problem)
    assume(exact.total > 0)
    return posterior_of(problem, backend), exact


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@settings(deadline=None, max_examples=60)
@given(problem=problems() | restricted_problems())
def test_sums(backend: str, problem: Problem) -> None:
    posterior, exact = solved(problem, backend)
    marginals = exact.marginals()
    assert posterior.log_partition == pytest.approx(np.log(exact.total), abs=1e-5)
    np.testing.assert_allclose(np.exp(np.asarray(posterior.marginals())), marginals, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(posterior.mask), marginals > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropies = -np.where(marginals > 0, marginals * np.log(marginals), 0.0).sum(axis=1)
        allowed = np.log(np.where(marginals > 0, exact.p, 0.0).sum(axis=1))
    np.testing.assert_allclose(posterior.entropies, entropies, atol=2e-5)
    np.testing.assert_allclose(posterior.allowed_mass, allowed, atol=1e-5)
    np.testing.assert_allclose(np.exp(posterior.class_log_marginals).sum(axis=1), 1.0, atol=1e-9)
    np.testing.assert_array_equal(posterior.forced, (marginals > 0).sum(axis=1) == 1)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@settings(deadline=None, max_examples=60)
@given(problem=problems() | restricted_problems())
def test_best_canvases(backend: str, problem: Problem) -> None:
    posterior, exact = solved(problem, backend)
    expected = sorted(exact.texts.values(), reverse=True)
    found = list(posterior.k_best())
    np.testing.assert_array_equal(found[0][0], posterior.best)
    assert found[0][1] == pytest.approx(posterior.best_log_prob, abs=1e-9)
    np.testing.assert_allclose(
        [np.exp(log_prob) for _, log_prob in found], np.array(expected) / exact.total, atol=1e-6
    )
    seen = set()
    for ids, log_prob in found:
        length = text_length(problem, ids)
        text = tuple(ids[:length].tolist())
        assert text not in seen
        seen.add(text)
        assert np.exp(log_prob) == pytest.approx(exact.texts[text] / exact.total, abs=1e-6)
        assert posterior.log_prob(ids) == pytest.approx(log_prob, abs=1e-9)
        assert all(ids[i] == token for i, token in problem.all_fixed.items())
    assert seen == set(exact.texts)


def text_length(problem: Problem, ids: np.ndarray) -> int:
    if problem.state == problem.automaton.num_states:
        return 0
    ends = np.flatnonzero(np.isin(ids, problem.automaton.end_ids))
    return int(ends[0]) + 1 if ends.size else len(ids)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@settings(deadline=None, max_examples=40)
@given(problem=problems(max_length=3) | restricted_problems())
def test_every_canvas(backend: str, problem: Problem) -> None:
    posterior, exact = solved(problem, backend)
    length, size = problem.logits.shape
    for canvas in itertools.product(range(size), repeat=length):
        text = canvas[: text_length(problem, np.array(canvas))]
        if canvas in exact.joint:
            assert posterior.end_state(canvas) == exact.end_states[canvas]
            assert np.exp(posterior.log_prob(canvas)) == pytest.approx(
                exact.texts[text] / exact.total, abs=1e-6
            )
        elif text not in exact.texts:
            assert posterior.log_prob(canvas) == -np.inf


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@settings(deadline=None, max_examples=40)
@given(problem=problems(max_length=3) | restricted_problems())
def test_the_samplers_distribution(backend: str, problem: Problem) -> None:
    """Each draw reports the probability of its choices: with the tokens' own, the canvas's exact one."""
    posterior, exact = solved(problem, backend)
    length = problem.logits.shape[0]
    uniforms = np.random.default_rng(0).random((300, length + 1, 3))
    ids, log_probs = posterior.sample_at(uniforms)
    classes = np.where(
        np.isin(np.arange(exact.p.shape[1]), problem.automaton.end_ids), -2, problem.automaton.class_of_token
    )
    for canvas, log_prob in zip(ids, log_probs, strict=True):
        assert tuple(canvas) in exact.joint
        chosen = np.exp(log_prob)
        for i, token in enumerate(canvas):
            if i not in problem.all_fixed:
                chosen *= exact.p[i, token] / exact.p[i, classes == classes[token]].sum()
        assert chosen == pytest.approx(exact.joint[tuple(canvas)] / exact.total, abs=1e-6, rel=1e-5)
    seen = {tuple(canvas) for canvas in ids.tolist()}
    assert all(canvas in seen for canvas, mass in exact.joint.items() if mass > 0.1 * exact.total)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(deadline=None, max_examples=60)
@given(problem=problems())
def test_what_is_impossible_says_so(backend: str, problem: Problem) -> None:
    if Enumeration(problem).total > 0:
        return
    with pytest.raises((Unsatisfiable, BudgetTooSmall)):
        posterior_of(problem, backend)


@settings(deadline=None, max_examples=60)
@given(problem=problems() | restricted_problems())
def test_backends_draw_the_same(problem: Problem) -> None:
    numba, _ = solved(problem, "numba")
    reference, _ = solved(problem, "torch")
    np.testing.assert_array_equal(numba.sample(20, seed=7), reference.sample(20, seed=7))
    np.testing.assert_array_equal(numba.sample(5, seed=7), numba.sample(20, seed=7)[:5])


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_kind_of_arrays_follows_the_logits(backend: str) -> None:
    automaton = TableAutomaton(np.array([[0, 0, -1]]), np.array([True]), (2,))
    logits = np.zeros((3, 3), dtype=np.float32)
    for kind, given_logits in ((np.ndarray, logits), (torch.Tensor, torch.from_numpy(logits))):
        posterior = condition(automaton, given_logits, backend=backend)
        for array in (posterior.mask, posterior.marginals(), posterior.constrained_logits()):
            assert isinstance(array, kind)
            assert array.shape == (3, 3)
        assert str(posterior.mask.dtype).endswith("bool")
        assert str(posterior.marginals().dtype).endswith("float32")
        for array in (posterior.best, posterior.entropies, posterior.sample(2, seed=0)):
            assert isinstance(array, np.ndarray)


@settings(deadline=None, max_examples=10)
@given(several=st.lists(restricted_problems(), min_size=2, max_size=3))
def test_restrictions_in_a_batch(several: list[Problem]) -> None:
    requests = [
        Request(
            problem.automaton,
            problem.logits,
            fixed=problem.fixed,
            state=problem.state,
            remaining=problem.remaining,
            restriction=problem.restriction,
            offset=problem.offset,
        )
        for problem in several
    ]
    for posterior, problem in zip(condition_batch(requests, threads=2), several, strict=True):
        assert posterior.log_partition == pytest.approx(np.log(Enumeration(problem).total), abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(problem=restricted_problems(), seed=st.integers(0, 2**16))
def test_the_budget_of_every_state_and_position(problem: Problem, seed: int) -> None:
    assert problem.restriction is not None
    for position in np.random.default_rng(seed).permutation(9).tolist():  # rows are remembered in any order
        needed = problem.restriction.distance(position)
        for state, fewest in enumerate(needed.tolist()):
            if fewest < 0:
                assert not problem.can_finish(state, position, 12)
            else:
                assert problem.can_finish(state, position, fewest)
                assert fewest == 0 or not problem.can_finish(state, position, fewest - 1)


def test_the_oracle_sees_a_wrong_automaton() -> None:
    """The comparison is no formality: another end weight gives another answer."""
    table, logits = np.array([[1, 0], [0, 1]]), np.zeros((3, 2), dtype=np.float32)
    right = Problem(TableAutomaton(table, np.array([False, True]), ()), logits, {}, 0, 0)
    wrong = Problem(TableAutomaton(table, np.array([True, True]), ()), logits, {}, 0, 0)
    assert abs(np.exp(posterior_of(wrong, "numba").log_partition) - Enumeration(right).total) > 0.1
