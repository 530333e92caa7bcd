"""The Triton backend obeys the laws, holds on extreme logits, and runs the whole loop, in Triton's interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import quick_interpreter
import torch
from called_cases import random_called
from inference_oracle import TableAutomaton
from laws import LAWS, Case, a_batch_is_its_rows, check
from quick_interpreter import needs_triton
from test_laws import uneven
from test_numerics import chain, random_automaton

from canvasgen import extras
from canvasgen.errors import MissingPackage, ModelError
from canvasgen.inference import Request, condition, condition_batch, registry
from canvasgen.inference.triton_backend import TritonBackend

quick_interpreter.enter()
pytestmark = pytest.mark.filterwarnings("ignore:(invalid value|divide by zero|overflow):RuntimeWarning")


@pytest.mark.slow
@needs_triton
def test_a_row_obeys_the_laws() -> None:
    case = Case(uneven()[1:], 3, "triton", torch.bfloat16, draws=2)
    for law in LAWS:
        if law is not a_batch_is_its_rows:
            law(case)


@pytest.mark.slow
@needs_triton
def test_the_laws_hold() -> None:
    """On two rows of different lengths, one with a fixed token, with something behind the budget."""
    first, second = uneven()
    check(Case([replace(first, fixed={1: 0}), second], 4, "triton", draws=3))


@needs_triton
def test_automata_with_calls_are_read_with_copies() -> None:
    automaton = random_called(np.random.default_rng(0), 3, 2, 4)
    logits = np.random.default_rng(1).standard_normal((3, 4)).astype(np.float32)
    answers = [condition(automaton, logits, remaining=6, backend=name) for name in ("triton", "numba")]
    np.testing.assert_allclose(answers[0].log_partition, answers[1].log_partition, atol=1e-5)
    np.testing.assert_array_equal(answers[0].best, answers[1].best)


@pytest.mark.slow
@needs_triton
@pytest.mark.parametrize("values", ["float64", "float32"])
@pytest.mark.parametrize("depth", [200.0, 5000.0])
def test_a_class_far_below_the_maximum_keeps_its_value(
    depth: float, values: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The only valid canvas lies 4 × `depth` nats below the best one: float32 underflows where shares are multiplied."""
    monkeypatch.setitem(registry._backends, "triton", TritonBackend(values))
    canvas = [1, 2] * 2
    logits = np.zeros((4, 20), dtype=np.float32)
    logits[:, 7] = depth
    posterior = condition(chain(canvas, 20), logits, backend="triton")
    expected = -4 * (depth + np.log1p(19 * np.exp(-depth)))
    assert posterior.log_partition == pytest.approx(expected, rel=1e-12)
    assert posterior.best.tolist() == canvas
    np.testing.assert_allclose(posterior.allowed_mass, expected / 4, rtol=1e-9)
    np.testing.assert_allclose(posterior.entropies, 0.0, atol=1e-6)


