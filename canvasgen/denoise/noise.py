"""What an undecided position of a canvas holds, and how a canvas changes from one step to the next.

    fresh ──▶ canvas ──▶ denoise ──▶ read ──▶ accepted, drawn ──▶ renoise ──▶ canvas, decided
                ▲                                                                 │
                └─────────────────────────────────────────────────────────────────┘

`Uniform`   a random token of the whole vocabulary. Nothing is final before the commit: a position that is not accepted
            again in a step is noise again in the next. DiffusionGemma's noise.
`Mask`      one mask token. What was accepted stays (the state is absorbing). Source: Austin et al., "Structured
            denoising diffusion models in discrete state-spaces", 2021; the reading of the logits is the
            parametrisation of Sahoo et al., "Simple and effective masked diffusion language models", 2024.
`Editing`   one mask token, and an accepted token stays unless the model is sure of another one there. LLaDA2.1's noise.
            Source: "LLaDA2.1: Speeding up text diffusion via token editing", arXiv 2602.08676.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from canvasgen.denoise.randomness import Randomness

__all__ = ["Editing", "Mask", "Noise", "Uniform"]


class Noise(Protocol):
    """The noise of a model, for B rows with canvases of L positions over V tokens.

    No method changes its arguments, and no row's result depends on the other rows.
    """

    @property
    def varies(self) -> bool:
        """Whether one fresh canvas differs from another."""
        ...

    def fresh(self, rows: Sequence[int], length: int, randomness: Randomness) -> Tensor:
        """Canvases int64 `[B, length]` on which nothing is decided, for the rows of these numbers."""
        ...

    def read(self, logits: Tensor, canvas: Tensor, decided: Tensor) -> Tensor:
        """The distributions that logits `[B, L, V]` mean on a canvas `[B, L]`, bool `[B, L]` of it decided; as logits."""
        ...

    def renoise(
        self, canvas: Tensor, decided: Tensor, accepted: Tensor, drawn: Tensor, rest: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The next canvases int64 `[B, L]`, and which of their positions are decided, bool `[B, L]`.

        Args:
            canvas, decided: as they are.
            accepted: bool `[B, L]`, the positions that this step is sure of.
            drawn: int64 `[B, L]`, this step's tokens.
            rest: int64 `[B, L]`, what undecided positions hold: a fresh canvas, or one with the text that it starts from.
        """
        ...


@dataclass(frozen=True)
class Uniform:
    """An undecided position holds a random token; after each step only what it accepted is decided."""

    @property
    def varies(self) -> bool:
        """They are drawn."""
        return True

    def fresh(self, rows: Sequence[int], length: int, randomness: Randomness) -> Tensor:
        """Uniformly random tokens."""
        del length  # the randomness knows it
        return randomness.canvas(rows)

    def read(self, logits: Tensor, canvas: Tensor, decided: Tensor) -> Tensor:
        """The logits as they are: every position may become another token."""
        del canvas, decided
        return logits

    def renoise(
        self, canvas: Tensor, decided: Tensor, accepted: Tensor, drawn: Tensor, rest: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What was decided before counts no more."""
        del canvas, decided
        return torch.where(accepted, drawn, rest), accepted


@dataclass(frozen=True)
class Mask:
    """An undecided position holds the mask token; a decided one stays as it is.

    Two runs differ by the tokens that are drawn alone, and decided tokens leave few candidates. So a block that is
    denoised again after its validators refused it is sampled, even at temperature 0: there it would come to the same
    canvas.

    Attributes:
        mask_id: the mask token; it is never drawn.
    """

    mask_id: int

    @property
    def varies(self) -> bool:
        """There is one fresh canvas only."""
        return False

    def fresh(self, rows: Sequence[int], length: int, randomness: Randomness) -> Tensor:
        """All masks; no random numbers are drawn."""
        del randomness
        return torch.full((len(rows), length), self.mask_id, dtype=torch.int64)

    def read(self, logits: Tensor, canvas: Tensor, decided: Tensor) -> Tensor:
        """A decided position has its token for certain; at the others the mask token has probability zero."""
        read = logits.clone()
        read[..., self.mask_id] = -torch.inf
        decided = decided.to(read.device)
        tokens = canvas.to(read.device)[decided]
        certain = torch.full((len(tokens), read.shape[-1]), -torch.inf, dtype=read.dtype, device=read.device)
        certain.scatter_(1, tokens[:, None], 0.0)
        read[decided] = certain
        return read

    def renoise(
        self, canvas: Tensor, decided: Tensor, accepted: Tensor, drawn: Tensor, rest: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Decided positions keep their tokens, accepted ones get theirs."""
        return torch.where(decided, canvas, torch.where(accepted, drawn, rest)), decided | accepted


@dataclass(frozen=True)
class Editing(Mask):
    """An undecided position holds the mask token; a decided one may get another token, but no mask.

    A decided position is *contested* in a step if the model gives some other token more than `threshold` there. It is
    then read like an undecided one; all others are certain, as with `Mask`. Every decided position takes this step's
    token, which is its own unless it was contested: what is decided always comes from one canvas.

    Attributes:
        mask_id: the mask token; it is never drawn.
        threshold: probability, 0.5 to 1; below 0.5 the model might contest its token for several others at once.
    """

    threshold: float = 0.9

    def read(self, logits: Tensor, canvas: Tensor, decided: Tensor) -> Tensor:
        """A decided position has its token for certain, unless it is contested; the mask token has probability zero."""
        return super().read(
            logits, canvas, decided.to(logits.device) & ~self.contested(logits, canvas, decided)
        )

    def contested(self, logits: Tensor, canvas: Tensor, decided: Tensor) -> Tensor:
        """bool `[B, L]`: the decided positions where the model is sure of another token than the canvas `[B, L]` has."""
        read = logits.clone()
        read[..., self.mask_id] = -torch.inf
        most, token = torch.softmax(read.double(), dim=-1).max(dim=-1)
        return decided.to(read.device) & (token != canvas.to(read.device)) & (most > self.threshold)

    def renoise(
        self, canvas: Tensor, decided: Tensor, accepted: Tensor, drawn: Tensor, rest: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Decided positions and accepted ones get this step's tokens."""
        del canvas
        return torch.where(decided | accepted, drawn, rest), decided | accepted
