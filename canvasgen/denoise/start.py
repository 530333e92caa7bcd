"""Where a generation starts from: tokens that are written already, and a first canvas that is not all noise."""

from __future__ import annotations

from dataclasses import dataclass

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

    def onto(self, noise: torch.Tensor) -> torch.Tensor:
        """The first canvas, int64 `[L]`, from noise `[L]`."""
        return self._laid(noise, len(self.canvas))

    def renoised(self, noise: torch.Tensor) -> torch.Tensor:
        """What stands on the first canvas where nothing is accepted, int64 `[L]`."""
        return self._laid(noise, self.kept)

    def _laid(self, noise: torch.Tensor, count: int) -> torch.Tensor:
        laid = noise.clone()
        for position, token in enumerate(self.canvas[: min(count, len(noise))]):
            if token is not None:
                laid[position] = token
        return laid
