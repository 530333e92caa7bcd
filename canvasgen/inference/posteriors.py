"""The posteriors of a batch of canvases, as tensors over all rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor

from canvasgen.errors import CanvasgenError
from canvasgen.inference.posterior import Posterior

__all__ = ["Posteriors"]


class Posteriors(Sequence[Posterior]):
    """Answers about B canvases of L positions, V tokens; `posteriors[b]` is the view of one row.

    Every tensor is on the device of the logits. Row b has n <= L positions within its budget; behind them the canvas is
    free: entropies and constrained logits are the model's own, the allowed mass is all, samples are drawn from p_i,
    nothing is forced, and `best` holds the pad. Rows that failed (`errors()`) have a `log_partition` of −inf; what else
    they hold means nothing.
    """

    def __init__(self, rows: list[Posterior | CanvasgenError], behind: list[Any]) -> None:
        self._rows = rows
        self._behind = [None if part is None else torch.as_tensor(part).float() for part in behind]
        self._length = max((self._positions(b) for b in range(len(rows))), default=0)

    def _positions(self, b: int) -> int:
        row, behind = self._rows[b], self._behind[b]
        inside = row.length if isinstance(row, Posterior) else 0
        return inside + (0 if behind is None else len(behind))

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Posterior: ...
    @overload
    def __getitem__(self, index: slice) -> list[Posterior]: ...
    def __getitem__(self, index: int | slice) -> Posterior | list[Posterior]:
        """A row's posterior.

        Raises:
            CanvasgenError: the row has failed.
        """
        if isinstance(index, slice):
            return [self[b] for b in range(*index.indices(len(self)))]
        row = self._rows[index]
        if isinstance(row, CanvasgenError):
            raise row
        return row

    def __iter__(self) -> Iterator[Posterior]:
        return (self[b] for b in range(len(self)))

    def errors(self) -> list[CanvasgenError | None]:
        """What went wrong with each row, read from the device; None where nothing did."""
        return [row if isinstance(row, CanvasgenError) else None for row in self._rows]

    def _filled(self, kind: torch.dtype, fill: float) -> Tensor:
        return torch.full((len(self), self._length), fill, dtype=kind)

    @property
    def log_partition(self) -> Tensor:
        """float64 `[B]`: log Z of each row."""
        return torch.tensor(
            [row.log_partition if isinstance(row, Posterior) else -np.inf for row in self._rows],
            dtype=torch.float64,
        )

    @property
    def entropies(self) -> Tensor:
        """float64 `[B, L]`: entropy of each position's constrained marginal, in nats."""
        out = self._filled(torch.float64, 0.0)
        for b, (row, behind) in enumerate(zip(self._rows, self._behind, strict=True)):
            if isinstance(row, Posterior):
                out[b, : row.length] = torch.as_tensor(row.entropies)
                if behind is not None:
                    logs = behind.double().log_softmax(-1)
                    finite = torch.where(logs > -torch.inf, logs, 0.0)
                    out[b, row.length : row.length + len(behind)] = -(logs.exp() * finite).sum(-1)
        return out

    @property
    def allowed_mass(self) -> Tensor:
        """float64 `[B, L]`: log of the mass that p_i puts on the tokens allowed at position i."""
        out = self._filled(torch.float64, 0.0)
        for b, row in enumerate(self._rows):
            if isinstance(row, Posterior):
                out[b, : row.length] = torch.as_tensor(row.allowed_mass)
        return out

    @property
    def forced(self) -> Tensor:
        """bool `[B, L]`: positions where only one token has a positive probability."""
        out = self._filled(torch.bool, False)
        for b, row in enumerate(self._rows):
            if isinstance(row, Posterior):
                out[b, : row.length] = torch.as_tensor(row.forced)
        return out

    @property
    def best(self) -> Tensor:
        """int64 `[B, L]`: the most probable text with its end, then pads."""
        out = self._filled(torch.int64, 0)
        for b, row in enumerate(self._rows):
            if isinstance(row, Posterior):
                out[b] = row.filler
                out[b, : row.length] = torch.as_tensor(row.best)
        return out

    def sample(self, seeds: Sequence[int]) -> Tensor:
        """int64 `[B, L]`: one exact joint sample a row; row b's does not depend on the other rows."""
        out = self._filled(torch.int64, 0)
        for b, (row, behind, seed) in enumerate(zip(self._rows, self._behind, seeds, strict=True)):
            if isinstance(row, Posterior):
                out[b, : row.length] = torch.as_tensor(row.sample(1, seed)[0])
                if behind is not None:
                    generator = np.random.default_rng(seed)
                    generator.random((row.length + 1, 3))
                    uniforms = torch.as_tensor(generator.random((len(behind), 1)))
                    sums = behind.double().softmax(-1).cumsum(-1)
                    chosen = torch.searchsorted(sums, uniforms * sums[:, -1:], right=True)[:, 0]
                    out[b, row.length : row.length + len(behind)] = chosen
        return out

    def constrained_logits(self) -> Tensor:
        """float32 `[B, L, V]`: log P(x_i = v | valid), the next step's self-conditioning."""
        size = next(row.shape[1] for row in self._rows if isinstance(row, Posterior))
        out = torch.zeros((len(self), self._length, size))
        for b, (row, behind) in enumerate(zip(self._rows, self._behind, strict=True)):
            if isinstance(row, Posterior):
                out[b, : row.length] = torch.as_tensor(row.constrained_logits())
                if behind is not None:
                    out[b, row.length : row.length + len(behind)] = behind.log_softmax(-1)
        return out
