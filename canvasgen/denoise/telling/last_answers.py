"""What the model is told of its last answer: the self-conditioning of the next step."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from canvasgen.denoise.stopping.open_values import is_form

if TYPE_CHECKING:
    from canvasgen.denoise.beliefs import Beliefs
    from canvasgen.denoise.row import Row

__all__ = ["last_answers"]


def last_answers(beliefs: Beliefs, rows: Sequence[Row], told: str) -> Tensor:
    """Return what the rows are told of their last answer, float32 `[B, L, V]`.

    Args:
        beliefs: of the step.
        rows: B.
        told: `model`, `constrained`, or `forms`: of forms, the mean of both distributions.
    """
    if told == "constrained":
        return beliefs.constrained_logits
    forms = [
        told == "forms" and row.constraint is not None and is_form(row.constraint.constraint) for row in rows
    ]
    if not any(forms):
        return beliefs.logits
    own = beliefs.logits.log_softmax(dim=-1)
    mean = torch.logaddexp(own, beliefs.constrained_logits) - log(2)
    return torch.where(torch.tensor(forms, device=own.device)[:, None, None], mean, beliefs.logits)
