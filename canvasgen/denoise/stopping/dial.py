"""The dial between quality and time: `quality` sets steps and thresholds, a target in time sets steps as they are measured.

    quality     steps of a block     certain     likely     patience     patience_cycle
    0   fast    a quarter            0.5         0.1        2            4
    0.5 balanced    all              the policy's own
    1   best    all                  0.99        0.9        twice        twice

and linearly between. A number of steps is that of the model (`Defaults.max_denoising_steps`); the temperature falls over the
steps there are, so a shorter schedule is the same one in larger strides.

`Pace` plans the steps of a block from the time that is left and the time that the row's last steps took. It plans anew after
each step: a step is fast or slow by the model, the canvas, the constraint and the rows that share it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import median

from canvasgen.denoise.policy import Policy

__all__ = ["Pace", "dialled", "dialled_steps"]

_FEWEST = 0.25
"""The share of the model's steps at quality 0."""
_LOOKED_AT = 3
"""Last steps whose median is what the next one is expected to take."""


def dialled(policy: Policy, quality: float | None) -> Policy:
    """Return the policy with the thresholds of a quality, 0 to 1; as it is for None."""
    if quality is None:
        return policy

    def between(fast: float, balanced: float, best: float) -> float:
        low, high, share = (
            (fast, balanced, quality * 2) if quality < 0.5 else (balanced, best, quality * 2 - 1)
        )
        return low + (high - low) * share

    return replace(
        policy,
        certain=between(min(policy.certain, 0.5), policy.certain, max(policy.certain, 0.99)),
        likely=between(min(policy.likely, 0.1), policy.likely, max(policy.likely, 0.9)),
        patience=round(between(min(policy.patience, 2), policy.patience, policy.patience * 2)),
        patience_cycle=round(
            between(min(policy.patience_cycle, 4), policy.patience_cycle, policy.patience_cycle * 2)
        ),
    )


def dialled_steps(steps: int, quality: float | None) -> int:
    """Return how many of the model's steps a block may take at a quality, at least 1."""
    if quality is None or quality >= 0.5:
        return steps
    return max(1, round(steps * (_FEWEST + (1 - _FEWEST) * quality * 2)))


@dataclass(frozen=True)
class Pace:
    """The time of a row, and what its last steps took; all in seconds of one clock.

    Attributes:
        target: for the whole row.
        begun: when it began.
        last: when its last step ended, or its first one began.
        steps: of the last few steps.
    """

    target: float
    begun: float = 0.0
    last: float = 0.0
    steps: tuple[float, ...] = ()

    def after_step(self, now: float) -> Pace:
        """Return the pace after one more step."""
        return replace(self, last=now, steps=(*self.steps, now - self.last)[-_LOOKED_AT:])

    def steps_left(self, further_blocks: int) -> int | None:
        """Return how many more steps this block may take, if as much time goes to each block that is still needed.

        None if no step has been measured.
        """
        if not self.steps:
            return None
        time = self.target - (self.last - self.begun)
        step = max(median(self.steps), 1e-9)
        return max(0, math.floor(time / (1 + further_blocks) / step))
