"""A small model whose steps the test lets through one by one, so that nothing depends on time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from canvasgen.denoise import Defaults, Job, Noise, Uniform
from canvasgen.vocabulary import Vocabulary

LETTERS = Vocabulary([None, None, *(letter.encode() for letter in "abcdefgh")], end_ids=[1], pad_id=0)
JOB = Job(prompt=[2], max_tokens=8, max_denoising_steps=4)


@dataclass
class Gated:
    """Never sure of anything, so that a row takes all of its steps; a row's context is its prompt.

    Attributes:
        open: a step waits for it; set from the beginning unless a test clears it.
        rows: the number of rows of each step so far.
        fails: raise in the next step.
    """

    vocabulary: Vocabulary = LETTERS
    canvas_length: int = 8
    max_context: int | None = None
    noise: Noise = field(default_factory=Uniform)
    defaults: Defaults = field(default_factory=lambda: Defaults(max_tokens=8, max_denoising_steps=4))
    open: threading.Semaphore | None = None
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    rows: list[int] = field(default_factory=list)
    fails: bool = False

    @property
    def vocab_size(self) -> int:
        return self.vocabulary.size

    def prefill(self, prompts: Sequence[Sequence[int]]) -> Any:
        return tuple(tuple(prompt) for prompt in prompts)

    def select(self, context: Any, rows: Sequence[int]) -> Any:
        return tuple(context[row] for row in rows)

    def join(self, contexts: Sequence[Any]) -> Any:
        return tuple(read for context in contexts for read in context)

    def commit(self, context: Any, ids: torch.Tensor) -> Any:
        return context

    def denoise(
        self, context: Any, canvas: torch.Tensor, known: Any, conditioned: Any = None
    ) -> torch.Tensor:
        self.rows.append(len(context))
        self.entered.release()
        if self.open is not None:
            self.open.acquire()
        if self.fails:
            self.fails = False
            raise RuntimeError("out of memory")
        generator = torch.Generator().manual_seed(len(self.rows))
        return torch.randn((*canvas.shape, self.vocab_size), generator=generator)
