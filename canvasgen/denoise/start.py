"""Where a generation starts from: tokens that are written already, and a first canvas that is not all noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch

__all__ = ["Start"]


@dataclass(frozen=True)
class Start:
    """A text that is there before the first step.

    Attributes:
        written: token ids of its beginning that is not denoised any more; the model reads them behind the prompt.
        canvas: token ids of the first canvas, from its first position on; None where it holds noise.
        kept: as many first positions of the canvas hold their token until another is accepted there.
        strength: share of the denoising schedule that is run, its last part; above 0, at most 1.
    """

    written: tuple[int, ...] = ()
    canvas: tuple[int | None, ...] = ()
    kept: int = 0
    strength: float = 1.0

    def onto(self, fresh: torch.Tensor) -> torch.Tensor:
        """The first canvas, int64 `[L]`, from one on which nothing is decided, `[L]`."""
        return self._laid(fresh, self._text)

    def renoised(self, fresh: torch.Tensor) -> torch.Tensor:
        """What stands on the first canvas where nothing is accepted, int64 `[L]`."""
        return self._laid(fresh, self._text[: self.kept]) if self.kept else fresh

    @cached_property
    def _text(self) -> torch.Tensor:
        """int64 `[len(canvas)]`; -1 where the canvas holds noise."""
        return torch.tensor([-1 if token is None else token for token in self.canvas], dtype=torch.int64)

    @staticmethod
    def _laid(fresh: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        text = text[: len(fresh)]
        laid = fresh.clone()
        laid[: len(text)] = torch.where(text < 0, laid[: len(text)], text)
        return laid
