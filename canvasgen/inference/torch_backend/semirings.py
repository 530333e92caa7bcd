"""The semirings of the recurrence, on torch tensors.

A semiring (⊕, ⊗, 0, 1) turns one recurrence into several answers: how probable it is in all (log), how probable the
best of it is (max). Here ⊗ is addition, zero is −inf and one is 0 in both. Source: Goodman, "Semiring Parsing",
Computational Linguistics 25(4), 1999.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

__all__ = ["LOG", "MAX", "Semiring", "first_of"]

_LOWEST = torch.finfo(torch.float64).min


class Semiring(Protocol):
    """A commutative semiring of float64 logarithms over the last axis of tensors."""

    def sum(self, values: Tensor, index: Tensor, size: int) -> Tensor:
        """⊕ over the last axis by group: `values[..., N]`, `index: int64[N]` -> `[..., size]`; −inf for none."""
        ...


def _extremes(values: Tensor, index: Tensor, size: int) -> Tensor:
    out = values.new_full((*values.shape[:-1], size), -torch.inf)
    return out.scatter_reduce_(-1, index.expand_as(values), values, "amax")


def first_of(chosen: Tensor, index: Tensor, size: int) -> Tensor:
    """The first member of each group that is chosen: bool `[..., N]` -> int64 `[..., size]`; the last place for none."""
    count = chosen.shape[-1]
    places = torch.where(chosen, torch.arange(count, device=chosen.device), count - 1)
    out = places.new_full((*chosen.shape[:-1], size), count - 1)
    return out.scatter_reduce_(-1, index.expand_as(places), places, "amin")


class _Log:
    """Real numbers as logarithms: ⊕ = logaddexp; a true −inf is zero."""

    def sum(self, values: Tensor, index: Tensor, size: int) -> Tensor:
        """Log of the sum of exponentials of each group, relative to the group's own maximum."""
        shift = _extremes(values, index, size).clamp_(min=_LOWEST)
        spread = (values - shift.index_select(-1, index)).exp_()
        return torch.zeros_like(shift).index_add_(-1, index, spread).log_().add_(shift)


class _Max:
    """The best of alternatives: ⊕ = max."""

    def sum(self, values: Tensor, index: Tensor, size: int) -> Tensor:
        """Largest value of each group."""
        return _extremes(values, index, size)


LOG: Semiring = _Log()
MAX: Semiring = _Max()