@pytest.mark.slow
@needs_triton
@pytest.mark.parametrize("values", ["float64", "float32"])
def test_a_dead_end_far_above_the_only_way(values: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A prefix e^200 times as probable as the rest leads nowhere: float32 values are taken relative to what can end."""
    monkeypatch.setitem(registry._backends, "triton", TritonBackend(values))
    table = np.array(
        [[1, 2, 2], [1, -1, -1], [-1, 2, 2]]
    )  # state 1 loops, and is accepting far behind the budget only
    automaton = TableAutomaton(table, np.array([False, True, True]), ())
    object.__setattr__(automaton, "distance", np.array([1, 100, 0], dtype=np.int32))
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((8, 3)).astype(np.float32)
    logits[:, 0] += 25.0
    answers = [condition(automaton, logits, backend=backend) for backend in ("triton", "torch")]
    tolerance = 5e-5 if values == "float32" else 5e-6
    assert answers[0].log_partition == pytest.approx(answers[1].log_partition, abs=tolerance)
    np.testing.assert_allclose(answers[0].marginals(), answers[1].marginals(), atol=tolerance)


@needs_triton
def test_one_hot_positions() -> None:
    canvas = np.random.default_rng(0).integers(0, 20, 4).tolist()
    logits = np.full((4, 20), -np.inf, dtype=np.float32)
    logits[np.arange(4), canvas] = 3.0
    posterior = condition(chain(canvas, 20), logits, backend="triton")
    assert posterior.log_partition == 0.0
    assert posterior.best.tolist() == canvas
    assert posterior.sample(1, seed=3).tolist() == [canvas]
    np.testing.assert_array_equal(posterior.entropies, 0.0)
    assert posterior.forced.all()


@pytest.mark.slow
@needs_triton
def test_one_bad_row_does_not_touch_the_others() -> None:
    good = uneven()[0]
    requests = [Request(good.automaton, pad_id=0) for _ in range(5)]
    logits = torch.as_tensor(np.stack([good.logits] * 5))
    logits[1, 2], logits[2, 1, 2], logits[3, 0] = torch.nan, torch.inf, -torch.inf
    logits[4] *= 1e10
    several = condition_batch(requests, logits, check=False, backend="triton")
    assert [None if error is None else error.path for error in several.errors()] == [
        None, "position 2", "position 1", "position 0", "position 0",
    ]  # fmt: skip
    for answers in (several.entropies, several.allowed_mass, several.best, several.sample(range(5))):
        assert not answers.isnan().any()
    alone = condition_batch(requests[:1], logits[:1], backend="triton")
    assert several.log_partition[0] == alone.log_partition[0]
    assert torch.equal(several.best[0], alone.best[0])


@pytest.mark.slow
@needs_triton
@pytest.mark.parametrize("values", ["float64", "float32"])
def test_logits_of_thirty(values: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight positions of logits up to ±30, a third of them −inf, beside the reference."""
    monkeypatch.setitem(registry._backends, "triton", TritonBackend(values, chunk=64))
    automaton = random_automaton(12, 150, 10)
    rng = np.random.default_rng(1)
    logits = rng.uniform(-30, 30, (8, 150)).astype(np.float32)
    logits[rng.random(logits.shape) < 0.3] = -np.inf
    fast, plain = (condition(automaton, logits, backend=name, remaining=5) for name in ("triton", "torch"))
    assert fast.log_partition == pytest.approx(plain.log_partition, abs=5e-5)
    np.testing.assert_allclose(np.exp(fast.class_log_marginals), np.exp(plain.class_log_marginals), atol=5e-5)
    np.testing.assert_array_equal(fast.class_log_marginals > -np.inf, plain.class_log_marginals > -np.inf)
    np.testing.assert_allclose(fast.entropies, plain.entropies, atol=5e-4 if values == "float32" else 2e-5)
    np.testing.assert_array_equal(np.asarray(fast.mask), np.asarray(plain.mask))
    np.testing.assert_array_equal(fast.best, plain.best)
    np.testing.assert_array_equal(fast.sample(1, seed=5), plain.sample(1, seed=5))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str) -> None:
        raise ModuleNotFoundError(f"no {module}", name=module)

    monkeypatch.setattr(extras, "import_module", missing)
    good = uneven()[0]
    with pytest.raises(MissingPackage, match="triton") as caught:
        condition(good.automaton, good.logits, backend="triton")
    assert caught.value.remedy == "pip install 'canvasgen[gpu]'"


@pytest.mark.slow
@needs_triton
def test_the_cpu_is_refused_without_the_interpreter() -> None:
    script = (
        "import torch; from canvasgen.inference.batch import Batch; "
        "from canvasgen.inference.triton_backend import TritonBackend; "
        "TritonBackend().condition(Batch([], [torch.zeros(1, 2)], None, True, 1))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "TRITON_INTERPRET": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{ModelError.__name__}: the backend `triton` computes on CUDA" in found.stderr
