"""Arrays of the host on the device, without waiting for it.

A copy from pageable memory makes the host wait for all that the device has been given before; a copy from pinned memory
is queued like a kernel. Torch's allocator of pinned memory reuses a block only after the copy.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["put", "put_tensor"]


def put_tensor(values: Tensor, device: torch.device) -> Tensor:
    """A tensor on the device."""
    if device.type != "cuda" or values.device.type != "cpu":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def put(values: np.ndarray, device: torch.device) -> Tensor:
    """An array on the device."""
    return put_tensor(torch.from_numpy(values), device)
