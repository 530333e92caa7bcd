"""Log-probabilities of the tokens of a committed canvas, under the constraint and without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from canvasgen.inference import Posterior

__all__ = ["TokenLog", "token_logs"]


@dataclass(frozen=True)
class TokenLog:
    """What the step that a canvas was committed from says of one of its positions; in nats.

    Both numbers are marginals: of this position, over all that the others may hold. The sum over a text is not the
    log-probability of the text, which is `Completion.log_prob`.

    Attributes:
        token: its id.
        log_prob: log P(x_i = token | valid); without a constraint the model's own.
        model_log_prob: log p_i(token), the model's own at the step's temperature.
        alternatives: the most probable tokens of the position under the constraint, this one perhaps among them.
    """

    token: int
    log_prob: float
    model_log_prob: float
    alternatives: tuple[TokenLog, ...] = ()


def token_logs(
    logits: Tensor, posterior: Posterior | None, ids: NDArray[np.int64], alternatives: int
) -> list[TokenLog]:
    """Return a record for each of the first tokens of a canvas.

    Args:
        logits: the model's own, `[n, V]`.
        posterior: under the constraint, over the same positions; None without one.
        ids: int64 `[m]`, m <= n.
        alternatives: how many of each position.
    """
    count = len(ids)
    own = torch.log_softmax(logits[:count].double(), dim=-1).cpu()
    given = own if posterior is None else torch.as_tensor(posterior.marginals())[:count].double().cpu()
    top = torch.topk(given, min(alternatives, given.shape[-1]), dim=-1).indices
    return [
        TokenLog(
            int(token),
            float(given[at, token]),
            float(own[at, token]),
            tuple(
                TokenLog(int(other), float(given[at, other]), float(own[at, other]))
                for other in top[at]
                if given[at, other] > -torch.inf
            ),
        )
        for at, token in enumerate(ids.tolist())
    ]
