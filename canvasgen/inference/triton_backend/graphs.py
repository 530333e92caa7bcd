"""A step's kernels as one launch: CUDA graphs, and the arrays that these are bound to.

A graph holds addresses and sizes. Where a row's own arrays are is told by the row table, which is an array like others; so a
graph stays valid for other automata, logits, lengths and states, if the arrays over all rows are the same ones:

- Sizes are rounded up to *buckets*, so that batches of like size share arrays.
- A `Workspace` has the arrays of one shape. A lattice borrows it and gives it back when nobody holds the lattice any more;
  what a lattice hands out is copied before. So as many exist as lattices are alive at once: two in the denoising loop.
- The first step of a workspace runs kernel by kernel (Triton compiles there, which a capture cannot do), the second one
  is captured, all others are one launch.
- Free workspaces take `KEPT_BYTES` at most, the ones used last are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from canvasgen.forks import Guard
from canvasgen.inference.triton_backend import chain_steps
from canvasgen.inference.triton_backend.chain_pass import Chains
from canvasgen.inference.triton_backend.class_pass import ClassPass, SetWeights
from canvasgen.inference.triton_backend.row_table import FIELDS
from canvasgen.inference.triton_backend.token_pass import Partials

__all__ = ["KEPT_BYTES", "Shape", "Workspace", "Workspaces", "bucket", "capture"]

KEPT_BYTES = 1 << 30
"""Of free workspaces on a device; one row of 868 states takes about 35 MB."""


def bucket(size: int) -> int:
    """Round up to one of eight sizes between two powers of two; at least to 64."""
    step = max(64, 1 << max(0, size.bit_length() - 4))
    return -(-size // step) * step


@dataclass(frozen=True)
class Shape:
    """What a graph depends on.

    Attributes:
        length, rows: L, B.
        states, sets, classes, pieces: S*, Z*, C*, Q*, or their buckets.
        values, logits: types of the recurrence and of the logits.
        has_fixed, has_closed: whether some positions are fixed, or some sets closed.
        is_split: whether the recurrence is one launch a position.
        device, stream: where; work on one stream is in order, so that a workspace may be lent again at once.
    """

    length: int
    rows: int
    states: int
    sets: int
    classes: int
    pieces: int
    values: torch.dtype
    logits: torch.dtype
    has_fixed: bool
    has_closed: bool
    is_split: bool
    device: torch.device
    stream: int


class Workspace:
    """The arrays of a step, and its graph."""

    def __init__(self, shape: Shape) -> None:
        length, rows, device = shape.length, shape.rows, shape.device
        relative = shape.values == torch.float32
        self.shape = shape
        self.table = torch.empty((rows, FIELDS), dtype=torch.int64, device=device)
        self.partials = Partials.empty(length, shape.pieces, device)
        self.tables = ClassPass.empty(length, rows, shape.classes, device)
        self.sets = SetWeights.empty(length, rows, shape.sets, relative, device)
        self.chains = Chains.empty(length, rows, shape.states, shape.values, device)
        self.tops = torch.empty((2, 3, rows, chain_steps.PARTS), dtype=shape.values, device=device)
        self.fixed = (
            torch.empty((rows, length), dtype=torch.int32, device=device) if shape.has_fixed else None
        )
        self.closed = (
            torch.empty((length, shape.sets), dtype=torch.int8, device=device) if shape.has_closed else None
        )
        self._is_warm = False
        self._replay: Callable[[], None] | None = None

    @property
    def num_bytes(self) -> int:
        """What it takes on the device."""
        parts = (self, self.partials, self.tables, self.sets, self.chains)
        tensors = [value for part in parts for value in vars(part).values() if isinstance(value, Tensor)]
        return sum(one.numel() * one.element_size() for one in tensors)

    def run(self, work: Callable[[], None]) -> None:
        """Do the work of a step: launches on these arrays, always the same ones.

        Args:
            work: launches kernels and does nothing else.
        """
        if not self._is_warm:
            self._is_warm = True
            work()
            return
        if self._replay is None:
            self._replay = capture(work)
        self._replay()


def capture(work: Callable[[], None]) -> Callable[[], None]:
    """Return what does the work again, in one launch; the work itself is not done yet."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


class Workspaces:
    """Workspaces by shape, lent to one lattice at a time."""

    def __init__(self) -> None:
        self._free: list[Workspace] = []
        self._lock = Guard()

    def borrow(self, shape: Shape) -> Workspace:
        """A free workspace of this shape, or a new one."""
        with self._lock:
            for at in reversed(range(len(self._free))):
                if self._free[at].shape == shape:
                    return self._free.pop(at)
        return Workspace(shape)

    def give_back(self, workspace: Workspace) -> None:
        """Nobody reads its arrays any more."""
        with self._lock:
            self._free.append(workspace)
            while sum(one.num_bytes for one in self._free) > KEPT_BYTES:
                self._free.pop(0)

    @property
    def num_bytes(self) -> int:
        """Of the free ones."""
        with self._lock:
            return sum(one.num_bytes for one in self._free)
