"""The backend for the CPU: numba kernels, on as many threads as torch uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from canvasgen.inference.backend import Backend
from canvasgen.inference.batch import Batch, Row
from canvasgen.inference.computed_once import once
from canvasgen.inference.layout import Layout
from canvasgen.inference.numba_backend.called_row import CalledRow
from canvasgen.inference.numba_backend.class_row import ClassRow
from canvasgen.inference.numba_backend.parallel import each
from canvasgen.inference.numba_backend.row import NumbaRow
from canvasgen.inference.tables import RowArrays, Singles

__all__ = ["NumbaBackend", "NumbaLattice"]


class NumbaBackend:
    """`Backend` for any logits, by float32 arrays in main memory; the recurrence is in float64.

    A batch's rows go side by side on the threads; a single canvas is cut into runs of positions.
    """

    name = "numba"

    def serves(self, device: torch.device) -> bool:
        """All, by a copy to main memory where that is needed."""
        del device
        return True

    def condition(self, batch: Batch) -> NumbaLattice:
        """See `Backend.condition`."""
        return NumbaLattice(self, batch)


def _array(values: Tensor) -> Singles:
    array = values.detach().to("cpu", torch.float32).numpy()
    return array if array.flags.c_contiguous else np.ascontiguousarray(array)


def _row(row: Row, logits: Singles) -> NumbaRow | CalledRow:
    layout = row.layout
    return NumbaRow(row, layout, logits) if isinstance(layout, Layout) else CalledRow(row, layout, logits)


class NumbaLattice:
    """`Lattice` whose rows are `ClassRow`s; its tensors share memory with numpy arrays unless the logits are elsewhere."""

    def __init__(self, backend: Backend, batch: Batch) -> None:
        self.backend: Backend = backend
        self.batch = batch
        arrays = map(_array, batch.logits) if batch.stacked is None else _array(batch.stacked)
        self._rows = [_row(row, array) for row, array in zip(batch.rows, arrays, strict=True)]
        each(ClassRow.read, self._rows, batch.threads)

    @property
    def _possible(self) -> list[ClassRow]:
        return [row for row in self._rows if row.is_possible]

    def _out(self, array: npt.NDArray[np.generic]) -> Tensor:
        tensor = torch.from_numpy(array)
        return tensor if self.batch.device.type == "cpu" else tensor.to(self.batch.device)

    def _gathered(
        self, part: Callable[[ClassRow], npt.NDArray[np.generic]], fill: npt.NDArray[np.generic]
    ) -> Tensor:
        """The rows' parts `[L_b]` as one tensor `[B, L]`, with `fill[B]` where there is none."""
        if len(self._rows) == 1 and self._rows[0].is_possible:
            return self._out(part(self._rows[0])[None])
        out = np.repeat(fill[:, None], self.batch.length, axis=1)
        for b, row in enumerate(self._rows):
            if row.is_possible:
                out[b, : len(row.logits)] = part(row)
        return self._out(out)

    @once
    def wrong(self) -> Tensor:
        """See `Lattice.wrong`."""
        return self._out(np.array([row.wrong for row in self._rows]))

    @once
    def log_partition(self) -> Tensor:
        """See `Lattice.log_partition`."""
        return self._out(np.array([row.log_partition for row in self._rows]))

    @once
    def _summarised(self) -> bool:
        self.batch.require_unchanged()
        each(lambda row, threads: row.summarise(threads), self._possible, self.batch.threads)
        return True

    @once
    def entropies(self) -> Tensor:
        """See `Lattice.entropies`."""
        assert self._summarised
        return self._gathered(lambda row: row.entropies, np.zeros(len(self._rows)))

    @once
    def allowed_mass(self) -> Tensor:
        """See `Lattice.allowed_mass`."""
        assert self._summarised
        return self._gathered(lambda row: row.allowed_mass, np.zeros(len(self._rows)))

    @once
    def forced(self) -> Tensor:
        """See `Lattice.forced`."""
        assert self._summarised
        return self._gathered(lambda row: row.forced, np.zeros(len(self._rows), dtype=np.bool_))

    @once
    def best(self) -> Tensor:
        """See `Lattice.best`."""
        self.batch.require_unchanged()
        each(ClassRow.find_best, self._possible, self.batch.threads)
        return self._gathered(lambda row: row.best, self._fillers)

    @once
    def best_log_prob(self) -> Tensor:
        """See `Lattice.best_log_prob`."""
        self.batch.require_unchanged()
        weights = [row.best_weight - row.log_partition if row.is_possible else -np.inf for row in self._rows]
        return self._out(np.array(weights))

    @property
    def _fillers(self) -> npt.NDArray[np.int64]:
        return np.array([row.filler for row in self.batch.rows], dtype=np.int64)

    def sample(self, rows: Sequence[int], uniforms: Tensor) -> tuple[Tensor, Tensor]:
        """See `Lattice.sample`."""
        self.batch.require_unchanged()
        given = uniforms.cpu().numpy()
        several, length = given.shape[1], self.batch.length
        ids = np.broadcast_to(self._fillers[list(rows), None, None], (len(rows), several, length)).copy()
        log_probs = np.full((len(rows), several), -np.inf)

        def draw(place: int, threads: int) -> None:
            row = self._rows[rows[place]]
            row.threads = threads
            ids[place, :, : len(row.logits)], log_probs[place] = row.sample(given[place])

        possible = [place for place, b in enumerate(rows) if self._rows[b].is_possible]
        each(draw, possible, self.batch.threads)
        return self._out(ids), self._out(log_probs)

    def _spread(
        self, rows: slice, kind: npt.DTypeLike, part: Callable[[ClassRow, npt.NDArray[Any], int], None]
    ) -> Tensor:
        """`[R, L, V]`: the rows' parts; the filler has probability one where a row has no logits."""
        chosen = self._rows[rows]
        out = np.empty((len(chosen), self.batch.length, chosen[0].logits.shape[1]), dtype=kind)
        zero, one = (False, True) if out.dtype == np.bool_ else (-np.inf, 0.0)

        def fill(place: int, threads: int) -> None:
            row, filler = chosen[place], self.batch.rows[rows][place].filler
            inside = len(row.logits) if row.is_possible else 0
            if inside:
                part(row, out[place, :inside], threads)
            out[place, inside:] = zero
            out[place, inside:, filler] = one

        each(fill, range(len(chosen)), self.batch.threads)
        return self._out(out)

    def marginals(self, rows: slice) -> Tensor:
        """See `Lattice.marginals`."""
        self.batch.require_unchanged()
        return self._spread(rows, np.float32, ClassRow.marginals)

    def support(self, rows: slice) -> Tensor:
        """See `Lattice.support`."""
        self.batch.require_unchanged()
        return self._spread(rows, np.bool_, ClassRow.support)

    def row(self, index: int) -> RowArrays:
        """See `Lattice.row`."""
        return self._rows[index]
