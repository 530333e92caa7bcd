"""The numba kernels' fast sums by shares against sums relative to each one's own largest term; tables read again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_oracle import TableAutomaton
from test_numerics import random_automaton

from canvasgen.inference import Request, condition, condition_batch
from canvasgen.inference.known_layouts import layout_of
from canvasgen.inference.numba_backend.chain_kernels import pair_log, share_rows, sweep_log
from canvasgen.inference.numba_backend.class_kernels import reduce_rows
from canvasgen.inference.numba_backend.exponential import log64
from canvasgen.inference.numba_backend.reuse import reduced_again
from canvasgen.inference.numba_backend.row import NumbaRow
from canvasgen.inference.numba_backend.side_by_side import reduce_side_by_side


def test_the_logarithm() -> None:
    rng = np.random.default_rng(0)
    wide = np.exp(rng.uniform(-700, 700, 20_000))
    np.testing.assert_allclose([log64(x) for x in wide], np.log(wide), rtol=1e-15, atol=1e-15)
    near = 1 + rng.uniform(-0.3, 0.42, 20_000)
    np.testing.assert_allclose([log64(x) for x in near], np.log(near), rtol=0, atol=2e-16)
    assert log64(1.0) == 0.0


@pytest.mark.parametrize("length", [1, 15, 16, 37])
def test_positions_side_by_side_are_read_as_one_by_one(length: int) -> None:
    """Empty classes, classes of one and of many tokens, −inf, +inf, far values; part of the rows; NaN is found."""
    rng = np.random.default_rng(length)
    offsets = np.array([0, 1, 1, 3, 40, 41, 300], dtype=np.int32)
    tokens = rng.permutation(300).astype(np.uint32)
    logits = (rng.standard_normal((length, 300)) * rng.choice([1, 30, 1000], (length, 1))).astype(np.float32)
    logits[rng.random(logits.shape) < 0.3] = -np.inf
    logits[-1, :7] = np.inf
    found = [
        [
            np.full((length, 6), np.nan),
            *(np.full((length, 6), np.nan) for _ in range(2)),
            np.full(length, np.nan),
        ]
        for _ in range(2)
    ]
    for kernel, arrays in zip((reduce_rows, reduce_side_by_side), found, strict=True):
        for first, last in ((0, length // 2), (length // 2, length)):
            assert kernel(logits, logits.view(np.int32), tokens, offsets, first, last, *arrays) == -1
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-5)
    logits[length // 2, 299] = np.nan
    for kernel, arrays in zip((reduce_rows, reduce_side_by_side), found, strict=True):
        assert kernel(logits, logits.view(np.int32), tokens, offsets, 0, length, *arrays) == length // 2


def plain_sweep(group: np.ndarray, other: np.ndarray, weights: np.ndarray, start: np.ndarray) -> np.ndarray:
    """`[L + 1, S]`; weights `[L, E]`."""
    rows = [start]
    for row in weights:
        terms = rows[-1][other] + row
        rows.append(
            np.array([np.logaddexp.reduce(terms[group == g], initial=-np.inf) for g in range(len(start))])
        )
    return np.array(rows)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.sampled_from([1.0, 30.0, 250.0, 900.0, 5000.0]),
    holes=st.sampled_from([0.0, 0.3, 0.8]),
)
def test_sums_of_any_range(seed: int, spread: float, holes: float) -> None:
    """Values that lie e^-5000 apart, with some −inf, both ways, and the pairs of both."""
    rng = np.random.default_rng(seed)
    states, edges, sets, length = 12, 40, 7, 6
    source, target, index = (rng.integers(0, size, edges).astype(np.int32) for size in (states, states, sets))
    weights = -rng.uniform(0, spread, (length, sets))
    weights[rng.random(weights.shape) < holes] = -np.inf
    ends = [np.where(rng.random(states) < holes, -np.inf, -rng.uniform(0, spread, states)) for _ in range(2)]
    shares = np.empty_like(weights)
    share_rows(weights, 0, length, shares)
    found = []
    for reverse in (False, True):
        group, other = (source, target) if reverse else (target, source)
        order = np.argsort(group, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=states))]).astype(np.int32)
        out, out_shares, tops = (
            np.empty((length + 1, states)),
            np.empty((length + 1, states)),
            np.empty(length + 1),
        )
        out[-1 if reverse else 0] = ends[reverse]
        sweep_log(offsets, other[order], index[order], weights, shares, reverse, out, out_shares, tops)
        on_edges = weights[:, index]
        expected = plain_sweep(group, other, on_edges[::-1] if reverse else on_edges, ends[reverse])
        np.testing.assert_allclose(out, expected[::-1] if reverse else expected, rtol=1e-13, atol=1e-12)
        found.append((out, out_shares, tops))
    order = np.argsort(index, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(index, minlength=sets))]).astype(np.int32)
    scores = np.empty((length, sets))
    pair_log(offsets, source[order], target[order], *found[0], *found[1], 0, length, scores)
    alpha, beta = found[0][0], found[1][0]
    for i in range(length):
        terms = alpha[i, source] + beta[i + 1, target]
        for z in range(sets):
            expected = np.logaddexp.reduce(terms[index == z], initial=-np.inf)
            np.testing.assert_allclose(scores[i, z], expected, rtol=1e-13, atol=1e-12)


def test_tables_are_read_again_only_where_they_can_be() -> None:
    """From a constraint of more tokens to one of fewer; not the other way, and not with tokens fixed."""
    table = random_automaton(8, 300, 25).table
    many, few = (
        TableAutomaton(
            np.where(np.arange(300) % step == 0, table, -1), np.ones(len(table), dtype=bool), (299,)
        )
        for step in (7, 21)
    )
    logits = np.random.default_rng(3).standard_normal((20, 300)).astype(np.float32)
    layouts = [layout_of(one, one.end_ids) for one in (many, few)]
    for one, mine, other, other_layout, possible in (
        (many, layouts[0], few, layouts[1], True),
        (few, layouts[1], many, layouts[0], False),
    ):
        row = condition(one, logits, remaining=5).arrays
        assert isinstance(row, NumbaRow)
        again = reduced_again(other_layout, row.segments, mine, row.tables)
        assert (again is not None) == possible
        if again is not None:
            anew = condition(other, logits, remaining=5).arrays.tables
            for name in ("best", "mass", "mean", "normaliser"):
                np.testing.assert_allclose(getattr(again, name), getattr(anew, name), atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing_in_a_batch(threads: int) -> None:
    requests = [Request(random_automaton(20 + b, 80, 12, b), remaining=3, length=20 - b) for b in range(6)]
    logits = torch.as_tensor(np.random.default_rng(0).standard_normal((6, 20, 80)), dtype=torch.float32)
    one, several = (condition_batch(requests, logits, threads=count) for count in (1, threads))
    for name in ("log_partition", "entropies", "allowed_mass", "best", "forced"):
        assert torch.equal(getattr(one, name), getattr(several, name)), name
    assert torch.equal(one.sample(range(6)), several.sample(range(6)))
    assert torch.equal(one.constrained_logits(), several.constrained_logits())
