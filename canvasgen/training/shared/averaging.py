"""Runs from the same start, on different data, as one: the mean of their weights and of their optimizers' moments.

Source: Wortsman et al., "Model soups", 2022; McMahan et al., "Communication-efficient learning", 2017 (federated averaging).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

__all__ = ["averaged"]


def averaged(states: Sequence[Any]) -> Any:
    """The mean of states of one structure; what is no tensor of numbers with a fraction is the first one's.

    Raises:
        ValueError: the tensors are of different shapes.
    """
    first = states[0]
    if isinstance(first, torch.Tensor):
        if any(one.shape != first.shape for one in states):
            raise ValueError(f"shapes differ: {sorted({tuple(one.shape) for one in states})}")
        return torch.stack(list(states)).mean(0) if first.is_floating_point() and first.ndim else first
    if isinstance(first, Mapping):
        return {key: averaged([one[key] for one in states]) for key in first}
    if isinstance(first, (list, tuple)):
        return type(first)(averaged(parts) for parts in zip(*states, strict=True))
    return first
