"""Small denoisers with known behaviour, and the vocabularies they speak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from canvasgen.denoise import Defaults, Noise, Uniform
from canvasgen.vocabulary import Vocabulary

PAD, END = 0, 1


def vocabulary(*texts: str) -> Vocabulary:
    """Pad, end, then one token per text."""
    return Vocabulary([None, None, *(text.encode() for text in texts)], end_ids=[END], pad_id=PAD)


LETTERS = vocabulary(
    *"abcdefgh", "ab", "cd", "é", "\\", '"', "{", "}", ":", ",", " ", "1", "2", '{"', '":', "\n"
)


@dataclass
class Base:
    """What all toys share; a context is a tuple of the token lists read so far."""

    vocabulary: Vocabulary = field(default_factory=lambda: LETTERS)
    canvas_length: int = 8
    max_context: int | None = None
    noise: Noise = field(default_factory=Uniform)
    defaults: Defaults = field(default_factory=lambda: Defaults(max_tokens=8))
    calls: list[str] = field(default_factory=list)

    @property
    def vocab_size(self) -> int:
        return self.vocabulary.size

    def prefill(self, prompts: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
        self.calls.append(f"prefill {len(prompts)}")
        return tuple(tuple(prompt) for prompt in prompts)

    def select(self, context, rows):
        return tuple(context[row] for row in rows)

    def join(self, contexts):
        self.calls.append(f"join {len(contexts)}")
        return tuple(read for context in contexts for read in context)

    def commit(self, context, ids):
        self.calls.append(f"commit {len(ids)}")
        return tuple((*read, *block.tolist()) for read, block in zip(context, ids, strict=True))

    def denoise(self, context, canvas, self_conditioning, conditioned=None):
        assert canvas.shape == (len(context), self.canvas_length)
        assert self_conditioning is None or self_conditioning.shape == (*canvas.shape, self.vocab_size)
        assert conditioned is None or (
            self_conditioning is not None and conditioned.shape == canvas.shape[:1]
        )
        self.calls.append(f"denoise {len(context)}")
        rows = []
        for number, read in enumerate(context):
            known = None if self_conditioning is None else self_conditioning[number]
            if conditioned is not None and not conditioned[number]:
                known = None
            rows.append(self.row(read, canvas[number], known))
        return torch.stack(rows)

    def row(self, read, canvas, known):
        raise AssertionError("a toy says what it thinks of one row")


@dataclass
class Reciter(Base):
    """Knows a text by heart, but is sure of a token only once the one before it stands on the canvas."""

    target: tuple[int, ...] = ()
    sureness: float = 40.0

    def row(self, read, canvas, known):
        logits = torch.zeros(self.canvas_length, self.vocab_size)
        for place, token in enumerate(self.target):
            if place == 0 or int(canvas[place - 1]) == self.target[place - 1]:
                logits[place, token] = self.sureness
        return logits


@dataclass
class Confident(Base):
    """Always wants the same text, whatever stands on the canvas; logits by position and token."""

    logits: torch.Tensor = field(default_factory=lambda: torch.zeros(8, LETTERS.size))

    def row(self, read, canvas, known):
        return self.logits.clone()


@dataclass
class Erratic(Base):
    """A random function of all it has read, of the canvas and of its self-conditioning."""

    seed: int = 0
    scale: float = 3.0

    def row(self, read, canvas, known):
        g = torch.Generator().manual_seed(self.seed)
        size = self.vocab_size
        own, left, place = (torch.randn(n, size, generator=g) for n in (size, size, self.canvas_length))
        context = torch.Generator().manual_seed(hash((self.seed, *read)) % 2**31)
        logits = own[canvas] + left[torch.roll(canvas, 1)] + place + torch.randn(size, generator=context)
        if known is not None:
            logits = logits + torch.softmax(known, -1) @ own
        return self.scale * logits


class FixedNoise:
    """Randomness that fills canvases with one token and may not be asked for anything else."""

    def __init__(self, token: int, length: int) -> None:
        self._token, self._length = token, length

    def canvas(self, rows):
        return torch.full((len(rows), self._length), self._token)

    def tokens(self, rows, probabilities):
        return probabilities.argmax(-1)

    def seed(self, row):
        return 0
