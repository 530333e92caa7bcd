"""The training loss: denoising of the canvas, and next-token prediction of the answer by the tied encoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .batches import STRUCTURE, TAIL, Batch
from .lean import KeyValues, LeanModel


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


def weights(values: Tensor) -> Tensor:
    """Weight of each canvas position: values count most, the tail after the end next to nothing."""
    out = torch.ones(values.shape)
    out[values == STRUCTURE] = 0.3
    out[values == TAIL] = 0.03
    return out


def loss(
    lean: LeanModel,
    batch: Batch,
    noised: Tensor,
    replaced: Tensor,
    near: Tensor,
    condition: Tensor | None,
    next_share: float,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The denoising loss, plus ``next_share`` times the next-token loss if that is not zero; and what to log.

    ``noised``, ``replaced`` and ``near`` [copies * B, L] come from ``batches.noise``: a prompt is read
    once for all copies of its canvas. ``condition`` [copies * B] marks the rows that see their own first
    prediction (self-conditioning), or None for none.
    """
    coded = run_encoder(lean, batch, with_answer=next_share > 0)
    copies = len(noised) // len(batch.prompts)
    targets, marks = batch.canvas.repeat(copies, 1), batch.values.repeat(copies, 1)
    past = [(keys.repeat(copies, 1, 1, 1), values.repeat(copies, 1, 1, 1)) for keys, values in coded.past]
    positions, mask = coded.positions.repeat(copies, 1), coded.mask.repeat(copies, 1, 1, 1)
    soft = None
    if condition is not None:
        with torch.no_grad():
            first = lean.decode(noised, positions, mask, [(k.detach(), v.detach()) for k, v in past], None)
            soft = lean.soft_embedding(first) * condition[:, None, None]
    denoise, best = lean.token_loss(lean.decode(noised, positions, mask, past, soft), targets)
    weight = weights(marks) * torch.where(replaced, near, 0.15 * near)
    total = (denoise * weight).sum() / weight.sum()
    log = {"denoise_loss": total.detach(), "denoise_right": best == targets}
    if next_share > 0:
        longest = coded.answer_hidden.shape[1]
        ahead, next_best = lean.token_loss(coded.answer_hidden[:, :-1], batch.canvas[:, 1:longest])
        ahead_weight = weights(batch.values[:, 1:longest]) * (batch.values[:, 1:longest] != TAIL)
        next_loss = (ahead * ahead_weight).sum() / ahead_weight.sum()
        log["next_loss"] = next_loss.detach()
        log["next_right"] = next_best == batch.canvas[:, 1:longest]
        total = total + next_share * next_loss
    return total, log
