"""The recurrence over the states that matter, against the recurrence over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_oracle import Problem, problems, restricted_problems
from numpy.testing import assert_allclose, assert_array_equal
from test_brute_force import solved
from test_numerics import chain, random_automaton

from canvasgen.inference import Posterior, Request, condition, condition_batch
from canvasgen.inference import posterior as posteriors
from canvasgen.inference.known_layouts import layout_of
from canvasgen.inference.numba_backend.pruned import best_kernels, support
from canvasgen.inference.numba_backend.pruned import pruned_sums as pruned
from canvasgen.inference.numba_backend.row import NumbaRow
from canvasgen.inference.numba_backend.token_kernels import first_best


@contextmanager
def without_pruning() -> Iterator[None]:
    """Nothing may be left out, and the best canvas is looked for over all states."""
    with (
        patch.object(pruned, "_SPREAD", pruned._WIDEST),
        patch.object(pruned, "_LEFT_OUT", -1.0),
        patch.object(pruned, "_BUSY", -1.0),
    ):
        yield


def sums_of(posterior: Posterior) -> pruned.PrunedSums | None:
    row = posterior.arrays
    assert isinstance(row, NumbaRow)
    return row._pruned


def same_answers(found: Posterior, exact: Posterior) -> None:
    """All that a step asks for; the best canvas and its weight bit for bit."""
    assert found.log_partition == pytest.approx(exact.log_partition, rel=1e-12, abs=1e-11)
    assert_allclose(found.entropies, exact.entropies, atol=1e-10)
    assert_allclose(found.allowed_mass, exact.allowed_mass, rtol=1e-11, atol=1e-11)
    assert_array_equal(found.forced, exact.forced)
    assert_array_equal(found.allowed_classes, exact.class_log_marginals > -np.inf)
    assert_array_equal(found.best, exact.best)
    assert found.best_log_prob == pytest.approx(exact.best_log_prob, rel=1e-12, abs=1e-11)
    assert_array_equal(found.sample(5, seed=1), exact.sample(5, seed=1))
    assert_allclose(found.class_log_marginals, exact.class_log_marginals, rtol=1e-9, atol=1e-9)
    assert_array_equal(np.asarray(found.mask), np.asarray(exact.mask))


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([0.0, 1.0, 8.0, 40.0, 300.0]),
    spread=st.sampled_from([0.5, 10.0, 64.0]),
    holes=st.sampled_from([0.0, 0.2]),
    remaining=st.integers(0, 4),
)
def test_what_is_pruned_changes_no_answer(
    seed: int, scale: float, spread: float, holes: float, remaining: int
) -> None:
    """Beams from half a nat on, which have to be widened, over logits from flat to ±300."""
    rng = np.random.default_rng(seed)
    automaton = random_automaton(30, 90, 20, seed)
    logits = rng.uniform(-scale, scale, (24, 90)).astype(np.float32)
    logits[rng.random(logits.shape) < holes] = -np.inf
    with without_pruning():
        exact = condition(automaton, logits, remaining=remaining)
        assert sums_of(exact) is None
        same_answers(exact, exact)
    with patch.object(pruned, "_SPREAD", spread), patch.object(pruned, "_BEAM", spread):
        same_answers(condition(automaton, logits, remaining=remaining), exact)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(problem=problems() | restricted_problems())
def test_narrow_beams_against_enumeration(problem: Problem) -> None:
    """The smallest beam: what it left out is found to be too much, and looked at again."""
    narrow = (patch.object(pruned, name, 1e-3) for name in ("_SPREAD", "_BEAM"))
    with next(narrow), next(narrow), patch.object(pruned, "_BUSY", 2.0):
        posterior, exact = solved(problem, "numba")
        marginals = exact.marginals()
        assert_allclose(posterior.log_partition, np.log(exact.total), atol=1e-5)
        with np.errstate(divide="ignore", invalid="ignore"):
            entropies = -np.where(marginals > 0, marginals * np.log(marginals), 0.0).sum(axis=1)
        assert_allclose(posterior.entropies, entropies, atol=2e-5)
        assert_array_equal(posterior.forced, (marginals > 0).sum(axis=1) == 1)
        assert_array_equal(np.asarray(posterior.mask), marginals > 0)
        best = max(exact.texts.values())
        assert_allclose(np.exp(posterior.best_log_prob), best / exact.total, atol=1e-6)
        for canvas in posterior.sample(20, seed=0).tolist():
            assert tuple(canvas) in exact.joint


def test_bounds_spare_the_best_canvas_a_second_search() -> None:
    """Flat logits: a prefix is far behind if it has more to write, which its own weight does not tell."""
    automaton = random_automaton(60, 200, 40, seed=4)
    logits = np.random.default_rng(0).standard_normal((64, 200)).astype(np.float32)
    with patch.object(pruned, "forward_best", wraps=pruned.forward_best) as searched:
        found = condition(automaton, logits)
        assert found.best.shape == (64,)
        assert 1 <= searched.call_count <= 2
    row = found.arrays
    assert isinstance(row, NumbaRow)
    assert row._pruned_best is not None
    with without_pruning():
        exact = condition(automaton, logits)
        assert_array_equal(found.best, exact.best)
        assert found.best_log_prob == pytest.approx(exact.best_log_prob, abs=1e-11)


def test_a_canvas_shorter_than_its_tables_stays_in_its_arrays() -> None:
    """The kernels in plain Python, where writing behind an array is an error and does not spoil what lies there."""
    automaton = random_automaton(30, 90, 20, seed=4)
    logits = np.random.default_rng(0).standard_normal((1, 24, 90)).astype(np.float32)
    request = Request(automaton, length=8, remaining=3)
    (exact,) = condition_batch([request], logits)
    with (
        patch.object(pruned, "forward_best", pruned.forward_best.py_func),
        patch.object(best_kernels, "_passed", best_kernels._passed.py_func),
    ):
        (found,) = condition_batch([request], logits)
        assert_array_equal(found.best, exact.best)


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("level", [0.0, 5.0, -30.0, 1e-30])
def test_of_equal_tokens_of_a_large_class_the_first_is_best(zero: float, level: float) -> None:
    """Both zeros are equal; the largest logit may be anywhere, also where its digits are lost beside the normaliser's."""
    rng = np.random.default_rng(5)
    size, length = 9000, 6
    row = np.where(rng.random((length, size)) < 0.5, level, zero).astype(np.float32)
    row[:, ::3] = -zero
    row[1, 8990], row[2, 4], row[3] = 40.0, 40.0, -np.inf
    row[3, 7000] = -200.0
    row[4] = rng.standard_normal(size).astype(np.float32)
    for large in (0.9, 0.5, 0.05):
        class_of_token = np.where(rng.random(size) < large, 0, 1).astype(np.int32)
        class_of_token[7000] = 0
        order = np.argsort(class_of_token, kind="stable").astype(np.uint32)
        offsets = np.searchsorted(class_of_token[order], [0, 1, 2]).astype(np.int32)
        wanted = np.array([0, 0, 1, 0, 1, -1])
        best = np.stack(
            [
                np.array([float(line[class_of_token == c].max(initial=-np.inf)) for c in (0, 1)])
                for line in row
            ]
        )
        for normaliser in (0.0, 50.0, 1e9):
            out = np.full(length, -7)
            first_best(
                row,
                row.view(np.int32),
                class_of_token,
                order,
                offsets,
                best - normaliser,
                np.full(length, normaliser),
                wanted,
                out,
            )
            expected = [
                int(next(v for v in range(size) if class_of_token[v] == c and line[v] == top[c]))
                if c >= 0 and top[c] > -np.inf
                else -7
                for line, c, top in zip(row, wanted.tolist(), best, strict=True)
            ]
            assert out.tolist() == expected


