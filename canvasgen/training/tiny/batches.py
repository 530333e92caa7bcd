"""Examples to padded tensors, and noise on canvases: that of uniform diffusion, or of masked diffusion.

Shapes: B batch, P prompt, A answer, L canvas.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from canvasgen.models.embedded.special_tokens import EOS_ID, PAD_ID
from canvasgen.training.tiny.data.examples import Example, example
from canvasgen.training.tiny.text_model import CANVAS_LENGTHS
from canvasgen.training.tiny.wrong_texts import STRUCTURE, TAIL, without_a_part, wrong_value

STAGES = (
    (1.0,),
    (0.4, 0.6),
    (0.15, 0.4, 0.45),
    (0.1, 0.2, 0.35, 0.35),
    (0.08, 0.14, 0.22, 0.34, 0.22),
    (
        *(
            0.01,
            0.01,
            0.02,
            0.04,
            0.03,
            0.025,
            0.02,
            0.045,
            0.08,
            0.04,
            0.025,
            0.025,
            0.02,
            0.025,
            0.02,
            0.01,
        ),
        *(0.08, 0.10, 0.08, 0.04, 0.09, 0.04, 0.04, 0.08, 0.05, 0.03, 0.14, 0.06),
    ),
)
"""The shares of the levels at each stage of the curriculum; the last stage has all kinds of tasks."""

LENGTHS = tuple(sorted((*CANVAS_LENGTHS, 128)))
"""Of the canvases on which some batches stand; the others have the length of their longest answer."""
LONGEST = LENGTHS[-1]


@dataclass
class Batch:
    """One training batch; ``values`` [B, L]: number of the value a token is in, or STRUCTURE or TAIL."""

    prompts: Tensor
    prompt_lengths: Tensor
    canvas: Tensor
    lengths: Tensor
    values: Tensor
    levels: Tensor


@dataclass(frozen=True)
class Encoded:
    """The token ids of one example; ``values`` as in Batch, for the answer's tokens and its end token."""

    prompt: list[int]
    answer: list[int]
    values: list[int]
    level: int


def encode(tokenizer: Tokenizer, made: list[tuple[Example, int]]) -> list[Encoded]:
    """Token ids of examples with their levels; those that do not fit the longest canvas are left out."""
    prompts = tokenizer.encode_batch([e.full_prompt for e, _ in made])
    answers = tokenizer.encode_batch([e.text for e, _ in made], add_special_tokens=False)
    out: list[Encoded] = []
    for (one, level), prompt, answer in zip(made, prompts, answers, strict=True):
        if len(answer.ids) >= LONGEST:
            continue
        values, spans, at = [], one.spans, 0
        for start, end in answer.offsets:
            while at < len(spans) and spans[at][1] <= start:
                at += 1
            values.append(
                spans[at][2] if at < len(spans) and start < spans[at][1] and end > spans[at][0] else STRUCTURE
            )
        out.append(Encoded(prompt.ids, [*answer.ids, EOS_ID], [*values, STRUCTURE], level))
    return out


