"""A batch conditioned by Triton kernels: what is uploaded, which kernel runs when, what goes to the host."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from canvasgen.inference.backend import Backend
from canvasgen.inference.batch import Batch
from canvasgen.inference.computed_once import once
from canvasgen.inference.known_layouts import copied_layout
from canvasgen.inference.torch_backend.classes import Tables
from canvasgen.inference.torch_backend.row import TorchRow
from canvasgen.inference.triton_backend.best_path import best_path
from canvasgen.inference.triton_backend.chain_pass import recurrence
from canvasgen.inference.triton_backend.chain_steps import chain_steps
from canvasgen.inference.triton_backend.class_pass import class_pass
from canvasgen.inference.triton_backend.device_layout import DeviceLayout, device_layout
from canvasgen.inference.triton_backend.graphs import Shape, Workspace, Workspaces, bucket
from canvasgen.inference.triton_backend.joint_samples import Read, joint_samples
from canvasgen.inference.triton_backend.marginal_pass import Marginals, marginal_pass
from canvasgen.inference.triton_backend.row_table import FIELDS, FIRST_OF_LAYOUT, Field
from canvasgen.inference.triton_backend.token_pass import read_tokens
from canvasgen.inference.triton_backend.token_pieces import num_chunks
from canvasgen.inference.triton_backend.uploads import fill, put, put_tensor
from canvasgen.inference.triton_backend.vocabulary_pass import over_vocabulary

__all__ = ["TritonLattice"]


@dataclass(frozen=True, eq=False)
class _Sizes:
    """S*, Z*, C* and Q*: states, sets, classes and pieces of all rows, and where each row's begin."""

    first: np.ndarray
    own: np.ndarray

    @property
    def states(self) -> int:
        return int(self.own[:, 0].sum())

    @property
    def sets(self) -> int:
        return int(self.own[:, 1].sum())

    @property
    def classes(self) -> int:
        return int(self.own[:, 2].sum())

    @property
    def pieces(self) -> int:
        return int(self.own[:, 3].sum())

    def of(self, row: int, kind: int) -> slice:
        """The row's part."""
        low = int(self.first[row, kind])
        return slice(low, low + int(self.own[row, kind]))


def _sizes(batch: Batch, layouts: Sequence[DeviceLayout]) -> _Sizes:
    own = np.array(
        [
            [one.num_states + 1, one.num_sets + 2, one.num_classes + 2, there.pieces]
            for one, there in zip((copied_layout(row.layout) for row in batch.rows), layouts, strict=True)
        ]
    )
    return _Sizes(np.cumsum(own, axis=0) - own, own)


def _readable(logits: Sequence[Tensor]) -> list[Tensor]:
    """Logits of one float type, which a kernel can read; float64 is taken with its value as float32."""
    kinds = {values.dtype for values in logits}
    known = len(kinds) == 1 and kinds <= {torch.float32, torch.bfloat16, torch.float16}
    return [values.detach() if known else values.detach().float() for values in logits]


