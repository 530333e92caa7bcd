"""Muon, the momentum of matrices made orthogonal, on all matrices of one shape at once.

In bfloat16 where the machine multiplies it faster, else in float32: torch's own always rounds to bfloat16, which a CPU
without instructions for it multiplies ten times slower, and it takes one small matrix at a time.

Source: Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; the step's size is that of Liu et
al., "Muon is scalable for LLM training", 2025 (it matches AdamW's root mean square).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

__all__ = ["Muon", "orthogonal"]

_A, _B, _C = 3.4445, -4.7750, 2.0315
"""Coefficients of the quintic Newton-Schulz iteration."""
_ITERATIONS = 5


def orthogonal(matrices: Tensor) -> Tensor:
    """The nearest matrices [N, rows, columns] with singular values near one, by five Newton-Schulz iterations.

    The iterations are in the type of ``matrices``.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.transpose(1, 2) if tall else matrices
    x = x / x.flatten(1).norm(dim=1).clamp_min(1e-7)[:, None, None]
    for _ in range(_ITERATIONS):
        gram = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=_B, alpha=_C), x, beta=_A)
    return x.transpose(1, 2) if tall else x


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum and decoupled weight decay, for two-dimensional parameters.

    Args:
        params: the matrices.
        lr: learning rate, on the scale of AdamW's.
        momentum: of the gradients' mean.
        weight_decay: share of a weight that a step of rate one takes away.
        dtype: of the iterations that make a step orthogonal.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.dtype = dtype

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One step along the gradients."""
        assert closure is None
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
            for p in group["params"]:
                if p.grad is not None:
                    by_shape.setdefault(p.shape, []).append((p, p.grad))
            for shape, pairs in by_shape.items():
                updates: list[Tensor] = []
                for p, grad in pairs:
                    state = self.state[p]
                    if "momentum_buffer" not in state:
                        state["momentum_buffer"] = torch.zeros_like(p)
                    mean = state["momentum_buffer"].lerp_(grad, 1 - group["momentum"])
                    updates.append(grad.lerp(mean, group["momentum"]))
                size = group["lr"] * 0.2 * max(shape) ** 0.5
                for (p, _), update in zip(
                    pairs, orthogonal(torch.stack(updates).to(self.dtype)), strict=True
                ):
                    p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(update, alpha=size)
