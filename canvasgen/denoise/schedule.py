"""The temperature of each denoising step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from canvasgen.denoise.job import Job
from canvasgen.denoise.protocol import Denoiser
from canvasgen.denoise.stopping.dial import dialled_steps

__all__ = ["Schedule", "schedule_of"]


@dataclass(frozen=True)
class Schedule:
    """Linear in the steps that are left: `t_min + (t_max - t_min) * left / steps`, as DiffusionGemma's own,
    in float32.

    Attributes:
        t_min, t_max: the limits; equal for a constant temperature.
        steps: denoising steps of a block.
    """

    t_min: float
    t_max: float
    steps: int

    def __post_init__(self) -> None:
        if not (0 < self.t_min <= self.t_max) or self.steps < 1:
            raise ValueError(f"a schedule needs 0 < t_min <= t_max and steps >= 1, not {self}")

    def temperature(self, step: int) -> float:
        """The temperature of step 1, 2, …, `steps`."""
        left = np.float32(self.steps - step + 1) / np.float32(self.steps)
        return float(np.float32(self.t_min) + np.float32(self.t_max - self.t_min) * left)

    def skipped(self, strength: float) -> int:
        """Steps left out before the first where only the last `strength` of the schedule is run; never all."""
        return min(self.steps - 1, int((1.0 - strength) * self.steps))

    def progress(self, step: int) -> float:
        """How much of the way lies behind at the step: 0 at the first, 1 at the last."""
        return (step - 1) / (self.steps - 1) if self.steps > 1 else 1.0


def schedule_of(job: Job, denoiser: Denoiser) -> Schedule:
    """The schedule of a job's blocks: the model's own temperatures, unless the job has one above zero."""
    defaults = denoiser.defaults
    steps = job.max_denoising_steps
    if steps is None:
        steps = dialled_steps(defaults.max_denoising_steps, job.quality)
    if job.temperature is None or job.temperature == 0:
        return Schedule(defaults.t_min, defaults.t_max, steps)
    return Schedule(job.temperature, job.temperature, steps)
