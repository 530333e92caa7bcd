"""The recurrence over runs of edges, against the plain reference and the recurrence over single edges."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.automata import byte_set, concat, literal, repeat, to_dfa, union
from canvasgen.inference import Posterior, condition
from canvasgen.inference.known_layouts import layout_of
from canvasgen.inference.numba_backend.extremes import largest, least_finite
from canvasgen.inference.numba_backend.runs import run_layout as runs
from canvasgen.tokens import TokenAutomaton, lift
from canvasgen.vocabulary import Vocabulary

VOCABULARY = Vocabulary([b"a", b"b", b"ab", b"aab", b'"', b'a"', b'","', b"1", None], [8])
LETTER = byte_set([(97, 98)])


def automaton(low: int, high: int, *, again: bool) -> TokenAutomaton:
    """Counted strings, one or any number of them; a fresh one each time, so that its layout is looked at anew."""
    text = concat(literal('"'), repeat(LETTER, low, high), literal('"'))
    return lift(to_dfa(union(repeat(text, 1, None) if again else text, literal("1"))), VOCABULARY)


@pytest.fixture(autouse=True)
def _every_size() -> Iterator[None]:
    with patch.object(runs, "LEAST_EDGES", 0), patch.object(runs, "SHORTEST", 4):
        yield


def logits(length: int, spread: float, impossible: float, seed: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((length, VOCABULARY.size)).astype(np.float32) * spread
    values[rng.random(values.shape) < impossible] = -np.inf
    values[:, [0, 4, 8]] = np.maximum(values[:, [0, 4, 8]], -3 * spread)  # some text is always possible
    return torch.from_numpy(values)


def assert_equal(found: Posterior, wanted: Posterior) -> None:
    assert found.log_partition == pytest.approx(wanted.log_partition, abs=1e-9)
    for name in ("alpha", "beta", "to_go"):
        np.testing.assert_allclose(
            getattr(found.arrays, name), getattr(wanted.arrays, name), rtol=1e-10, atol=1e-9
        )
    np.testing.assert_allclose(found.class_log_marginals, wanted.class_log_marginals, rtol=1e-9, atol=1e-8)
    np.testing.assert_array_equal(found.best, wanted.best)


@pytest.mark.parametrize("again", [False, True], ids=["once", "repeated"])
@pytest.mark.parametrize("low", [0, 30])
def test_layers_are_runs(low: int, again: bool) -> None:
    made = automaton(low, 60, again=again)
    layout = layout_of(made, made.end_ids)
    found = runs.runs_of(layout)
    assert found is not None
    assert found.length.min() >= 4
    edges = {
        (int(s) + j, int(t) + j, int(z))
        for s, t, z, n in zip(found.source, found.target, found.index, found.length, strict=True)
        for j in range(n)
    }
    rest = set(
        zip(
            found.by_source.group.tolist(),
            found.by_source.first.tolist(),
            found.by_source.second.tolist(),
            strict=True,
        )
    )
    whole = layout.by_source
    assert edges | rest == set(
        zip(whole.group.tolist(), whole.first.tolist(), whole.second.tolist(), strict=True)
    )
    assert len(edges) + len(rest) == len(whole.group) == int(found.length.sum()) + len(rest)
    assert len(edges) > len(rest)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([(0, 20), (0, 40), (14, 40), (30, 30)]),
    st.booleans(),
    st.sampled_from([1, 5, 24, 45]),
    st.sampled_from([0.5, 4.0, 40.0, 400.0]),
    st.sampled_from([0.0, 0.3]),
    st.integers(0, 99),
)
def test_answers_are_those_of_single_edges(
    bounds: tuple[int, int], again: bool, length: int, spread: float, impossible: float, seed: int
) -> None:
    made, given_logits = automaton(*bounds, again=again), logits(length, spread, impossible, seed)
    with patch.object(runs, "LEAST_EDGES", 10**9):
        single = condition(made, given_logits, remaining=50, backend="numba")
        single.best, single.entropies
    assert runs.runs_of(layout_of(made, made.end_ids)) is not None
    found = condition(made, given_logits, remaining=50, backend="numba")
    assert_equal(found, single)


@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_answers_are_those_of_the_reference(spread: float) -> None:
    made, given_logits = automaton(0, 30, again=True), logits(12, spread, 0.1, 3)
    found = condition(made, given_logits, remaining=9, backend="numba")
    assert runs.runs_of(layout_of(made, made.end_ids)) is not None
    plain = condition(made, given_logits, remaining=9, backend="torch")
    assert found.log_partition == pytest.approx(plain.log_partition, abs=1e-4)
    np.testing.assert_allclose(found.class_log_marginals, plain.class_log_marginals, atol=1e-3)
    np.testing.assert_array_equal(found.best, plain.best)
    np.testing.assert_array_equal(found.mask, plain.mask)


def test_a_small_or_ragged_automaton_has_no_runs() -> None:
    made = lift(to_dfa(union(literal("ab1"), literal('b"a'))), VOCABULARY)
    assert runs.runs_of(layout_of(made, made.end_ids)) is None
    counted = automaton(0, 40, again=False)
    with patch.object(runs, "LEAST_EDGES", 10**6):
        assert runs.runs_of(layout_of(counted, counted.end_ids)) is None


@pytest.mark.parametrize(
    "values", [[], [-np.inf], [-np.inf, 2.0, -3.5], [-0.0, 0.0], [-1e300, 1e-300, np.inf], [-5.0] * 9]
)
def test_extremes(values: list[float]) -> None:
    array = np.array(values)
    assert largest(array) == max(values, default=-np.inf)
    assert least_finite(array) == min((x for x in values if x > -np.inf), default=np.inf)
