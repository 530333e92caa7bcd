"""A model whose forward passes somebody else runs, as a `Denoiser`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from canvasgen.denoise import Defaults, Denoiser, Noise, Uniform
from canvasgen.errors import ModelError
from canvasgen.vocabulary import Vocabulary

__all__ = ["HostModel"]

Rows: TypeAlias = tuple[int, ...]


@dataclass
class HostModel:
    """What the loop has to know of a model that runs in another engine; that engine brings the logits of each step.

    A context is the numbers of its rows, counted as they are prefilled: the engine keeps what its model has read.

    Attributes:
        vocabulary: the V tokens, the end tokens and the pad token.
        canvas_length: L.
        defaults: how the engine runs the model; its steps and temperatures are the engine's.
        noise: what undecided positions hold.
        max_context: positions that prompt and answer may have together; None: the engine checks it.
    """

    vocabulary: Vocabulary
    canvas_length: int
    defaults: Defaults = field(default_factory=Defaults)
    noise: Noise = field(default_factory=Uniform)
    max_context: int | None = None

    def __post_init__(self) -> None:
        self._prefilled = 0
        self._numbers: Rows = ()
        self._logits: Tensor | None = None

    @classmethod
    def of(cls, model: Denoiser, *, defaults: Defaults | None = None) -> HostModel:
        """What another model is like, but for its forward passes.

        Args:
            model: the model.
            defaults: of the engine that runs it; None: the model's own.
        """
        return cls(
            model.vocabulary,
            model.canvas_length,
            model.defaults if defaults is None else defaults,
            model.noise,
            model.max_context,
        )

    @property
    def vocab_size(self) -> int:
        """V."""
        return self.vocabulary.size

    def give(self, numbers: Sequence[int], logits: Tensor) -> None:
        """Take in what the next `denoise` answers.

        Args:
            numbers: of the rows.
            logits: `[len(numbers), L, V]`, in their order.

        Raises:
            ModelError: the shape does not fit.
        """
        wanted = len(numbers), self.canvas_length, self.vocab_size
        if tuple(logits.shape) != wanted:
            raise ModelError(
                f"the logits of a step have the shape {list(wanted)}",
                rule="logits [B, L, V]",
                value=list(logits.shape),
                remedy="give one row for each session, for the whole canvas and vocabulary",
            )
        self._numbers, self._logits = tuple(numbers), logits

    def prefill(self, prompts: Sequence[Sequence[int]]) -> Rows:
        """Their numbers; the engine reads them."""
        first = self._prefilled
        self._prefilled += len(prompts)
        return tuple(range(first, self._prefilled))

    def select(self, context: Rows, rows: Sequence[int]) -> Rows:
        """Some of the numbers."""
        return tuple(context[row] for row in rows)

    def join(self, contexts: Sequence[Rows]) -> Rows:
        """The numbers of all."""
        return tuple(number for context in contexts for number in context)

    def denoise(
        self,
        context: Rows,
        canvas: Tensor,
        self_conditioning: Tensor | None,
        conditioned: Tensor | None = None,
    ) -> Tensor:
        """The logits that were given, float32 `[B, L, V]`; the engine knows the canvases and the last answers."""
        del canvas, self_conditioning, conditioned
        assert self._logits is not None, "logits are given before a step"
        logits, self._logits = self._logits, None
        if context != self._numbers:
            places = [self._numbers.index(number) for number in context]
            logits = logits[torch.tensor(places, device=logits.device)]
        return logits.float()

    def commit(self, context: Rows, ids: Tensor) -> Rows:
        """The engine reads the block."""
        del ids
        return context
