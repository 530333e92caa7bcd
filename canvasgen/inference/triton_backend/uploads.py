"""Arrays of the host on the device, without waiting for it.

A copy from pageable memory makes the host wait for all that the device has been given before; a copy from pinned memory
is queued like a kernel. Torch's allocator of pinned memory reuses a block only after the copy.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["fill", "put", "put_tensor"]


def put_tensor(values: Tensor, device: torch.device) -> Tensor:
    """A tensor on the device."""
    if device.type != "cuda" or values.device.type != "cpu":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def put(values: npt.NDArray[Any], device: torch.device) -> Tensor:
    """An array on the device."""
    return put_tensor(torch.as_tensor(values), device)


def fill(target: Tensor, values: Tensor, columns: int | None = None) -> None:
    """Copy a tensor of the host into one on the device, or into its first columns."""
    place = target if columns is None else target[:, :columns]
    if target.device.type != "cuda":
        place.copy_(values)
    else:
        place.copy_(values.pin_memory(), non_blocking=True)
