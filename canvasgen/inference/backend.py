"""The protocol of a backend: what conditions a batch of canvases on one kind of device.

A backend is written in three parts. `Backend.condition` reads the logits `[B, L, V]` once and takes the sums;
a `Lattice` holds what that left on the device and gives answers as tensors over all rows there; `Lattice.row` is the one
way to the host. Rows have different automata, lengths, states and budgets; how their layouts are put side by side is the
backend's own matter.

Of a step (`condition`, then any of the tensors) nothing waits for the device: no value is read on the host, and no shape
depends on one. So a row that turns out to be impossible does not raise, its `log_partition` is −inf.

A new backend is one folder with a `Backend` and a `Lattice`, and one line in `registry.py`; `tests/inference/laws.py`
says what it has to obey.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from canvasgen.inference.batch import Batch
from canvasgen.inference.tables import RowArrays

__all__ = ["Backend", "Lattice"]


class Backend(Protocol):
    """Conditions batches; holds nothing but caches of layouts on its device."""

    @property
    def name(self) -> str:
        """What `backend=` calls it."""
        ...

    def serves(self, device: torch.device) -> bool:
        """Whether `backend="auto"` may choose it for logits on this device."""
        ...

    def condition(self, batch: Batch) -> Lattice:
        """One pass over the logits, and the sums of every row."""
        ...


class Lattice(Protocol):
    """A conditioned batch: B rows, L positions, V tokens; tensors are on the device of the logits.

    Behind a row's n positions the canvas is free: p_i is the model's own there. Positions that a row's logits do not have
    hold its filler with probability one. Everything is worked out when first asked for.
    """

    @property
    def backend(self) -> Backend:
        """What made it."""
        ...

    @property
    def batch(self) -> Batch:
        """What it was made of."""
        ...

    @property
    def wrong(self) -> Tensor:
        """int64 `[B]`: the first position whose logits are no distribution (NaN, +inf, all −inf); -1: none."""
        ...

    @property
    def log_partition(self) -> Tensor:
        """float64 `[B]`: log Z; −inf for a row that is impossible."""
        ...

    @property
    def entropies(self) -> Tensor:
        """float64 `[B, L]`, in nats."""
        ...

    @property
    def allowed_mass(self) -> Tensor:
        """float64 `[B, L]`: log of the mass that p_i puts on the tokens allowed at position i."""
        ...

    @property
    def forced(self) -> Tensor:
        """bool `[B, L]`: positions within the budget where only one token is possible."""
        ...

    @property
    def best(self) -> Tensor:
        """int64 `[B, L]`: the most probable text with its end, then the filler.

        Of equals it is the first by target state, class and token id, position by position.
        """
        ...

    @property
    def best_log_prob(self) -> Tensor:
        """float64 `[B]`: log P(text and end of `best` | valid), the tail summed out; −inf for a row that is impossible."""
        ...

    def sample(self, rows: Sequence[int], uniforms: Tensor) -> tuple[Tensor, Tensor]:
        """Exact joint samples.

        Args:
            rows: R of the batch's rows.
            uniforms: float64 `[R, N, L + 1, 3]` in [0, 1). Position i takes `[i, 0]` for the edge that leads to it,
                `[i, 1]` for the class and `[i, 2]` for the token; `[L, 0]` chooses the last state.

        Returns:
            int64 `[R, N, L]` token ids, and float64 `[R, N]` log-probabilities of the classes of the n positions.
        """
        ...

    def marginals(self, rows: slice) -> Tensor:
        """float32 `[R, L, V]`: log P(x_i = v | valid)."""
        ...

    def support(self, rows: slice) -> Tensor:
        """bool `[R, L, V]`: the tokens that stand at i in some valid canvas of positive probability."""
        ...

    def row(self, index: int) -> RowArrays:
        """A row's arrays on the host."""
        ...