def collate(rows: list[Encoded], length: int) -> Batch:
    """Pad rows into one batch with canvases of ``length`` tokens."""
    width = -(-max(len(row.prompt) for row in rows) // 8) * 8
    prompts = torch.full((len(rows), width), PAD_ID)
    canvas = torch.full((len(rows), length), PAD_ID)
    values = torch.full((len(rows), length), TAIL)
    for index, row in enumerate(rows):
        prompts[index, : len(row.prompt)] = torch.tensor(row.prompt)
        canvas[index, : len(row.answer)] = torch.tensor(row.answer)
        values[index, : len(row.values)] = torch.tensor(row.values)
    return Batch(
        prompts,
        torch.tensor([len(row.prompt) for row in rows]),
        canvas,
        torch.tensor([len(row.answer) for row in rows]),
        values,
        torch.tensor([row.level for row in rows]),
    )


class Feed:
    """Endless batches of about ``tokens`` tokens, bucketed by length; the state is its random generator."""

    def __init__(self, tokenizer: Tokenizer, seed: int, tokens: int) -> None:
        self.tokenizer, self.tokens = tokenizer, tokens
        self.rng = random.Random(seed)
        self.stage = 0
        self._waiting: list[Batch] = []

    def next(self) -> Batch:
        """The next batch."""
        if not self._waiting:
            self._waiting = list(self._pool(1200))
            self.rng.shuffle(self._waiting)
        return self._waiting.pop()

    def skip_waiting(self) -> None:
        """Drop the batches made for an earlier stage."""
        self._waiting.clear()

    def _example(self, level: int) -> Example:
        """One of a level; rather a short one: what people ask for mostly is, and a batch holds more of them."""
        drawn = [example(self.rng, False, level) for _ in range(self.rng.choice([1, 2, 3]))]
        return min(drawn, key=lambda one: len(one.full_prompt) + 2 * len(one.text))

    def _pool(self, count: int) -> Iterator[Batch]:
        shares = STAGES[self.stage]
        levels = self.rng.choices(range(len(shares)), shares, k=count)
        rows = encode(self.tokenizer, [(self._example(level), level) for level in levels])
        rows.sort(key=lambda row: len(row.prompt) + 2 * len(row.answer) + self.rng.random() * 8)
        while rows:
            size, longest, width = 0, 0, 0
            for row in rows:
                longest, width = max(longest, len(row.answer)), max(width, len(row.prompt))
                if (width + 2 * longest) * (size + 1) > self.tokens and size >= 4:
                    break
                size += 1
            taken, rows = rows[:size], rows[size:]
            length = min(LONGEST, -(-max(len(row.answer) for row in taken) // 8) * 8)
            if self.rng.random() < (0.35 if length <= 32 else 0.12):
                length = self.rng.choice([n for n in LENGTHS if n >= length])
                taken = taken[: max(4, self.tokens // (2 * length + width))]
            yield collate(taken, length)


PATTERNS = ("independent", "prefix", "values", "everything", "widths")
MOST_WIDTH = 12
"""Most tokens of noise that stand for a value whose width is not known."""
WITHOUT_A_PART, WRONG_ROWS, WRONG_VALUES = 0.3, 0.7, 0.6
"""Of the rows with values of other widths: those without a part of the form, those with wrong values, and of these."""


@dataclass
class Noised:
    """Noised canvases [B, L]: which positions are wrong or noise, the patterns [B], loss weights [B, L].

    ``base`` [B, L] is what was noised: the answer, or in ``misplaced`` rows [B] one with a slip in it,
    or one with values of other widths.
    """

    canvas: Tensor
    replaced: Tensor
    pattern: Tensor
    weight: Tensor
    base: Tensor
    misplaced: Tensor


def slip(batch: Batch, generator: torch.Generator) -> Tensor:
    """Answers [B, L] in which one token of a value is doubled or left out, and all that follows is moved.

    It is the error that parallel decoding makes where it is unsure of a value's length; the model must learn
    to see it in what it is given, on the canvas and by self-conditioning.
    """
    rows, length = batch.canvas.shape
    chances = (batch.values >= 0).float() + 1e-6 * (batch.values == STRUCTURE)
    at = torch.multinomial(chances, 1, generator=generator)
    places = torch.arange(length)[None]
    shorter = (places + (places >= at).long()).clamp_max(length - 1)
    longer = places - (places > at).long()
    fewer = torch.rand(rows, 1, generator=generator) < 0.5
    return batch.canvas.gather(1, torch.where(fewer, shorter, longer))


def noise_tokens(
    shape: tuple[int, ...], vocab_size: int, mask_id: int | None, generator: torch.Generator
) -> Tensor:
    """Tokens of noise: random ones, or the mask token where there is one."""
    if mask_id is not None:
        return torch.full(shape, mask_id)
    return torch.randint(0, vocab_size, shape, generator=generator)


def stretch(
    batch: Batch, rows: Tensor, vocab_size: int, generator: torch.Generator, mask_id: int | None = None
) -> Tensor:
    """Answers [B, L]; in ``rows`` [B] every value is noise of some other width, and what follows it is moved.

    It is what a canvas starts from where the fixed text is known and the widths of its holes are not. Without a
    ``mask_id`` some values are wrong ones instead (`wrong_value`), and some rows are `without_a_part` of their form.
    """
    rng = random.Random(int(torch.randint(0, 2**62, (), generator=generator)))
    out = batch.canvas.clone()
    length = out.shape[1]
    for row in torch.nonzero(rows)[:, 0].tolist():
        values, ids = batch.values[row].tolist(), batch.canvas[row].tolist()
        asked = row % len(batch.prompts)  # a prompt stands once for all copies of its canvas
        prompt = batch.prompts[asked, : int(batch.prompt_lengths[asked])].tolist()
        if mask_id is None and rng.random() < WITHOUT_A_PART:
            ids, values = without_a_part(ids, values, rng)
        wrong = WRONG_VALUES if mask_id is None and rng.random() < WRONG_ROWS else 0.0
        same = rng.randint(0, MOST_WIDTH)
        laid: list[int] = []
        for place, value in enumerate(values):
            if value < 0:
                laid.append(ids[place])
            elif place == 0 or values[place - 1] != value:
                if rng.random() < wrong:
                    laid += wrong_value(ids, values, value, prompt, rng)
                    continue
                width = same if rng.random() < 0.5 else rng.randint(0, MOST_WIDTH)
                laid += noise_tokens((width,), vocab_size, mask_id, generator).tolist()
        laid = (laid + [PAD_ID] * length)[:length]
        out[row] = torch.tensor(laid)
    return out


def noise(
    batch: Batch,
    vocab_size: int,
    generator: torch.Generator,
    high: float = 0.5,
    mask_id: int | None = None,
) -> Noised:
    """Noise on a batch's canvases; with a ``mask_id``, noise is that token, and no token is misplaced.

    ``high`` is the share of rows with mostly high noise rates (the others: uniform). The weight falls with
    the distance from the end of a clean beginning: what stands far behind it cannot be placed yet.

    Patterns: each token by itself; a clean beginning and noise after it; the values alone; everything; values
    of other widths than their own (``stretch``), perhaps with noise elsewhere. All are states a decoder
    meets: it fixes what is certain first, often from left to right, and a constraint gives the form.
    """
    rows, length = batch.canvas.shape
    pattern = torch.multinomial(
        torch.tensor([0.22, 0.30, 0.10, 0.14, 0.24]), rows, replacement=True, generator=generator
    )
    uniform = torch.rand(rows, length, generator=generator)
    rate = torch.rand(rows, 1, generator=generator)
    rate = torch.where(torch.rand(rows, 1, generator=generator) < high, 1 - rate**2, rate)
    cut = (torch.rand(rows, 1, generator=generator) * batch.lengths[:, None]).long()
    replaced = uniform < rate
    after = (torch.arange(length)[None] >= cut) & (uniform < rate.clamp_min(0.5) + 0.5)
    replaced = torch.where((pattern == 1)[:, None], after, replaced)
    inside = (batch.values >= 0) | ((batch.values == TAIL) & (torch.rand(rows, 1, generator=generator) < 0.5))
    some = torch.rand(rows, 1, generator=generator) < high
    replaced = torch.where((pattern == 2)[:, None], inside & (some | (uniform < rate)), replaced)
    replaced = replaced | (pattern == 3)[:, None]
    random_ids = noise_tokens((rows, length), vocab_size, mask_id, generator)
    distance = (torch.arange(length)[None] - torch.where(pattern == 3, 0, cut[:, 0])[:, None]).clamp_min(0)
    near = torch.exp(-distance / 12.0).clamp_min(0.1)
    weight = torch.where(((pattern == 1) | (pattern == 3))[:, None], near, 1.0)
    misplaced = (pattern < 2) & (torch.rand(rows, generator=generator) < (0.3 if mask_id is None else 0.0))
    base = torch.where(misplaced[:, None], slip(batch, generator), batch.canvas)
    stretched = pattern == 4
    base = torch.where(stretched[:, None], stretch(batch, stretched, vocab_size, generator, mask_id), base)
    spared = torch.rand(rows, 1, generator=generator) < 0.5
    replaced = torch.where(stretched[:, None] & spared, False, replaced)
    canvas = torch.where(replaced, random_ids, base)
    return Noised(canvas, replaced | (base != batch.canvas), pattern, weight, base, misplaced)


def repeat(batch: Batch, copies: int) -> Batch:
    """The batch with its canvases ``copies`` times over; the prompts stay single."""
    return Batch(
        batch.prompts,
        batch.prompt_lengths,
        batch.canvas.repeat(copies, 1),
        batch.lengths.repeat(copies),
        batch.values.repeat(copies, 1),
        batch.levels.repeat(copies),
    )
