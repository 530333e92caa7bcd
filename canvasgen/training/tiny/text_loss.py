"""The training loss: denoising of the canvas, and next-token prediction of the answer by the tied encoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from canvasgen.training.shared.lean import KeyValues, LeanModel
from canvasgen.training.tiny.batches import TAIL, Batch, Noised, noise_tokens


@dataclass
class Encoding:
    """Keys and values of the prompts, and the masks and positions for the decoder."""

    past: KeyValues
    mask: Tensor
    positions: Tensor
    answer_hidden: Tensor


def run_encoder(lean: LeanModel, batch: Batch, with_answer: bool = True) -> Encoding:
    """Encode prompts (and after each its answer), padded on the right; positions count real tokens only."""
    rows, width = batch.prompts.shape
    length = batch.canvas.shape[1]
    real = torch.arange(width)[None] < batch.prompt_lengths[:, None]
    canvas_positions = batch.prompt_lengths[:, None] + torch.arange(length)[None]
    ids, positions, seen = batch.prompts, torch.arange(width).expand(rows, -1), real
    if with_answer:
        longest = int(batch.lengths.max())
        ids = torch.cat((ids, batch.canvas[:, :longest]), 1)
        positions = torch.cat((positions, canvas_positions[:, :longest]), 1)
        seen = torch.cat((real, torch.ones(rows, longest, dtype=torch.bool)), 1)
    total = ids.shape[1]
    mask = torch.ones(total, total, dtype=torch.bool).tril()[None] & seen[:, None]
    mask |= torch.eye(total, dtype=torch.bool)[None]
    hidden, kept = lean.encode(ids, positions, mask[:, None])
    past = [(keys[:, :, :width], values[:, :, :width]) for keys, values in kept]
    decoder_mask = torch.cat((real, torch.ones(rows, length, dtype=torch.bool)), 1)[:, None, None].expand(
        -1, 1, length, -1
    )
    return Encoding(past, decoder_mask, canvas_positions, hidden[:, width:])


def weights(lengths: Tensor, width: int) -> Tensor:
    """Weight of each canvas position [B, width]: one to a little after the end of the text, then falling.

    It must not depend on what the token is: where it is not yet certain whether a value goes on or ends,
    unequal weights would tilt the model's distribution, and confident duplicates would follow.
    """
    beyond = (torch.arange(width)[None] - lengths[:, None] - 8).clamp_min(0)
    return torch.exp(-beyond / 8.0).clamp_min(0.03)


def gumbel(shape: torch.Size, lean: LeanModel, generator: torch.Generator) -> Tensor:
    """Gumbel noise [B, L, V]."""
    draws = torch.empty(*shape, lean.embedding.shape[0])
    return -draws.exponential_(generator=generator).log_()


def sampler_step(
    entropy: Tensor,
    drawn: Tensor,
    vocabulary: int,
    generator: torch.Generator,
    mask_id: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The next canvas [B, L] of an entropy-bound sampler, and which positions it accepted [B, L].

    The surest positions are accepted while the entropy of those before is within a bound; the rest is noise, random
    tokens or the mask token. The bound is drawn for each row, 0.05 to 2 nats.
    """
    rows, length = entropy.shape
    bound = 0.05 * 40 ** torch.rand(rows, 1, generator=generator)
    ordered, order = entropy.sort(1)
    accepted = torch.zeros(rows, length, dtype=torch.bool).scatter(
        1, order, ordered.cumsum(1) - ordered <= bound
    )
    return torch.where(
        accepted, drawn, noise_tokens((rows, length), vocabulary, mask_id, generator)
    ), accepted


def loss(
    lean: LeanModel,
    batch: Batch,
    made: Noised,
    condition: Tensor | None,
    next_share: float,
    generator: torch.Generator,
    mask_id: int | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The denoising loss, plus ``next_share`` times the next-token loss if that is not zero; and what to log.

    ``made`` holds copies * B canvases: a prompt is read once for all copies of its canvas. ``condition``
    [copies * B] marks the rows that see their own first prediction (self-conditioning), most of them with the
    canvas moved on by one step of a sampler, and some misplaced ones see the slip as if it were sure; or None
    for none. ``mask_id``: the mask token of masked noise.
    """
    noised, replaced = made.canvas, made.replaced
    coded = run_encoder(lean, batch, with_answer=next_share > 0)
    copies = len(noised) // len(batch.prompts)
    targets = batch.canvas.repeat(copies, 1)
    past = [(keys.repeat(copies, 1, 1, 1), values.repeat(copies, 1, 1, 1)) for keys, values in coded.past]
    positions, mask = coded.positions.repeat(copies, 1), coded.mask.repeat(copies, 1, 1, 1)
    soft = None
    if condition is not None:
        with torch.no_grad():
            first = lean.decode(noised, positions, mask, [(k.detach(), v.detach()) for k, v in past], None)
            soft, entropy, drawn = lean.look(first, gumbel(noised.shape, lean, generator), 0.6)
            trust = 0.5 + 0.5 * torch.rand(len(noised), generator=generator)
            trust = trust * (made.misplaced & (torch.rand(len(noised), generator=generator) < 0.5))
            believed = F.embedding(made.base, lean.embedding) * lean.hidden**0.5
            soft = torch.lerp(soft, believed, trust[:, None, None]) * condition[:, None, None]
            stepped, kept = sampler_step(entropy, drawn, lean.embedding.shape[0], generator, mask_id)
            moved = (condition & (torch.rand(len(noised), generator=generator) < 0.6))[:, None]
            if mask_id is not None:  # what was given stays
                stepped, kept = torch.where(noised == mask_id, stepped, noised), kept | (noised != mask_id)
            noised = torch.where(moved, stepped, noised)
            replaced = torch.where(moved, ~kept | (stepped != targets), replaced)
    denoise, best = lean.token_loss(lean.decode(noised, positions, mask, past, soft), targets)
    weight = weights(batch.lengths, targets.shape[1]).repeat(copies, 1) * made.weight
    total = (denoise * weight).sum() / (weight * replaced).sum()
    log = {"denoise_loss": total.detach(), "denoise_right": best == targets}
    if next_share > 0:
        longest = coded.answer_hidden.shape[1]
        ahead, next_best = lean.token_loss(coded.answer_hidden[:, :-1], batch.canvas[:, 1:longest])
        inside = batch.values[:, 1:longest] != TAIL
        next_loss = (ahead * inside).sum() / inside.sum()
        log["next_loss"] = next_loss.detach()
        log["next_right"] = next_best == batch.canvas[:, 1:longest]
        total = total + next_share * next_loss
    return total, log