def test_a_sure_model_leaves_few_states() -> None:
    """Of 60 states at each of 64 positions, where the model is sure of each token."""
    automaton = random_automaton(60, 200, 40, seed=4)
    logits = np.random.default_rng(0).standard_normal((64, 200)).astype(np.float32)
    text = condition(automaton, logits, remaining=9).best
    logits[np.arange(64), text] = 60.0
    posterior = condition(automaton, logits, remaining=9)
    found = sums_of(posterior)
    assert found is not None
    assert found.starts[-1] < 12 * 65
    assert_array_equal(posterior.best, text)
    assert posterior.log_partition == pytest.approx(0.0, abs=1e-4)


def test_a_dead_end_that_the_model_likes_hides_nothing() -> None:
    """The best prefixes cannot be finished: they weigh e^90 times what can be, at every position but the last."""
    table = np.full((22, 4), -1)
    table[:20, 0] = np.arange(1, 21)
    table[0, 1], table[21, 1] = 21, 21
    table[21, 2] = 20
    automaton = chain([0] * 20, 4)
    logits = np.zeros((20, 4), dtype=np.float32)
    logits[:, 1] = 90.0
    both = random_automaton(12, 60, 10, seed=2)
    far = np.random.default_rng(0).standard_normal((30, 60)).astype(np.float32) * 90
    for one, values in ((automaton, logits), (both, far)):
        found = condition(one, values)
        with without_pruning():
            same_answers(found, condition(one, values))


