"""When a canvas is good enough to commit: position by position for all rows at once, and as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from canvasgen.denoise.beliefs import Beliefs
from canvasgen.denoise.policy import Policy

__all__ = ["converged", "is_decided", "streaks", "texts_of"]


def texts_of(beliefs: Beliefs) -> Tensor:
    """int64 `[B, L]`: the text of each best canvas, then -1; without a constraint the whole canvas."""
    return torch.where(beliefs.inside, beliefs.best, -1)


def streaks(texts: Tensor, before: Tensor, streak: Tensor) -> Tensor:
    """int64 `[B]`: for how many steps the texts `[B, L]` have stayed the same, from the last step's texts and streaks.

    A streak of -1 means that there was no step before.
    """
    same = (texts == before).all(dim=-1) & (streak >= 0)
    return torch.where(same, streak + 1, 0)


def converged(
    beliefs: Beliefs,
    doubt: Tensor,
    streak: Tensor,
    first: Sequence[bool],
    *,
    stability: int,
    confidence: float,
) -> Tensor:
    """bool `[B]`: the rows whose best canvas is to be committed.

    It is if it is stable and its mean doubt is low, or if there is one text only that it can hold. As in DiffusionGemma's
    own stopping rule, but that positions where only one token is possible do not count.

    Args:
        beliefs: of this step.
        doubt: float64 `[B, L]`, in nats.
        streak: int64 `[B]`, for how many steps the text has stayed the same.
        first: by row, whether this is its block's first step.
        stability: the streak that is asked for.
        confidence: nats of mean doubt that are too many.
    """
    stable = streak >= stability
    looked_at = beliefs.constrained & (stable | torch.tensor(list(first), device=stable.device))
    counted = beliefs.inside
    if looked_at.device.type != "cpu" or bool(
        looked_at.any()
    ):  # on the CPU it spares a pass, elsewhere a wait
        counted = counted & ~(beliefs.forced & looked_at[:, None])
    number = counted.sum(dim=-1)
    mean = torch.where(counted, doubt, 0.0).sum(dim=-1) / number
    return (looked_at & (number == 0)) | (stable & (mean < confidence))


def is_decided(
    best_log_prob: float, policy: Policy, *, streak: int, drafted: int, choices: int, settles: bool
) -> bool:
    """Whether a row's best canvas is so probable as a whole, given that it is valid, that no other can win.

    Position by position a canvas may look sure and yet be one of several that differ in many places at once, or look unsure
    only because a text can be cut into tokens in many ways; the joint posterior tells them apart. It is asked as it is
    (`Policy.certain`), or as a mean over the choices in it, of a text that comes back (`Policy.likely`).

    Where relations between fields choose another text than the model's, its doubt does not fade; see `Policy.settled`.

    Args:
        best_log_prob: log P(text of the best canvas | valid); −inf where it is not known.
        policy: of the row.
        streak: for how many steps the text has stayed the same.
        drafted: in how many steps of the block its text has been the best one, with this step; of a form, each of
            its holes (`votes`).
        choices: how many values its text has that the constraint leaves open (`open_values.free_choices`).
        settles: whether the canvas has been chosen against the model's will.
    """
    comes_back = drafted >= policy.patience and math.exp(best_log_prob / choices) >= policy.likely
    return math.exp(best_log_prob) >= policy.certain or comes_back or (settles and streak >= policy.settled)