class TritonLattice:
    """`Lattice`: four launches for the sums and marginals, one for the best canvas, three for samples.

    Args:
        backend, batch: what made it and of what.
        values: float64 or float32, of the recurrence: see `chain_pass`.
        chunk: tokens that are read together.
        workspaces: the sums are one launch of a CUDA graph, on arrays from there; None: they are launched one by one, on
            arrays of their own.
        split_slots: with workspaces, slots of the largest recurrence from which it is one launch a position.
    """

    def __init__(
        self,
        backend: Backend,
        batch: Batch,
        values: torch.dtype,
        chunk: int,
        workspaces: Workspaces | None = None,
        split_slots: int = 0,
    ) -> None:
        self.backend: Backend = backend
        self.batch = batch
        self._logits = _readable(batch.logits)
        self._layouts = [device_layout(copied_layout(row.layout), batch.device, chunk) for row in batch.rows]
        self._sizes = _sizes(batch, self._layouts)
        fixed, closed = self._fixed_tokens(), self._closed_sets()
        self._later = self._put_later()
        rows, length, device, like = len(batch.rows), batch.length, batch.device, self._logits[0]
        chunks = num_chunks(like.shape[1], chunk)
        round_up: Callable[[int], int] = bucket if workspaces is not None else int
        shape = Shape(
            length=length,
            rows=rows,
            states=round_up(self._sizes.states),
            sets=round_up(self._sizes.sets),
            classes=round_up(self._sizes.classes),
            pieces=round_up(self._sizes.pieces),
            values=values,
            logits=like.dtype,
            has_fixed=fixed is not None,
            has_closed=closed is not None,
            is_split=workspaces is not None and max(one.chain_slots for one in self._layouts) >= split_slots,
            device=device,
            stream=torch.cuda.current_stream(device).cuda_stream if device.type == "cuda" else 0,
        )
        work = Workspace(shape) if workspaces is None else workspaces.borrow(shape)
        if workspaces is not None:
            weakref.finalize(self, workspaces.give_back, work)
        self._lends = workspaces is not None
        self._fixed, self._closed, self._table = work.fixed, work.closed, work.table
        fill(work.table, torch.as_tensor(self._row_table()))
        if work.fixed is not None and fixed is not None:
            fill(work.fixed, torch.as_tensor(fixed))
        if work.closed is not None and closed is not None:
            fill(work.closed, torch.as_tensor(closed), columns=closed.shape[1])

        def launch() -> None:
            read_tokens(work.table, like, work.partials, rows, chunks)
            class_pass(work.table, like, work.partials, work.tables, work.sets, work.fixed, work.closed)
            if shape.is_split:
                chain_steps(work.table, work.tables, work.sets, work.tops, work.chains)
            else:
                recurrence(work.table, work.tables, work.sets, work.chains)

        if workspaces is None:
            launch()
        else:
            work.run(launch)
        self._read = Read(work.table, like, work.partials, work.tables, work.sets, work.chains, work.fixed)

    # What the rows ask for, on the device
    # ----------------------------------------------------------------------------

    def _row_table(self) -> np.ndarray:
        table = np.zeros((len(self.batch.rows), FIELDS), dtype=np.int64)
        for b, (row, logits, layout) in enumerate(
            zip(self.batch.rows, self._logits, self._layouts, strict=True)
        ):
            distance = layout.distance if self._later is None else self._later[self._sizes.of(b, 0)]
            line = table[b]
            line[Field.LOGITS] = logits.data_ptr()
            line[Field.POSITION_STRIDE], line[Field.TOKEN_STRIDE] = logits.stride()
            line[Field.GIVEN], line[Field.LENGTH] = len(logits), row.length
            line[Field.STATE], line[Field.REMAINING], line[Field.FILLER] = (
                row.state,
                row.remaining,
                row.filler,
            )
            line[Field.FAILED] = row.error is not None
            line[Field.DISTANCE] = distance.data_ptr()
            line[Field.FIRST_STATE : Field.FIRST_PIECE + 1] = self._sizes.first[b]
            line[Field.STATES : Field.CLASSES + 1] = self._sizes.own[b, :3]
            line[FIRST_OF_LAYOUT : FIRST_OF_LAYOUT + len(layout.addresses)] = layout.addresses
        return table

    def _fixed_tokens(self) -> np.ndarray | None:
        """int32 `[B, L]`, the fixed tokens, else -1; None if there are none."""
        if not any(row.fixed for row in self.batch.rows):
            return None
        out = np.full((len(self.batch.rows), self.batch.length), -1, dtype=np.int32)
        for b, row in enumerate(self.batch.rows):
            for i, token in row.fixed.items():
                out[b, i] = token
        return out

    def _closed_sets(self) -> np.ndarray | None:
        """int8 `[L, Z*]`, 1 where a set may not stand; None if every set may stand everywhere."""
        if all(row.closed is None for row in self.batch.rows):
            return None
        out = np.zeros((self.batch.length, self._sizes.sets), dtype=np.int8)
        for b, row in enumerate(self.batch.rows):
            if row.closed is not None:
                out[: row.length, self._sizes.of(b, 1)] = row.closed
        return out

    def _put_later(self) -> Tensor | None:
        """int32 `[S*]`, tokens to an end behind the canvas; None if they are the layouts' own."""
        if all(row.later is None for row in self.batch.rows):
            return None
        needed = [
            np.append(row.layout.distance if row.later is None else row.later, 0) for row in self.batch.rows
        ]
        return put(np.concatenate(needed).astype(np.int32), self.batch.device)

    # The summary
    # ---------------------------------------------------------------------------------------------------

    @once
    def wrong(self) -> Tensor:
        """See `Lattice.wrong`."""
        return self._handed_out(self._read.chains.wrong)

    @once
    def log_partition(self) -> Tensor:
        """See `Lattice.log_partition`."""
        return self._handed_out(self._read.chains.log_partition)

    def _handed_out(self, values: Tensor) -> Tensor:
        """A tensor that may outlive the lattice: a copy, if the next one gets the same arrays."""
        return values.clone() if self._lends else values

    @once
    def _marginals(self) -> Marginals:
        rows = len(self.batch.rows)
        widths = self._read.sets.mass.shape[1], self._read.tables.mass.shape[1]
        out = Marginals.empty(self.batch.length, rows, *widths, self.batch.device)
        marginal_pass(self._table, self._read.tables, self._read.chains, self._closed, out)
        return out

    @property
    def entropies(self) -> Tensor:
        """See `Lattice.entropies`."""
        return self._marginals.entropies

    @property
    def allowed_mass(self) -> Tensor:
        """See `Lattice.allowed_mass`."""
        return self._marginals.allowed_mass

    @property
    def forced(self) -> Tensor:
        """See `Lattice.forced`."""
        return self._marginals.forced.view(torch.bool)

    # Canvases
    # -------------------------------------------------------------------------------------------------------

    @once
    def best(self) -> Tensor:
        """See `Lattice.best`."""
        self.batch.require_unchanged()
        read = self._read
        return best_path(self._table, read.tables, read.sets, read.chains, self._fixed)

    @once
    def best_log_prob(self) -> Tensor:
        """See `Lattice.best_log_prob`."""
        self.batch.require_unchanged()
        chains = self._read.chains
        possible = chains.log_partition > -torch.inf
        return torch.where(possible, chains.best_weight - chains.log_partition, -torch.inf)

    def sample(self, rows: Sequence[int], uniforms: Tensor) -> tuple[Tensor, Tensor]:
        """See `Lattice.sample`."""
        self.batch.require_unchanged()
        several, count = len(rows), uniforms.shape[1]
        rows_of = put(np.repeat(np.array(rows, dtype=np.int64), count), self.batch.device)
        numbers = (
            put_tensor(uniforms, self.batch.device).reshape(several * count, *uniforms.shape[2:]).contiguous()
        )
        ids, logs = joint_samples(self._read, rows_of, numbers, int(self._sizes.own[:, 0].max()))
        log_probs = logs - self.log_partition.index_select(0, rows_of)
        return ids.reshape(several, count, -1), log_probs.reshape(several, count)

    # Over the vocabulary
    # -------------------------------------------------------------------------------------------

    def _over_vocabulary(self, rows: slice, support: bool) -> Tensor:
        self.batch.require_unchanged()
        which, read = range(*rows.indices(len(self.batch.rows))), self._read
        size = self._logits[0].shape[1]
        return over_vocabulary(
            self._table,
            read.like,
            self._marginals.bias,
            read.tables.normaliser,
            self._fixed,
            which,
            size,
            support,
        )

    def marginals(self, rows: slice) -> Tensor:
        """See `Lattice.marginals`."""
        return self._over_vocabulary(rows, support=False)

    def support(self, rows: slice) -> Tensor:
        """See `Lattice.support`."""
        return self._over_vocabulary(rows, support=True)

    # The host
    # -------------------------------------------------------------------------------------------------------

    def row(self, index: int) -> TorchRow:
        """See `Lattice.row`."""
        states, sets, classes = (self._sizes.of(index, kind) for kind in range(3))
        mine = self.batch.rows[index]
        read, column = self._read, slice(index, index + 1)
        tables = read.tables
        arrays = _HostArrays(
            logits=self._logits[index][None],
            tables=Tables(
                best=tables.best,
                mass=tables.mass,
                mean=tables.mean,
                count=tables.found,
                normaliser=tables.normaliser[:, column],
                tail=tables.tail[:, column],
                wrong=tables.wrong[:, column],
            ),
            sets=read.sets.mass,
            best_sets=read.sets.best,
            chain=lambda way: self.chain(way, index, states),
            biases=lambda: self._marginals.bias,
        )
        return TorchRow(arrays, 0, mine.layout, mine.length, slice(None), sets, classes)

    def chain(self, way: int, index: int, states: slice) -> Tensor:
        """float64 `[L + 1, S + 1]` of a row: its alpha (0), beta (1), or beta in the max semiring (2)."""
        chains = self._read.chains
        return chains.values[way][:, states].double() + chains.offsets[way][:, index, None]


@dataclass(frozen=True, eq=False)
class _HostArrays:
    """One row of a lattice, as `TorchRow` reads it; chains and biases are made when they are asked for."""

    logits: Tensor
    tables: Tables
    sets: Tensor
    best_sets: Tensor
    chain: Callable[[int], Tensor]
    biases: Callable[[], Tensor]

    @property
    def alpha(self) -> Tensor:
        """`[L + 1, S + 1]`."""
        return self.chain(0)

    @property
    def beta(self) -> Tensor:
        """`[L + 1, S + 1]`."""
        return self.chain(1)

    @property
    def to_go(self) -> Tensor:
        """`[L + 1, S + 1]`."""
        return self.chain(2)

    @property
    def bias(self) -> Tensor:
        """`[L, C*]`."""
        return self.biases()
