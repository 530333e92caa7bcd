"""How often a step of the loop waits for the device."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "inference"))

import gemma_toys
from counting import Counting

import canvasgen as cg
from canvasgen.denoise import Batch, Job
from canvasgen.models.diffusion_gemma import DiffusionGemma


@pytest.mark.parametrize("rows", [1, 3])
def test_a_step_reads_the_device_three_times_whatever_its_rows(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors, the trace with the best canvases, and what has converged; on the CPU once more, to spare a pass."""
    denoiser = DiffusionGemma(gemma_toys.model(), gemma_toys.vocabulary())
    compiled = cg.regex("[A-Z]{3,9}").compile(denoiser.vocabulary)
    batch = Batch(denoiser)
    for seed in range(rows):
        batch.add(Job([5, 6, 7], compiled, max_tokens=12, max_denoising_steps=9, seed=seed))
    batch.step()
    model, counting = denoiser.model.forward, Counting()
    monkeypatch.setattr(batch, "_fresh", lambda numbers: gemma_toys_noise(numbers, denoiser))

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
    assert counting.reads["cpu"] <= 3 + 1, (
        counting.reads
    )  # numba takes its random numbers, which are on the host
    assert counting.reads["__bool__"] <= 1, counting.reads


def gemma_toys_noise(numbers: list[int], denoiser: DiffusionGemma) -> object:
    import torch

    return torch.zeros((len(numbers), denoiser.canvas_length), dtype=torch.int64)
