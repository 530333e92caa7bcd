"""A row of the torch backend on the host."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from canvasgen.inference.computed_once import once
from canvasgen.inference.layout import Symbols
from canvasgen.inference.tables import Bools, ClassTables, Floats, Longs
from canvasgen.inference.torch_backend.classes import Tables, precise

__all__ = ["Arrays", "TorchRow"]


class Arrays(Protocol):
    """What a `TorchLattice` holds on its device: `[L, *]` over all rows' states, sets and classes."""

    @property
    def logits(self) -> Tensor:
        """`[B, L, V]`."""
        ...

    @property
    def tables(self) -> Tables:
        """Of the classes."""
        ...

    @property
    def sets(self) -> Tensor:
        """`[L, Z*]`."""
        ...

    @property
    def alpha(self) -> Tensor:
        """`[L + 1, S*]`."""
        ...

    @property
    def beta(self) -> Tensor:
        """`[L + 1, S*]`."""
        ...

    @property
    def bias(self) -> Tensor:
        """`[L, C*]`."""
        ...

    @property
    def best_sets(self) -> Tensor:
        """`[L, Z*]`."""
        ...

    @property
    def to_go(self) -> Tensor:
        """`[L + 1, S*]`."""
        ...


def _host(values: Tensor) -> Floats:
    return values.double().contiguous().cpu().numpy()


class TorchRow:
    """`RowArrays` by copies from the device.

    Args:
        arrays: of the batch.
        index: the row.
        layout: its layout.
        length: its n positions.
        states, sets, classes: where it stands among those of all rows.
    """

    def __init__(
        self,
        arrays: Arrays,
        index: int,
        layout: Symbols,
        length: int,
        states: slice,
        sets: slice,
        classes: slice,
    ) -> None:
        self._arrays = arrays
        self._index, self._layout, self._length = index, layout, length
        self._states, self._sets, self._classes = states, sets, classes

    @once
    def tables(self) -> ClassTables:
        """See `RowArrays.tables`."""
        tables, n = self._arrays.tables, self._length
        best, mass, mean = (
            _host(kind[:n, self._classes]) for kind in (tables.best, tables.mass, tables.mean)
        )
        normaliser, tail = (_host(kind[:n, self._index]) for kind in (tables.normaliser, tables.tail))
        return ClassTables(best, mass, mean, normaliser, tail)

    @once
    def sets(self) -> Floats:
        """See `RowArrays.sets`."""
        return _host(self._arrays.sets[: self._length, self._sets])

    @once
    def alpha(self) -> Floats:
        """See `RowArrays.alpha`."""
        return _host(self._arrays.alpha[: self._length + 1, self._states])

    @once
    def beta(self) -> Floats:
        """See `RowArrays.beta`."""
        return _host(self._arrays.beta[: self._length + 1, self._states])

    @once
    def bias(self) -> Floats:
        """See `RowArrays.bias`."""
        return _host(self._arrays.bias[: self._length, self._classes])

    @property
    def allowed(self) -> Bools:
        """See `RowArrays.allowed`."""
        return self.tables.mass + self.bias > -np.inf

    @once
    def best_sets(self) -> Floats:
        """See `RowArrays.best_sets`."""
        return _host(self._arrays.best_sets[: self._length, self._sets])

    @once
    def to_go(self) -> Floats:
        """See `RowArrays.to_go`."""
        return _host(self._arrays.to_go[: self._length + 1, self._states])

    def best_from(self, position: int, states: Longs) -> Floats:
        """See `RowArrays.best_from`."""
        return self.to_go[position, states]

    @property
    def reached(self) -> Bools:
        """See `RowArrays.reached`."""
        return (self.alpha > -np.inf).max(axis=1)

    @property
    def _logits(self) -> Tensor:
        return self._arrays.logits[self._index, : self._length]

    def top_tokens(self, position: int, index: int, count: int) -> tuple[Longs, Floats]:
        """See `RowArrays.top_tokens`."""
        tokens = self._layout.tokens_of_class(index).astype(np.int64)
        values = precise(self._logits[position, torch.as_tensor(tokens, device=self._logits.device)])
        order = torch.sort(values, descending=True, stable=True).indices[:count]
        return tokens[order.cpu().numpy()], _host(values[order])

    def token_logit(self, position: int, token: int) -> float:
        """See `RowArrays.token_logit`."""
        return float(self._logits[position, token])

    def columns(self, tokens: Longs) -> Floats:
        """See `RowArrays.columns`."""
        return _host(precise(self._logits[:, torch.as_tensor(tokens, device=self._logits.device)]))
