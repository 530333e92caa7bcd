"""The posteriors of a batch of canvases, as tensors over all rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import torch
from torch import Tensor

from canvasgen.errors import CanvasgenError, ModelError
from canvasgen.inference.backend import Backend, Lattice
from canvasgen.inference.posterior import Posterior, uniforms_for

__all__ = ["Posteriors"]


class Posteriors(Sequence[Posterior]):
    """Answers about B canvases of L positions, V tokens; `posteriors[b]` is the view of one row.

    Every tensor is on the device of the logits, and none waits for it: what goes to the host is `errors()` and the views
    of rows. Answers are worked out when first asked for, for all rows together.

    Row b has n <= L positions within its budget; behind them the canvas is free: entropies and constrained logits are
    the model's own, the allowed mass is all, samples are drawn from p_i, nothing is forced, and `best` holds the pad.
    Where a row has no logits its pad has probability one. Rows that failed have a `log_partition` of −inf; what else they
    hold means nothing.
    """

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice
        self._views: dict[int, Posterior] = {}
        self._errors: list[CanvasgenError | None] | None = None

    @property
    def backend(self) -> Backend:
        """What computed them."""
        return self._lattice.backend

    def __len__(self) -> int:
        return len(self._lattice.batch.rows)

    @overload
    def __getitem__(self, index: int) -> Posterior: ...
    @overload
    def __getitem__(self, index: slice) -> list[Posterior]: ...
    def __getitem__(self, index: int | slice) -> Posterior | list[Posterior]:
        """A row's posterior; the first view reads from the device which rows have failed.

        Raises:
            CanvasgenError: the row has failed.
        """
        if isinstance(index, slice):
            return [self[b] for b in range(*index.indices(len(self)))]
        b = range(len(self))[index]
        error = self.errors()[b]
        if error is not None:
            raise error
        if b not in self._views:
            self._views[b] = Posterior(self._lattice, b)
        return self._views[b]

    def __iter__(self) -> Iterator[Posterior]:
        return (self[b] for b in range(len(self)))

    def errors(
        self, log_partition: Sequence[float] | None = None, wrong: Sequence[float] | None = None
    ) -> list[CanvasgenError | None]:
        """What went wrong with each row; None where nothing did.

        Args:
            log_partition, wrong: these answers, if the host has read them already; else they are read from the device at the
                first call.
        """
        if self._errors is None:
            if log_partition is None or wrong is None:
                log_partition, wrong = self._read()
            pairs = enumerate(zip(log_partition, wrong, strict=True))
            self._errors = [self._error(b, float(mass), int(position)) for b, (mass, position) in pairs]
        return self._errors

    def _read(self) -> tuple[list[float], list[float]]:
        partitions, wrong = self.log_partition, self.wrong
        if not partitions.is_cpu:
            partitions, wrong = torch.stack([partitions, wrong.double()]).cpu()  # one read
        return partitions.numpy().tolist(), wrong.numpy().tolist()

    def _error(self, b: int, log_partition: float, wrong: int) -> CanvasgenError | None:
        row = self._lattice.batch.rows[b]
        if row.error is not None:
            return row.error
        if wrong >= 0:
            return self._no_distribution(b, wrong)
        return None if log_partition > -np.inf else Posterior(self._lattice, b).impossible()

    def _no_distribution(self, b: int, position: int) -> ModelError:
        logits = self._lattice.batch.logits[b][position]
        if bool(logits.isnan().any()):
            return ModelError(
                "the model's logits hold NaN",
                path=f"position {position}",
                rule="NaN logits",
                remedy="check the model's weights and its dtype: float16 may overflow where bfloat16 doesn't",
            )
        top = float(logits.max())
        if abs(top) < torch.inf:
            return ModelError(
                "the model's logits are so large that their differences are lost to rounding",
                path=f"position {position}",
                rule="large logits",
                value=top,
                remedy="subtract each position's largest logit from all of them",
            )
        above = top == torch.inf
        return ModelError(
            "the model's logits " + ("hold +inf" if above else "are all -inf: no token is possible"),
            path=f"position {position}",
            rule="infinite logits",
            remedy="check the model's weights and its dtype: float16 may overflow where bfloat16 doesn't",
        )

    @property
    def wrong(self) -> Tensor:
        """int64 `[B]`: the first position whose logits are no distribution (NaN, +inf, all −inf); -1: none."""
        return self._lattice.wrong

    @property
    def log_partition(self) -> Tensor:
        """float64 `[B]`: log Z, the log of the mass that ∏ softmax(logits_i) puts on valid canvases."""
        return self._lattice.log_partition

    @property
    def entropies(self) -> Tensor:
        """float64 `[B, L]`: entropy of each position's constrained marginal, in nats."""
        return self._lattice.entropies

    @property
    def allowed_mass(self) -> Tensor:
        """float64 `[B, L]`: log of the mass that p_i puts on the tokens allowed at position i."""
        return self._lattice.allowed_mass

    @property
    def forced(self) -> Tensor:
        """bool `[B, L]`: positions where only one token has a positive probability."""
        return self._lattice.forced

    @property
    def best(self) -> Tensor:
        """int64 `[B, L]`: the most probable text with its end, then pads."""
        return self._lattice.best

    @property
    def best_log_prob(self) -> Tensor:
        """float64 `[B]`: log P(text and end of `best` | valid), the tail summed out."""
        return self._lattice.best_log_prob

    def sample(self, seeds: Sequence[int], rows: Sequence[int] | None = None) -> Tensor:
        """int64 `[R, L]`: one exact joint sample a row; row b's does not depend on the other rows.

        Within the budget it is `posteriors[b].sample(1, seed)[0]`. Random numbers are drawn on the host, before anything
        runs on the device.

        Args:
            seeds: one a row.
            rows: which; None: all.
        """
        batch = self._lattice.batch
        chosen = range(len(self)) if rows is None else rows
        uniforms = [
            uniforms_for(seed, 1, batch.rows[b].length, batch.length)
            for seed, b in zip(seeds, chosen, strict=True)
        ]
        return self._lattice.sample(chosen, torch.as_tensor(np.stack(uniforms)))[0][:, 0]

    def constrained_logits(self) -> Tensor:
        """float32 `[B, L, V]`: log P(x_i = v | valid), the next step's self-conditioning."""
        return self._lattice.marginals(slice(None))
