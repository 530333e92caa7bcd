"""The noise on canvases and the training loss: what every blank cell holds, from whatever stands on the canvas.

Shapes: K puzzles, B = copies * K canvases, L canvas, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from canvasgen.models.embedded.sudoku.grid_tokens import CANVAS_LENGTH, DIGIT_0
from canvasgen.training.shared.lean import KeyValues, LeanModel
from canvasgen.training.sudoku.puzzle_pool import Batch

__all__ = ["PROMPT_MASK", "encode_shallow", "loss", "noised", "positions"]

PROMPT_MASK = torch.ones(CANVAS_LENGTH, CANVAS_LENGTH, dtype=torch.bool).tril()[None, None]


def positions(behind: int) -> Tensor:
    """Positions `[1, L]` of a prompt (0) or of the canvas behind it (`CANVAS_LENGTH`)."""
    return behind + torch.arange(CANVAS_LENGTH)[None]


def encode_shallow(lean: LeanModel, prompts: Tensor) -> KeyValues:
    """Keys and values of the prompts; only those of the first layer carry gradients.

    The model takes all it needs of the prompt in its first layer; what the layers above make of the prompt is read
    but not trained, which halves the work.
    """
    embedded = F.embedding(prompts, lean.embedding) * lean.hidden**0.5
    where = positions(0)
    cos, sin = lean.cos[where][:, :, None], lean.sin[where][:, :, None]
    x, pair = lean.layer(embedded, 0, cos, sin, PROMPT_MASK, None)
    kept = [pair]
    with torch.no_grad():
        x = x.detach()
        for number in range(1, len(lean.layers)):
            x, pair = lean.layer(x, number, cos, sin, PROMPT_MASK, None)
            kept.append(pair)
    return kept


def noised(
    batch: Batch, vocabulary: int, wrong_rows: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Canvases `[B, L]` of the batch's, and where they hold what they should, bool `[B, L]`.

    Rows of four kinds, as a decoder meets them: noise alone; givens and form clean and a random share of the blanks
    right; the givens clean and nothing else; each position clean or noise by itself. In some rows a few of the cells
    that look filled in are wrong.
    """
    rows, length = batch.canvas.shape

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    kind = torch.multinomial(torch.tensor([0.15, 0.6, 0.1, 0.15]), rows, True, generator=generator)[:, None]
    share = draw(rows, 1)
    uniform = draw(rows, length)
    clean = torch.where(
        kind == 1, ~batch.blank | (uniform < share), torch.where(kind == 2, batch.given, uniform < share)
    )
    clean &= kind != 0
    noise = torch.randint(0, vocabulary, (rows, length), generator=generator)
    canvas = torch.where(clean, batch.canvas, noise)
    digits = 1 + (torch.rand(rows, length, generator=generator) * batch.sizes[:, None]).long() + DIGIT_0
    few = 0.15 * draw(rows, 1) * (draw(rows, 1) < wrong_rows)
    slips = clean & (draw(rows, length) < torch.where(batch.blank, few, few * batch.given * 0.2))
    canvas = torch.where(slips, digits, canvas)
    return canvas, canvas == batch.canvas


def accepted(entropy: Tensor, bound: Tensor) -> Tensor:
    """What an entropy bound `[B, 1]` accepts of `[B, L]`: the surest, while the doubt before is within it."""
    ordered, order = entropy.sort(1)
    return torch.zeros_like(entropy, dtype=torch.bool).scatter(1, order, ordered.cumsum(1) - ordered <= bound)


def loss(
    lean: LeanModel,
    batch: Batch,
    copies: int,
    conditioned: bool,
    wrong_rows: float,
    generator: torch.Generator,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Mean cross entropy of the blanks, and a little of all else; and what to log.

    With ``conditioned``, four fifths of the rows see their own first prediction, at a random temperature, and most of
    these the canvas that a greedy loop would go on with, at a random entropy bound.
    """
    past = encode_shallow(lean, batch.prompts)
    past = [(keys.repeat(copies, 1, 1, 1), values.repeat(copies, 1, 1, 1)) for keys, values in past]
    batch = batch.repeat(copies)
    rows = len(batch.canvas)
    vocabulary = lean.embedding.shape[0]
    canvas, right = noised(batch, vocabulary, wrong_rows, generator)
    where = positions(CANVAS_LENGTH)
    soft = None
    if conditioned:
        with torch.no_grad():
            rolls = torch.rand(5, rows, 1, generator=generator)
            first = lean.decode(canvas, where, None, [(k.detach(), v.detach()) for k, v in past], None)
            soft, entropy, best = lean.glance(first, 0.3 + 0.7 * rolls[0, :, :, None])
            told = rolls[1] < 0.8
            soft = soft * told[:, :, None]
            kept = accepted(entropy, 0.01 * 100 ** rolls[2])
            noise = torch.randint(0, vocabulary, canvas.shape, generator=generator)
            moved = told & (rolls[3] < 0.7)
            canvas = torch.where(moved, torch.where(kept, best, noise), canvas)
            right = canvas == batch.canvas
    each, best = lean.token_loss(lean.decode(canvas, where, None, past, soft), batch.canvas)
    open_ = batch.blank & ~right
    weight = 0.05 + 0.05 * batch.given + 0.15 * batch.blank + 0.8 * open_
    total = (each * weight).sum() / (0.05 + weight * batch.blank).sum()
    return total, {
        "blank_loss": (each.detach() * open_).sum() / open_.sum().clamp_min(1),
        "hits": best == batch.canvas,
        "open": open_,
        "right": right,
    }
