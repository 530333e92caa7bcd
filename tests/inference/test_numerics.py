"""Extreme logits: nothing underflows, nothing is NaN, and what is wrong is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from inference_oracle import TableAutomaton, trimmed

from canvasgen.errors import BudgetTooSmall, InvalidConstraint, ModelError, Unsatisfiable
from canvasgen.inference import Posterior, Request, condition, condition_batch
from canvasgen.inference.layout import build_layout
from canvasgen.inference.numba_backend.class_kernels import CHUNK, reduce_rows
from canvasgen.inference.numba_backend.exponential import LOWEST_32, LOWEST_64, exp32, exp64
from canvasgen.inference.numba_backend.path_kernels import choose
from canvasgen.inference.numba_backend.token_kernels import draw_token

BACKENDS = ["numba", "torch"]


def random_automaton(states: int, size: int, columns: int, seed: int = 0) -> TableAutomaton:
    """Tokens share `columns` behaviours, so that classes have several tokens; the last token ends a text."""
    rng = np.random.default_rng(seed)
    behaviours = rng.integers(-1, states, (states, columns))
    table = behaviours[:, rng.integers(0, columns, size)]
    automaton = trimmed(table, (rng.random(states) < 0.2) | (np.arange(states) == 0), (size - 1,))
    assert automaton is not None
    return automaton


def chain(canvas: list[int], size: int) -> TableAutomaton:
    """Accepts one sequence of tokens."""
    table = np.full((len(canvas) + 1, size), -1)
    table[np.arange(len(canvas)), canvas] = np.arange(1, len(canvas) + 1)
    return TableAutomaton(table, np.arange(len(canvas) + 1) == len(canvas), ())


def agree(fast: Posterior, plain: Posterior, exact: bool = True) -> None:
    for posterior in (fast, plain):
        assert np.isfinite(posterior.log_partition)
        assert np.isfinite(posterior.entropies).all()
        assert not np.isnan(posterior.class_log_marginals).any()
        np.testing.assert_allclose(np.exp(posterior.class_log_marginals).sum(axis=1), 1.0, atol=1e-6)
    assert fast.log_partition == pytest.approx(plain.log_partition, rel=1e-7, abs=1e-3)
    np.testing.assert_allclose(np.exp(fast.class_log_marginals), np.exp(plain.class_log_marginals), atol=1e-5)
    np.testing.assert_array_equal(fast.class_log_marginals > -np.inf, plain.class_log_marginals > -np.inf)
    np.testing.assert_allclose(fast.entropies, plain.entropies, atol=1e-5)
    np.testing.assert_allclose(fast.allowed_mass, plain.allowed_mass, rtol=1e-6, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(fast.mask), np.asarray(plain.mask))
    if exact:
        np.testing.assert_array_equal(fast.best, plain.best)
    assert fast.best_log_prob == pytest.approx(plain.best_log_prob, abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0, 300.0, 3000.0])
@pytest.mark.parametrize("holes", [0.0, 0.3])
def test_long_canvases(scale: float, holes: float) -> None:
    """256 positions of logits up to ±3000, some −inf: the numba path gives what the reference gives."""
    automaton = random_automaton(30, 300, 25)
    rng = np.random.default_rng(1)
    logits = rng.uniform(-scale, scale, (256, 300)).astype(np.float32)
    logits[rng.random(logits.shape) < holes] = -np.inf
    fast, plain = (condition(automaton, logits, backend=backend, remaining=5) for backend in BACKENDS)
    agree(fast, plain, exact=scale > 0)
    marginals = fast.marginals()
    assert not np.isnan(marginals).any()
    np.testing.assert_allclose(np.exp(marginals.astype(np.float64)).sum(axis=1), 1.0, atol=2e-4)
    for ids in fast.sample(3, seed=0):
        assert fast.log_prob(ids) > -np.inf
        assert np.isfinite(fast.best_log_prob)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("scale", [0.0, 3.0, 300.0])
def test_logits_that_were_read_for_another_constraint(backend: str, scale: float) -> None:
    """2,000 tokens, of which the second constraint's texts use 100, the first's 300: tables as if read anew."""
    rng = np.random.default_rng(3)
    table = random_automaton(8, 2000, 25).table
    first, second = (
        trimmed(np.where(np.arange(2000) % step == 0, table, -1), np.ones(len(table), dtype=bool), (1999,))
        for step in (7, 21)
    )
    assert first is not None
    assert second is not None
    logits = rng.uniform(-scale, scale, (40, 2000)).astype(np.float32)
    logits[rng.random(logits.shape) < 0.1] = -np.inf
    known = condition(first, logits, backend=backend)
    agree(condition(second, known), condition(second, logits, backend=backend))
    pinned = {3: int(np.flatnonzero(logits[3] > -np.inf)[0])}
    agree(
        condition(second, known, state=second.num_states, fixed=pinned),
        condition(second, logits, state=second.num_states, fixed=pinned, backend=backend),
    )
    narrow = condition(second, known)
    agree(condition(first, narrow), condition(first, logits, backend=backend))
    held = condition(first, logits, state=first.num_states, fixed=pinned, backend=backend)
    agree(condition(second, held), condition(second, logits, backend=backend))


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_hot_positions(backend: str) -> None:
    canvas = np.random.default_rng(0).integers(0, 50, 256).tolist()
    logits = np.full((256, 50), -np.inf, dtype=np.float32)
    logits[np.arange(256), canvas] = 3.0
    posterior = condition(chain(canvas, 50), logits, backend=backend)
    assert posterior.log_partition == pytest.approx(0.0, abs=1e-9)
    assert posterior.best.tolist() == canvas
    assert posterior.sample(2, seed=3).tolist() == [canvas, canvas]
    np.testing.assert_array_equal(posterior.entropies, 0.0)
    np.testing.assert_allclose(posterior.allowed_mass, 0.0, atol=1e-9)
    assert posterior.forced.all()
    assert np.asarray(posterior.mask).sum() == 256
    assert [ids.tolist() for ids, _ in posterior.k_best()] == [canvas]


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("depth", [50.0, 200.0, 5000.0])
def test_a_class_far_below_the_maximum_keeps_its_value(backend: str, depth: float) -> None:
    """The only valid canvas lies 256 × `depth` nats below the best one."""
    canvas = [1, 2] * 128
    logits = np.zeros((256, 40), dtype=np.float32)
    logits[:, 7] = depth
    posterior = condition(chain(canvas, 40), logits, backend=backend)
    expected = -256 * (depth + np.log1p(39 * np.exp(-depth)))
    assert posterior.log_partition == pytest.approx(expected, rel=1e-12)
    assert posterior.best.tolist() == canvas
    np.testing.assert_allclose(posterior.allowed_mass, expected / 256, rtol=1e-9)
    np.testing.assert_allclose(posterior.entropies, 0.0, atol=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_zero_times_the_log_of_zero(backend: str) -> None:
    """A token of probability zero within a class adds nothing to the entropy."""
    automaton = TableAutomaton(np.zeros((1, 4), dtype=int), np.array([True]), ())
    logits = np.array([[0.0, 0.0, -np.inf, -np.inf]], dtype=np.float32)
    posterior = condition(automaton, logits, backend=backend)
    assert posterior.entropies[0] == pytest.approx(np.log(2), abs=1e-6)
    assert np.asarray(posterior.mask).tolist() == [[True, True, False, False]]
    assert posterior.marginals()[0, 2] == -np.inf


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("value", "rule"), [(np.nan, "NaN logits"), (-np.nan, "NaN logits"), (np.inf, "infinite")]
)
def test_what_is_no_number_is_refused(backend: str, value: float, rule: str) -> None:
    automaton = random_automaton(4, 3000, 5)
    logits = np.zeros((6, 3000), dtype=np.float32)
    logits[4, 2777] = value
    with pytest.raises(ModelError) as caught:
        condition(automaton, logits, backend=backend)
    assert caught.value.path == "position 4"
    assert rule in str(caught.value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_position_without_a_possible_token_is_refused(backend: str) -> None:
    logits = np.zeros((6, 40), dtype=np.float32)
    logits[2] = -np.inf
    with pytest.raises(ModelError, match="all -inf") as caught:
        condition(random_automaton(4, 40, 5), logits, backend=backend)
    assert caught.value.path == "position 2"


def test_bad_input_is_refused_by_name() -> None:
    automaton = chain([1, 2, 3], 5)
    logits = np.zeros((3, 5), dtype=np.float32)
    with pytest.raises(BudgetTooSmall, match="takes 3 tokens, 2 are left"):
        condition(automaton, np.full((2, 5), np.nan, dtype=np.float32))  # before anything is read
    with pytest.raises(ModelError, match="over 4 tokens, the constraint over 5"):
        condition(automaton, logits[:, :4])
    with pytest.raises(ModelError, match="matrix"):
        condition(automaton, logits[0])
    with pytest.raises(Unsatisfiable, match="outside the canvas"):
        condition(automaton, logits, fixed={3: 1})
    with pytest.raises(Unsatisfiable, match="not in the vocabulary"):
        condition(automaton, logits, fixed={1: 5})
    with pytest.raises(Unsatisfiable) as caught:
        condition(automaton, logits, fixed={1: 3})
    assert caught.value.path == "position 1"
    assert caught.value.rule == "fixed"
    with pytest.raises(ModelError, match="end token"):
        condition(automaton, logits, end_ids=[5])
    with pytest.raises(ModelError, match="pad token"):
        condition(automaton, logits, pad_id=5)
    with pytest.raises(InvalidConstraint, match="`state` is a whole number from 0 to 4"):
        condition(automaton, logits, state=9)
    logits[1, 2] = -np.inf
    with pytest.raises(Unsatisfiable) as caught:
        condition(automaton, logits)
    assert caught.value.path == "position 1"
    posterior = condition(automaton, np.zeros((3, 5), dtype=np.float32))
    with pytest.raises(Unsatisfiable, match="not valid") as caught:
        posterior.end_state([1, 3, 3])
    assert caught.value.path == "position 1"
    with pytest.raises(ValueError, match="a canvas of 2 tokens"):
        posterior.log_prob([1, 2])


def test_an_empty_language_is_refused() -> None:
    automaton = TableAutomaton(np.full((1, 3), -1), np.array([False]), ())
    object.__setattr__(automaton, "distance", np.array([-1], dtype=np.int32))
    with pytest.raises(Unsatisfiable, match="no text"):
        condition(automaton, np.zeros((2, 3), dtype=np.float32))


@pytest.mark.slow
def test_threads_layouts_and_precisions_change_nothing() -> None:
    automaton = random_automaton(30, 5000, 25)
    logits = np.random.default_rng(2).standard_normal((64, 5000)).astype(np.float32)
    plain = condition(automaton, logits, threads=1)
    frozen = logits.copy()
    frozen.setflags(write=False)
    for other in (
        condition(automaton, logits, threads=5),
        condition(automaton, np.asfortranarray(logits)),
        condition(automaton, frozen),
        condition(automaton, logits.astype(np.float64)),
        condition(automaton, torch.from_numpy(logits).requires_grad_()),
    ):
        assert other.log_partition == plain.log_partition
        np.testing.assert_array_equal(other.best, plain.best)
        np.testing.assert_array_equal(other.entropies, plain.entropies)
    half = torch.from_numpy(logits).bfloat16()
    assert condition(automaton, half).log_partition == condition(automaton, half.float()).log_partition


def test_a_batch_is_its_canvases() -> None:
    requests = [
        Request(
            random_automaton(10, 60, 8, seed),
            np.random.default_rng(seed).standard_normal((12, 60)),
            remaining=3,
        )
        for seed in range(5)
    ]
    for posterior, request in zip(condition_batch(requests, threads=3), requests, strict=True):
        alone = condition(request.automaton, request.logits, remaining=3)
        assert posterior.log_partition == alone.log_partition
        np.testing.assert_array_equal(posterior.best, alone.best)


@pytest.mark.slow
def test_equal_canvases_do_not_stop_the_enumeration() -> None:
    """With uniform logits there are 20^100 best canvases: the first thousand come at once, all different."""
    automaton = TableAutomaton(np.zeros((1, 20), dtype=int), np.array([True]), ())
    posterior = condition(automaton, np.zeros((100, 20), dtype=np.float32))
    found = [tuple(ids) for _, (ids, _) in zip(range(1000), posterior.k_best(), strict=False)]
    assert len(set(found)) == 1000


@pytest.mark.parametrize("seed", range(3))
def test_the_budget_is_carried_over_blocks(seed: int) -> None:
    """Whatever a block commits, the rest can be finished in what remains, and the last block is complete."""
    automaton = random_automaton(12, 20, 6, seed)
    rng = np.random.default_rng(seed)
    blocks = [5, 4, 3]
    for draw in range(20):
        state: int | None = None
        for n, length in enumerate(blocks):
            logits = rng.uniform(-30, 30, (length, 20)).astype(np.float32)
            posterior = condition(automaton, logits, state=state, remaining=sum(blocks[n + 1 :]))
            state = posterior.end_state(posterior.sample(1, seed=draw)[0])
        assert state == automaton.num_states or automaton.accepting[state]


def test_the_exponentials() -> None:
    narrow = np.linspace(float(LOWEST_32), 0, 5000, dtype=np.float32)
    np.testing.assert_allclose([exp32(x) for x in narrow], np.exp(narrow.astype(np.float64)), rtol=4e-6)
    near = narrow[narrow > -20]
    np.testing.assert_allclose([exp32(x) for x in near], np.exp(near.astype(np.float64)), rtol=1e-6)
    wide = np.linspace(LOWEST_64, 0, 5000)
    np.testing.assert_allclose([exp64(x) for x in wide], np.exp(wide), rtol=1e-14)
    assert exp32(np.float32(0)) == 1.0
    assert exp64(0.0) == 1.0


@pytest.mark.parametrize("counts", [[1, 24, 25, 63, 64, 65], [2047, 2048, 2049], [5000, 1, 9000]])
def test_classes_of_every_size(counts: list[int]) -> None:
    """Sizes on both sides of every border in the kernel, ascending logits so that the maximum moves."""
    rng = np.random.default_rng(0)
    class_of_token = np.repeat(np.arange(len(counts)), counts)
    order = rng.permutation(len(class_of_token))
    logits = np.sort(rng.uniform(-200, 200, (1, len(class_of_token)))).astype(np.float32)
    logits[0, rng.random(logits.shape[1]) < 0.1] = -np.inf
    tokens = np.argsort(class_of_token[order], kind="stable").astype(np.uint32)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    best, mass, mean = (np.empty((1, len(counts))) for _ in range(3))
    normaliser = np.empty(1)
    assert (
        reduce_rows(logits, logits.view(np.int32), tokens, offsets, 0, 1, best, mass, mean, normaliser) == -1
    )
    total = np.logaddexp.reduce(logits[0].astype(np.float64))
    assert normaliser[0] == pytest.approx(total, abs=1e-6)
    for c in range(len(counts)):
        values = logits[0, class_of_token[order] == c].astype(np.float64)
        top, log_sum = values.max(), np.logaddexp.reduce(values)
        assert best[0, c] == pytest.approx(top - total, abs=1e-6)
        if top > -np.inf:
            weights = np.exp(values - log_sum)
            expected = np.sum(weights[weights > 0] * (values[weights > 0] - top))
            assert mass[0, c] == pytest.approx(log_sum - total, abs=1e-6)
            assert mean[0, c] == pytest.approx(expected, abs=1e-5)


def test_choices_are_quantiles() -> None:
    weights = np.array([-np.inf, 0.0, -1.0, -np.inf, -np.inf, 2.0, -np.inf])
    p = np.exp(weights) / np.exp(weights).sum()
    for uniform in np.linspace(0, 1, 1001)[:-1]:
        expected = int(np.searchsorted(np.cumsum(p), uniform, side="right"))
        chosen, log_prob = choose(weights, uniform)
        assert chosen == expected
        assert log_prob == pytest.approx(np.log(p[chosen]))
    assert choose(weights, np.nextafter(1.0, 0.0))[0] == 5
    assert choose(weights, 0.0)[0] == 1


def test_tokens_are_drawn_at_quantiles() -> None:
    rng = np.random.default_rng(0)
    row = rng.standard_normal(10_000).astype(np.float32)
    row[rng.random(10_000) < 0.5] = -np.inf
    tokens = np.sort(rng.permutation(10_000)[:7000]).astype(np.uint32)
    weights = np.exp(row[tokens].astype(np.float64) - row[tokens].max())
    cumulated = np.cumsum(weights) / weights.sum()
    buffer = np.empty(CHUNK, dtype=np.float32)
    for uniform in rng.random(500):
        chosen = draw_token(row, tokens, row[tokens].max(), weights.sum(), uniform, buffer)
        place = int(np.searchsorted(tokens, chosen))
        assert cumulated[place] - weights[place] / weights.sum() <= uniform + 1e-6
        assert uniform <= cumulated[place] + 1e-6
        assert row[chosen] > -np.inf
    for uniform in (0.0, np.nextafter(1.0, 0.0)):
        assert row[draw_token(row, tokens, row[tokens].max(), weights.sum(), uniform, buffer)] > -np.inf


def test_the_layout_adds_end_and_tail() -> None:
    automaton = trimmed(np.array([[1, -1, -1, 0], [1, -1, 0, 0]]), np.array([False, True]), (1,))
    assert automaton is not None
    layout = build_layout(automaton, (1,))
    assert layout.step(1, 1) == layout.ended
    assert layout.step(0, 1) == -1
    assert layout.step(layout.ended, 2) == layout.ended
    assert layout.step(0, 99) == -1
    assert layout.class_of_token[1] == layout.end_class
    assert [layout.tokens_of_class(layout.end_class).tolist(), int(layout.class_offsets[-1])] == [[1], 4]
