"""The reference: plain torch operations on the device of the logits.

Everything is float64 (which an mps device does not have): logits are brought to it a few positions at a time, so that
`[B, L, V]` is never copied whole. What is read of the host are the rows' few numbers (state, budget, restrictions);
nothing is read back before `TorchLattice.row`. The number of operations does not grow with the batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from canvasgen.inference.backend import Backend
from canvasgen.inference.batch import Batch
from canvasgen.inference.computed_once import once
from canvasgen.inference.known_layouts import copied_layout
from canvasgen.inference.torch_backend import paths
from canvasgen.inference.torch_backend.classes import precise, read_classes
from canvasgen.inference.torch_backend.layouts import block_layout
from canvasgen.inference.torch_backend.recurrence import (
    backward,
    chunks,
    class_scores,
    forward_and_backward,
    set_scores,
    set_weights,
)
from canvasgen.inference.torch_backend.row import TorchRow
from canvasgen.inference.torch_backend.semirings import LOG, MAX

__all__ = ["TorchBackend", "TorchLattice"]


class TorchBackend:
    """`Backend` for any device with float64."""

    name = "torch"

    def serves(self, device: torch.device) -> bool:
        """Every device but the CPU, where numba is faster, and mps."""
        return device.type not in ("cpu", "mps")

    def condition(self, batch: Batch) -> TorchLattice:
        """See `Backend.condition`."""
        return TorchLattice(self, batch)


def _stacked(batch: Batch) -> Tensor:
    """`[B, L, V]`; a shorter row is filled up with its filler, in which it then has no choice."""
    if batch.stacked is not None:
        return batch.stacked
    if len({len(values) for values in batch.logits}) == 1:
        return batch.logits[0][None] if len(batch.logits) == 1 else torch.stack(list(batch.logits))
    shape = (len(batch.logits), batch.length, batch.logits[0].shape[1])
    out = torch.full(shape, -torch.inf, device=batch.device, dtype=batch.logits[0].dtype)
    for b, (row, values) in enumerate(zip(batch.rows, batch.logits, strict=True)):
        out[b, : len(values)] = values
        out[b, len(values) :, row.filler] = 0.0
    return out


class TorchLattice:
    """`Lattice` over arrays `[L, *]` of all rows' states, sets and classes."""

    def __init__(self, backend: Backend, batch: Batch) -> None:
        self.backend: Backend = backend
        self.batch = batch
        self.logits = _stacked(batch).detach()
        self.layout = block_layout([copied_layout(row.layout) for row in batch.rows], batch.device)
        numbers = [
            [row.state, row.length, row.remaining, row.filler, row.error is not None] for row in batch.rows
        ]
        state, length, self._remaining, self._filler, failed = torch.tensor(numbers, device=batch.device).T
        self._start = self.layout.state_offsets[:-1] + state
        self._active: Tensor | None = None
        if any(row.length < batch.length for row in batch.rows):
            self._active = torch.arange(batch.length, device=batch.device)[:, None] < length
        self._fixed = self._put_fixed()
        self.tables = read_classes(self.layout, self.logits, self._fixed)
        self.sets = set_weights(LOG, self.layout, self.tables.mass, self.tables.tail, self._closed)
        begin = torch.full_like(self._final, -torch.inf).index_fill_(0, self._start, 0.0)
        self.alpha, self.beta = forward_and_backward(self.layout, self.sets, begin, self._final, self._active)
        total = LOG.sum(self.alpha[-1] + self._final, self.layout.row_of_state, len(batch.rows))
        self.log_partition = torch.where(self.tables.wrong.any(dim=0) | (failed > 0), -torch.inf, total)

    # What the rows ask for, on the device
    # ----------------------------------------------------------------------------

    def _put_fixed(self) -> Tensor | None:
        """int64 `[L, B]`, the fixed tokens, else -1; None if there are none."""
        if not any(row.fixed for row in self.batch.rows):
            return None
        out = np.full((self.batch.length, len(self.batch.rows)), -1)
        for b, row in enumerate(self.batch.rows):
            for i, token in row.fixed.items():
                out[i, b] = token
        return torch.as_tensor(out, device=self.batch.device)

    @once
    def _closed(self) -> Tensor | None:
        """bool `[L, Z*]`; None if every set may stand everywhere."""
        if all(row.closed is None for row in self.batch.rows):
            return None
        parts = [np.zeros((self.batch.length, row.layout.num_sets + 2), np.bool_) for row in self.batch.rows]
        for row, part in zip(self.batch.rows, parts, strict=True):
            if row.closed is not None:
                part[: row.length] = row.closed
        return torch.as_tensor(np.concatenate(parts, axis=1), device=self.batch.device)

    @once
    def _final(self) -> Tensor:
        """float64 `[S*]`: 0 for the states that a canvas may end in, −inf for the others."""
        distance = self.layout.distance
        if any(row.later is not None for row in self.batch.rows):
            needed = [
                np.append(row.layout.distance if row.later is None else row.later, 0)
                for row in self.batch.rows
            ]
            distance = torch.as_tensor(np.concatenate(needed), device=self.batch.device)
        ends = (distance >= 0) & (distance <= self._remaining[self.layout.row_of_state])
        return torch.zeros(distance.shape, dtype=torch.float64, device=distance.device).masked_fill_(
            ~ends, -torch.inf
        )

    @once
    def wrong(self) -> Tensor:
        """See `Lattice.wrong`."""
        first = self.tables.wrong.byte().argmax(dim=0)
        return torch.where(self.tables.wrong.any(dim=0), first, -1)

    # The summary
    # ---------------------------------------------------------------------------------------------------

    @once
    def bias(self) -> Tensor:
        """`[L, C*]`: log P(x_i = v | valid) − log p_i(v) of the tokens v of each class; 0 where the canvas is free."""
        whole = torch.where(self.log_partition > -torch.inf, self.log_partition, 0.0)
        scores = set_scores(self.layout, self.alpha, self.beta) - whole[self.layout.row_of_set]
        if self._closed is not None:
            scores.masked_fill_(self._closed, -torch.inf)
        bias = class_scores(self.layout, scores)
        if self._active is None:
            return bias
        return torch.where(self._active[:, self.layout.row_of_class], bias, 0.0)

    @once
    def _summary(self) -> tuple[Tensor, Tensor, Tensor]:
        tables, of_row, rows = self.tables, self.layout.row_of_class, len(self.batch.rows)
        marginals = tables.mass + self.bias
        possible = marginals > -torch.inf
        terms = torch.where(possible, marginals.exp() * (tables.best + tables.mean + self.bias), 0.0)
        entropies = torch.zeros_like(tables.normaliser).index_add_(1, of_row, terms).neg_().clamp_(min=0.0)
        allowed = LOG.sum(torch.where(possible, tables.mass, -torch.inf), of_row, rows).clamp_(max=0.0)
        counts = torch.where(possible, tables.count, 0.0)
        forced = torch.zeros_like(entropies).index_add_(1, of_row, counts) == 1
        return entropies.T, allowed.T, (forced if self._active is None else forced & self._active).T

    @property
    def entropies(self) -> Tensor:
        """See `Lattice.entropies`."""
        return self._summary[0]

    @property
    def allowed_mass(self) -> Tensor:
        """See `Lattice.allowed_mass`."""
        return self._summary[1]

    @property
    def forced(self) -> Tensor:
        """See `Lattice.forced`."""
        return self._summary[2]

    # Canvases
    # -------------------------------------------------------------------------------------------------------

    @once
    def best_sets(self) -> Tensor:
        """`[L, Z*]`, in the max semiring."""
        return set_weights(MAX, self.layout, self.tables.best, self.tables.tail, self._closed)

    @once
    def to_go(self) -> Tensor:
        """`[L + 1, S*]`: best weight from each state to the end."""
        return backward(MAX, self.layout, self.best_sets, self._final, self._active)

    @once
    def best(self) -> Tensor:
        """See `Lattice.best`."""
        self.batch.require_unchanged()
        classes = paths.best_classes(
            self.layout, self.tables, self.best_sets, self.to_go, self._start, self._active
        )
        tokens = paths.best_tokens(self.layout, self.logits, classes)
        return self._with_fixed(torch.where(classes.T >= 0, tokens, self._filler[:, None]), slice(None))

    @once
    def best_log_prob(self) -> Tensor:
        """See `Lattice.best_log_prob`."""
        self.batch.require_unchanged()
        weights = self.to_go[0].index_select(0, self._start) - self.log_partition
        return torch.where(self.log_partition > -torch.inf, weights, -torch.inf)

    def _with_fixed(self, ids: Tensor, rows: slice | Tensor) -> Tensor:
        """`[R, ..., L]` with the fixed tokens in."""
        if self._fixed is None:
            return ids
        fixed = self._fixed.T[rows]
        fixed = fixed[:, None] if ids.ndim == 3 else fixed
        return torch.where(fixed >= 0, fixed, ids)

    def sample(self, rows: Sequence[int], uniforms: Tensor) -> tuple[Tensor, Tensor]:
        """See `Lattice.sample`."""
        self.batch.require_unchanged()
        several, count, length = len(rows), uniforms.shape[1], self.batch.length
        chosen = torch.tensor(rows, device=self.batch.device)
        each = chosen.repeat_interleave(count, output_size=several * count)
        draws = uniforms.to(self.batch.device).permute(3, 2, 0, 1)  # [3, L + 1, R, N]
        first, second = draws[0].reshape(length + 1, -1), draws[1, :-1].reshape(length, -1)
        index = paths.draw_states(self.layout, self.alpha, self.sets, self._final, self._active, each, first)
        classes, shares = paths.draw_classes(self.layout, self.tables.mass, index, second)
        log_probs = self.sets.gather(1, index) + shares
        if self._active is not None:
            log_probs = torch.where(self._active[:, each], log_probs, 0.0)
        log_probs = (log_probs.sum(dim=0) - self.log_partition[each]).reshape(several, count)
        by_row = classes.reshape(length, several, count).transpose(0, 1)
        ids = paths.draw_tokens(
            self.layout, self.tables, self.logits, chosen, by_row, draws[2, :-1].transpose(0, 1)
        )
        return self._with_fixed(ids.transpose(1, 2), chosen), log_probs

    # Over the vocabulary
    # -------------------------------------------------------------------------------------------

    def marginals(self, rows: slice) -> Tensor:
        """See `Lattice.marginals`."""
        self.batch.require_unchanged()
        shift = self.bias - self.tables.normaliser[:, self.layout.row_of_class]
        index, logits = self.layout.class_of_token[rows], self.logits[rows]
        out = torch.empty(logits.shape, dtype=torch.float32, device=logits.device)
        for part in chunks(self.batch.length, logits.shape[2]):
            out[:, part] = precise(logits[:, part]) + shift[part][:, index].transpose(0, 1)
        held, chosen = self._held(rows)
        return out if held is None else torch.where(held, torch.where(chosen, 0.0, -torch.inf), out)

    def support(self, rows: slice) -> Tensor:
        """See `Lattice.support`."""
        self.batch.require_unchanged()
        allowed = self.bias > -torch.inf
        index, logits = self.layout.class_of_token[rows], self.logits[rows]
        out = torch.empty(logits.shape, dtype=torch.bool, device=logits.device)
        for part in chunks(self.batch.length, logits.shape[2]):
            out[:, part] = allowed[part][:, index].transpose(0, 1) & (logits[:, part].float() > -torch.inf)
        held, chosen = self._held(rows)
        return out if held is None else torch.where(held, chosen, out)

    def _held(self, rows: slice) -> tuple[Tensor | None, Tensor]:
        """bool `[R, L, 1]`: a token is fixed there (None: nowhere); and bool `[R, L, V]`: it is this one."""
        if self._fixed is None:
            return None, self._filler
        fixed = self._fixed.T[rows][:, :, None]
        return fixed >= 0, fixed == torch.arange(self.logits.shape[2], device=fixed.device)

    def row(self, index: int) -> TorchRow:
        """See `Lattice.row`."""
        layouts = [row.layout for row in self.batch.rows[:index]]
        mine, length = self.batch.rows[index].layout, self.batch.rows[index].length
        sizes = (("num_states", 1), ("num_sets", 2), ("num_classes", 2))
        first = [sum(getattr(one, name) + more for one in layouts) for name, more in sizes]
        width = [getattr(mine, name) + more for name, more in sizes]
        states, sets, classes = (slice(low, low + size) for low, size in zip(first, width, strict=True))
        return TorchRow(self, index, mine, length, states, sets, classes)
