"""How often a step of the loop waits for the device."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "inference"))

import gemma_toys
from counting import Counting

import canvasgen as cg
from canvasgen.denoise import Batch, Job, beliefs
from canvasgen.inference import condition_batch
from canvasgen.models.diffusion_gemma import DiffusionGemma


def requests(rows: int, compiled: cg.CompiledConstraint) -> list[Job]:
    """Constrained and sampled; with three also a greedy and a free one."""
    kinds = [(compiled, None), (compiled, 0.0), (None, None)]
    return [
        Job([5, 6, 7], constraint, max_tokens=12, max_denoising_steps=9, temperature=temperature, seed=seed)
        for seed, (constraint, temperature) in enumerate(kinds[:rows])
    ]


@pytest.mark.parametrize("backend", ["numba", "torch"])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_step_reads_the_device_once_whatever_its_rows(
    rows: int, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors, trace, best canvases and what has converged come in one copy; on the CPU once more, to spare a pass."""
    denoiser = DiffusionGemma(gemma_toys.model(), gemma_toys.vocabulary())
    compiled = cg.regex("[A-Z]{3,9}").compile(denoiser.vocabulary)
    batch = Batch(denoiser)
    for job in requests(rows, compiled):
        batch.add(job)
    batch.step()
    model, counting = denoiser.model.forward, Counting()
    monkeypatch.setattr(batch, "_fresh", lambda numbers: gemma_toys_noise(numbers, denoiser))
    monkeypatch.setattr(beliefs, "condition_batch", partial(condition_batch, backend=backend))

    def outside(*args: object, **options: object) -> object:
        """The model's pass is not the loop's."""
        before = counting.reads.copy()
        answer = model(*args, **options)
        counting.reads.clear()
        counting.reads.update(before)
        return answer

    monkeypatch.setattr(denoiser.model, "forward", outside)
    with counting:
        batch.step()
    assert len(batch) == rows
    assert counting.reads["__bool__"] == 1  # `converged`, on the CPU alone
    assert counting.reads["__int__"] == 1  # the seed of a sample, a number of the host
    assert counting.reads["_local_scalar_dense"] == 2  # the same two
    own = {"torch": (0, 0), "numba": (1, 2)}[
        backend
    ]  # what numba takes itself: logits, and its random numbers
    assert (counting.reads["cpu"] - own[0], counting.reads["numpy"] - own[1]) == (1, 1)
    assert len(counting.reads) == 5


def gemma_toys_noise(numbers: list[int], denoiser: DiffusionGemma) -> object:
    import torch

    return torch.zeros((len(numbers), denoiser.canvas_length), dtype=torch.int64)
