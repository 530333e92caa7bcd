"""Where the loop's random numbers come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

__all__ = ["Randomness", "RowRandomness"]


class Randomness(Protocol):
    """Random numbers for the rows of a batch, named by their numbers."""

    def canvas(self, rows: Sequence[int]) -> torch.Tensor:
        """Uniformly random tokens, int64 `[len(rows), L]`."""
        ...

    def tokens(self, rows: Sequence[int], probabilities: torch.Tensor) -> torch.Tensor:
        """One draw per position from `[len(rows), L, V]`, int64 `[len(rows), L]`."""
        ...

    def seed(self, row: int) -> int:
        """A seed for a joint sample of a constrained canvas."""
        ...


class RowRandomness:
    """One generator per row, so that a row gets the same numbers alone and in a batch.

    Args:
        seeds: of the rows 0, 1, …; any whole numbers.
        canvas_length: L.
        vocab_size: V.
    """

    def __init__(self, seeds: Sequence[int], canvas_length: int, vocab_size: int) -> None:
        self._shape = (canvas_length,)
        self._vocab_size = vocab_size
        self._seeds: dict[int, int] = {}
        self._host: dict[int, torch.Generator] = {}
        self._device: dict[int, torch.Generator] = {}
        for row, seed in enumerate(seeds):
            self.begin(row, seed)

    def begin(self, row: int, seed: int) -> None:
        """A new row's generator."""
        self._seeds[row] = seed % 2**63
        self._host[row] = torch.Generator().manual_seed(self._seeds[row])

    def end(self, row: int) -> None:
        """The row needs no more random numbers."""
        for kept in (self._seeds, self._host, self._device):
            kept.pop(row, None)

    def canvas(self, rows: Sequence[int]) -> torch.Tensor:
        """Drawn on the host."""
        return torch.stack(
            [torch.randint(self._vocab_size, self._shape, generator=self._host[row]) for row in rows]
        )

    def tokens(self, rows: Sequence[int], probabilities: torch.Tensor) -> torch.Tensor:
        """Drawn where the probabilities are."""
        drawn = [
            torch.multinomial(one, 1, generator=self._generator(row, one.device)).squeeze(-1)
            for row, one in zip(rows, probabilities, strict=True)
        ]
        return torch.stack(drawn)

    def seed(self, row: int) -> int:
        """63 bits from the row's generator."""
        return int(torch.randint(2**63 - 1, (), generator=self._host[row]))

    def _generator(self, row: int, device: torch.device) -> torch.Generator:
        if device.type == "cpu":
            return self._host[row]
        if row not in self._device:
            self._device[row] = torch.Generator(device).manual_seed(self._seeds[row])
        return self._device[row]
