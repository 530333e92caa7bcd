"""Where the best canvas says the opposite of what the model says there, though the model could have its way.

Given the canvas it was shown, a model says something of each position by itself. Where it does not know yet what comes
behind a place, every longer text has many unsure tokens and so a small joint probability, and the best canvas is a short
one: a list that ends after one item, at a place where the model itself would go on. The fewer texts a value may have, the
more so: with values taken from a source, tokens that are almost right count for nothing.

A position is *contested* if the model gives the best canvas's token much less than its own first choice, and most of its
mass lies on tokens that are allowed there. From the first such position on nothing is accepted, so that the model looks at
the rest again, and the canvas is not committed. The threshold grows over the steps without bound: a model that never comes
round is overruled late.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from canvasgen.denoise.stopping.open_values import has_grounded_json

if TYPE_CHECKING:
    from canvasgen.denoise.beliefs import Beliefs

__all__ = ["contested", "opposed"]

_MOSTLY = math.log(0.5)
_DOUBT = 3.0
"""Nats of doubt of a position that is not to be accepted."""


def contested(logits: Tensor, best: Tensor, log_mass: Tensor, inside: Tensor, nats: Tensor) -> Tensor:
    """Return the contested positions, bool `[B, L]`.

    Args:
        logits: `[B, L, V]`, the model's own.
        best: int64 `[B, L]`, the best canvases.
        log_mass: `[B, L]`, log of the model's mass on the tokens that are allowed.
        inside: bool `[B, L]`, positions of the text.
        nats: `[B, 1]`, by which the model's first choice must lead.
    """
    chosen = logits.gather(-1, best[..., None])[..., 0]
    lead = (logits.amax(dim=-1) - chosen).double()
    return (lead > nats) & (log_mass > _MOSTLY) & inside


def opposed(beliefs: Beliefs, doubt: Tensor, progress: Tensor, nats: float) -> tuple[Tensor, Tensor]:
    """Return the doubt, more from each row's first contested position on; and bool `[B]`, the rows that have one.

    Of the rows whose text is JSON with values out of a source; the others gained nothing by it. The logits of these are
    read once more.

    Args:
        beliefs: of this step.
        doubt: float64 `[B, L]`.
        progress: float64 `[B]`, how much of each row's schedule lies behind, 0 to 1.
        nats: by which the model's first choice must lead at the first step.
    """
    held = torch.zeros(len(beliefs), dtype=torch.bool, device=doubt.device)
    rows = [
        row
        for row, one in enumerate(beliefs.constraints)
        if one is not None and nats < math.inf and has_grounded_json(one.constraint)
    ]
    if not rows:
        return doubt, held
    at = torch.tensor(rows, device=doubt.device)
    least = nats / (1.0 - progress[at, None]).clamp(min=1e-9)
    found = contested(beliefs.logits[at], beliefs.best[at], beliefs.log_mass[at], beliefs.inside[at], least)
    behind = found.cumsum(dim=-1) > 0
    held[at] = found.any(dim=-1)
    return doubt.index_add(0, at, _DOUBT * behind.to(doubt.dtype)), held