def test_support_is_remembered_by_what_it_depends_on() -> None:
    """The same canvas in another step is not looked at again; another state, budget or −inf is. Few are kept."""
    automaton = random_automaton(20, 60, 10, seed=1)
    rng = np.random.default_rng(0)
    with patch.object(support, "set_support", wraps=support.set_support) as worked:

        def ask(remaining: int = 3, state: int | None = None, hole: int | None = None) -> int:
            logits = rng.standard_normal((12, 60)).astype(np.float32)
            if hole is not None:
                logits[hole, automaton.class_of_token < 5] = -np.inf
            before = worked.call_count
            found = condition(automaton, logits, remaining=remaining, state=state)
            with without_pruning():
                exact = condition(automaton, logits, remaining=remaining, state=state)
                assert_array_equal(found.allowed_classes, exact.class_log_marginals > -np.inf)
            return worked.call_count - before

        assert [ask(), ask(), ask(remaining=5), ask(state=2), ask()] == [1, 0, 1, 1, 0]
        assert [ask(hole=4), ask(hole=5), ask(hole=4)] == [1, 1, 0]
        for remaining in range(10, 10 + support.KEPT):
            ask(remaining=remaining)
        assert ask() == 1
    kept = support._known[layout_of(automaton, automaton.end_ids)].answers
    assert len(kept) == support.KEPT
    with patch.object(support, "MOST_BYTES", 2 * next(iter(kept.values())).nbytes):
        condition(automaton, np.zeros((12, 60), np.float32), remaining=90).allowed_classes.fill(False)
    assert len(kept) == 3
    assert condition(automaton, np.zeros((12, 60), np.float32), remaining=90).allowed_classes.any()


def test_the_best_canvas_needs_no_list() -> None:
    """The first of `k_best` is `best`; alternatives are looked for when a second one is asked for."""
    posterior = condition(random_automaton(20, 60, 10, seed=1), np.zeros((12, 60), np.float32), remaining=3)
    with patch.object(posteriors, "enumerate_best", wraps=posteriors.enumerate_best) as listed:
        several = posterior.k_best()
        ids, log_prob = next(several)
        assert listed.call_count == 0
        assert_array_equal(ids, posterior.best)
        assert log_prob == posterior.best_log_prob
        second, _ = next(several)
    assert listed.call_count == 1
    assert (second != ids).any()
