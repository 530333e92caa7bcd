"""What a backend is given: checked rows, and the logits of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from canvasgen.errors import CanvasgenError, ModelError
from canvasgen.inference.known_layouts import AnyLayout
from canvasgen.inference.tables import Bools, Ints, RowArrays

__all__ = ["Batch", "Row"]


@dataclass(frozen=True, eq=False)
class Row:
    """One checked canvas of a batch.

    Attributes:
        layout: its automaton and end tokens.
        length: n, its positions within the budget.
        fixed: position -> token id, sorted.
        state: before the canvas.
        remaining: tokens of budget after it.
        later: int32 `[S]`, fewest tokens from each state to an end behind this canvas, where that depends on the
            position (-1: none); None: the layout's own.
        closed: bool `[n, Z + 2]`, the class sets that may not stand at each position; None: all may.
        filler: the token that stands in the tail of `best`.
        known: the same logits, read for another constraint; a backend may use what has been read.
        error: why the row is impossible, found before any logit was read; its results mean nothing.
    """

    layout: AnyLayout
    length: int
    fixed: Mapping[int, int]
    state: int
    remaining: int
    later: Ints | None
    closed: Bools | None
    filler: int
    known: RowArrays | None = None
    error: CanvasgenError | None = None

    @property
    def final(self) -> Bools:
        """bool `[S + 1]`: the states that the canvas may end in."""
        return self.layout.final(self.remaining, self.later)

    @property
    def needed_to_go_on(self) -> Ints:
        """int32 `[S]`: fewest tokens, at least one, from each state to an end behind this canvas; -1 if there is no way."""
        later = self.layout.distance if self.later is None else self.later
        return self.layout.distance_of_more(later)


@dataclass(frozen=True, eq=False)
class Batch:
    """B rows and their logits, of which results are read until the last answer has been given.

    Attributes:
        rows: one for each canvas.
        logits: `[L_b, V]` of each row, n <= L_b <= L; of any float type.
        stacked: `[B, L, V]`, if the rows' logits are its parts.
        as_torch: whether `[L, V]` answers of one row are tensors rather than numpy arrays.
        threads: for backends on the CPU.
        length: L, of the longest canvas.
    """

    rows: Sequence[Row]
    logits: Sequence[Tensor]
    stacked: Tensor | None
    as_torch: bool
    threads: int
    length: int = field(init=False)
    _versions: list[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", max(len(values) for values in self.logits))
        object.__setattr__(self, "_versions", [_version(tensor) for tensor in self._watched])

    @property
    def _watched(self) -> Sequence[Tensor]:
        return self.logits if self.stacked is None else [self.stacked]

    @property
    def device(self) -> torch.device:
        """Where the logits are."""
        return self.logits[0].device

    def require_unchanged(self) -> None:
        """Called before logits are read again.

        Raises:
            ModelError: a tensor has been changed in place since (torch counts that; a change through numpy is not
            seen).
        """
        for tensor, version in zip(self._watched, self._versions, strict=True):
            if _version(tensor) != version:
                raise ModelError(
                    "the logits were changed in place after they had been conditioned",
                    rule="logits [L, V]",
                    remedy="ask for all answers before, or give condition() a copy",
                )


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version
