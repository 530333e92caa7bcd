"""The backend on CUDA: chosen by `auto` where Triton is installed, or by name; loaded when it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from canvasgen.errors import ModelError
from canvasgen.extras import installed, needed
from canvasgen.inference.backend import Lattice
from canvasgen.inference.batch import Batch
from canvasgen.inference.triton_backend.device_layout import CHUNK

if TYPE_CHECKING:
    from canvasgen.inference.triton_backend.graphs import Workspaces

__all__ = ["SPLIT_SLOTS", "TritonBackend"]

_FAST_DOUBLES = {(8, 0), (9, 0), (10, 0)}
"""Compute capabilities whose float64 additions run at half the speed of float32 (A100, H100, H200, B200)."""


SPLIT_SLOTS = 1 << 14
"""Eight rounds a position: about where a launch a position is expected to be quicker (docs/performance.md)."""


class TritonBackend:
    """`Backend` by kernels in Triton: a step is a few launches for all rows, and nothing of it waits for the host.

    Logits on the CPU are conditioned, slowly, by Triton's interpreter: set `TRITON_INTERPRET=1` before Python starts.

    Args:
        values: "float64" or "float32", the numbers of the recurrence; "auto": float64 where it is fast. Float32 is good to
            about 1e-4 nats, float64 to 1e-6.
        chunk: tokens of the vocabulary that are read together.
        graphs: whether the sums of a step are one launch of a CUDA graph (`graphs.py`). Not run on a GPU yet, so they
            are off.
        split_slots: with graphs, slots of a recurrence from which several programs share a row.
    """

    name = "triton"

    def __init__(
        self,
        values: str = "auto",
        chunk: int = CHUNK,
        graphs: bool = False,
        split_slots: int = SPLIT_SLOTS,
    ) -> None:
        self._values, self._chunk, self._split_slots = values, chunk, split_slots
        self._graphs = graphs
        self._workspaces: Workspaces | None = None

    def serves(self, device: torch.device) -> bool:
        """CUDA, where Triton is installed."""
        return device.type == "cuda" and installed("triton")

    def condition(self, batch: Batch) -> Lattice:
        """See `Backend.condition`.

        Raises:
            MissingPackage: Triton is not installed.
            ModelError: the logits are where no kernel runs.
        """
        knobs = needed("triton", "the backend `triton`").knobs
        if batch.device.type != "cuda" and not (batch.device.type == "cpu" and knobs.runtime.interpret):
            raise ModelError(
                "the backend `triton` computes on CUDA",
                rule="backend",
                value=str(batch.device),
                remedy='take backend="auto", or set TRITON_INTERPRET=1 before Python starts, to try it on the CPU',
            )
        from canvasgen.inference.triton_backend.graphs import Workspaces
        from canvasgen.inference.triton_backend.triton_lattice import TritonLattice

        if self._graphs and self._workspaces is None:
            self._workspaces = Workspaces()
        values = self._value_type(batch.device)
        return TritonLattice(self, batch, values, self._chunk, self._workspaces, self._split_slots)

    def _value_type(self, device: torch.device) -> torch.dtype:
        if self._values != "auto":
            return {"float64": torch.float64, "float32": torch.float32}[self._values]
        if device.type == "cuda" and torch.cuda.get_device_capability(device) not in _FAST_DOUBLES:
            return torch.float32
        return torch.float64
