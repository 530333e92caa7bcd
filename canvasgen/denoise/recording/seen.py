"""What one step says of the positions of one row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from canvasgen.trace import Candidates
from canvasgen.trace.trace_data import LEAST

__all__ = ["Seen", "milli"]


class Seen(NamedTuple):
    """What one step says of one row with n positions within its budget, as `TraceStep` has it."""

    marks: str
    drawn: tuple[int, ...]
    entropies: tuple[int, ...]
    doubt: tuple[int, ...]
    log_mass: tuple[int, ...]
    model: Candidates | None
    allowed: Candidates | None


def milli(values: Tensor | NDArray[np.float64]) -> tuple[int, ...]:
    """Return nats as whole thousandths."""
    found = values.double().cpu().numpy() if isinstance(values, Tensor) else values
    return tuple(np.clip(np.round(found * 1000), LEAST, -LEAST).astype(np.int64).tolist())
