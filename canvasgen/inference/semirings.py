"""The three semirings of the recurrence, on torch tensors.

A semiring (⊕, ⊗, 0, 1) turns one recurrence into three answers: what is possible (Boolean), how probable it
is in all (log), how probable the best of it is (max). Source: Goodman, "Semiring Parsing", Computational
Linguistics 25(4), 1999.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

__all__ = ["Boolean", "Log", "Max", "Semiring"]


class Semiring(Protocol):
    """A commutative semiring over the last axis of tensors."""

    zero: float
    one: float
    dtype: torch.dtype

    def lift(self, log_weights: Tensor) -> Tensor:
        """Elements of the semiring for log-probabilities (−inf becomes zero)."""
        ...

    def times(self, a: Tensor, b: Tensor) -> Tensor:
        """a ⊗ b, broadcast."""
        ...

    def sum(self, values: Tensor, index: Tensor, size: int) -> Tensor:
        """⊕ over the last axis by group: `values[..., N]`, `index: int64[N]` -> `[..., size]`."""
        ...


def _extremes(values: Tensor, index: Tensor, size: int) -> Tensor:
    out = values.new_full((*values.shape[:-1], size), -torch.inf)
    return out.scatter_reduce(-1, index.expand_as(values), values, "amax")


class Log:
    """Real numbers as logarithms: ⊕ = logaddexp, ⊗ = +; a true −inf is zero."""

    zero, one, dtype = -torch.inf, 0.0, torch.float64

    def lift(self, log_weights: Tensor) -> Tensor:
        """The log-probabilities themselves."""
        return log_weights

    def times(self, a: Tensor, b: Tensor) -> Tensor:
        """Sum of the logarithms."""
        return a + b

    def sum(self, values: Tensor, index: Tensor, size: int) -> Tensor:
        """Log of the sum of exponentials of each group, relative to the group's own maximum."""
        top = _extremes(values, index, size)
        shift = torch.where(top == -torch.inf, 0.0, top)
        spread = (values - shift.gather(-1, index.expand_as(values))).exp()
        return torch.zeros_like(top).index_add(top.ndim - 1, index, spread).log() + shift


class Max:
    """The best of alternatives: ⊕ = max, ⊗ = +."""

    zero, one, dtype = -torch.inf, 0.0, torch.float64

    def lift(self, log_weights: Tensor) -> Tensor:
        """The log-probabilities themselves."""
        return log_weights

    def times(self, a: Tensor, b: Tensor) -> Tensor:
        """Sum of the logarithms."""
        return a + b

    def sum(self, values: Tensor, index: Tensor, size: int) -> Tensor:
        """Largest value of each group."""
        return _extremes(values, index, size)


class Boolean:
    """Possible or not: ⊕ = or, ⊗ = and."""

    zero, one, dtype = 0.0, 1.0, torch.bool

    def lift(self, log_weights: Tensor) -> Tensor:
        """True where the probability is positive."""
        return log_weights > -torch.inf

    def times(self, a: Tensor, b: Tensor) -> Tensor:
        """Both."""
        return a & b

    def sum(self, values: Tensor, index: Tensor, size: int) -> Tensor:
        """Any of each group."""
        out = torch.zeros((*values.shape[:-1], size), dtype=torch.uint8, device=values.device)
        return out.scatter_reduce(-1, index.expand_as(values), values.to(torch.uint8), "amax").bool()
