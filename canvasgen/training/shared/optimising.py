"""The optimizers of a training run, their rates over its time, and the averaged weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from canvasgen.training.shared.muon import Muon


class Optimising:
    """Muon for matrices, AdamW for the rest, and averages of all parameters, which are what is saved.

    Args:
        matrices, others: the parameters of each.
        matrix_rate, other_rate: learning rates.
        average: decay of the averages.
        warmup: steps of rising rates.
        decay: last share of the run over which the rates fall to zero.
        dtype: of Muon's iterations.
    """

    def __init__(
        self,
        matrices: Sequence[Tensor],
        others: Sequence[Tensor],
        *,
        matrix_rate: float,
        other_rate: float,
        average: float,
        warmup: int,
        decay: float,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.parameters = [*matrices, *others]
        self.optimizers: list[torch.optim.Optimizer] = [
            Muon(matrices, lr=matrix_rate, momentum=0.95, weight_decay=0.01, dtype=dtype),
            torch.optim.AdamW(list(others), lr=other_rate, betas=(0.9, 0.97), weight_decay=0.0),
        ]
        self.rates = [group["lr"] for optimizer in self.optimizers for group in optimizer.param_groups]
        self.averages = [p.detach().clone() for p in self.parameters]
        self.average, self.warmup, self.decay = average, warmup, decay
        self.steps = 0

    def rate_factor(self, done: float) -> float:
        """Warm-up, level, then linear to zero; ``done`` is the share of the run that is over."""
        return min((self.steps + 1) / self.warmup, 1.0) * min((1 - min(done, 1.0)) / self.decay, 1.0)

    def step(self, done: float) -> float:
        """One step along the gradients, which it clears; returns their norm."""
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        factor = self.rate_factor(done)
        groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        for group, rate in zip(groups, self.rates, strict=True):
            group["lr"] = rate * factor
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        average = min(self.average, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for mean, current in zip(self.averages, self.parameters, strict=True):
                mean.lerp_(current, 1 - average)
        self.steps += 1
        return float(norm)

    def state(self) -> dict[str, Any]:
        """Everything a resumed run needs."""
        return {
            "parameters": [p.detach() for p in self.parameters],
            "averages": self.averages,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "steps": self.steps,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state()``."""
        with torch.no_grad():
            for mine, saved in zip(self.parameters, state["parameters"], strict=True):
                mine.copy_(saved)
        self.averages = state["averages"]
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.steps = state["steps"]

    def swap(self) -> None:
        """Exchange the parameters and their averages."""
        with torch.no_grad():
            for mine, average in zip(self.parameters, self.averages, strict=True):
                kept = mine.detach().clone()
                mine.copy_(average)
                average.copy_(kept)
