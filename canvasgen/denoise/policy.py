"""Which positions are accepted in a step, and when a canvas is good enough to commit.

A constrained marginal says how sure one can be of a token *given that the text is valid*. Where the model
puts almost no mass on anything valid, that marginal may look sharp and yet be worth nothing: the sharpness
is the constraint's. So a position's doubt has two parts,

    doubt = H(q)  +  weight · (1 - progress) · (-log m),

H(q) the entropy of the constrained marginal and m the mass that the model gives the tokens allowed there. The
second part fades out over the steps: a model that never comes round is overruled late and not early.

What the model is told of its last answer (self-conditioning) is by default its own answer, not the constrained one. The
constrained marginals look surer than the model was, and a model that is told so believes it: on the embedded model that
cost 3 to 10 points of exact match (docs/measurements.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Policy", "accept"]


@dataclass(frozen=True)
class Policy:
    """Acceptance, commit and retry; None means the model's own default.

    Attributes:
        entropy_bound: nats of joint doubt that the positions accepted in one step may have.
        stability: steps for which the best canvas must have stayed the same before a commit.
        confidence: mean doubt, in nats, of the text's positions that are not forced, below which it is
            committed.
        disbelief: weight of the second part of doubt at the first step; 0 looks at entropies alone.
        pin_forced: positions where only one token is possible have no doubt from the first step on. Otherwise
            their entropy is zero, but the model's disbelief delays them until it sees them coming.
        self_conditioning: what goes back to the model: its own last logits, or the constrained marginals.
        candidates: further texts shown to the validators after they refused the best one.
        restarts: times a refused block is denoised again from fresh noise.
    """

    entropy_bound: float | None = None
    stability: int | None = None
    confidence: float | None = None
    disbelief: float = 1.0
    pin_forced: bool = False
    self_conditioning: Literal["model", "constrained"] = "model"
    candidates: int = 16
    restarts: int = 2

    def doubt(
        self, entropies: NDArray[np.float64], log_mass: NDArray[np.float64], progress: float
    ) -> NDArray[np.float64]:
        """Nats of doubt `[L]`, from the entropies `[L]` and the log mass `[L]` of what is allowed."""
        weight = self.disbelief * (1.0 - progress)
        if weight == 0.0:
            return entropies
        return entropies + weight * np.maximum(-log_mass, 0.0)


def accept(doubt: NDArray[np.float64], bound: float) -> NDArray[np.bool_]:
    """The positions to accept, bool `[L]`: least doubt first, while the doubt before is within the bound.

    The least doubtful position is always accepted. Source: the entropy bound of Ben-Hamu et al., arXiv
    2505.24857, as in DiffusionGemma's sampler: sum of the accepted minus their largest <= bound.
    """
    order = np.argsort(doubt, kind="stable")
    ordered = doubt[order]
    before = np.concatenate([[0.0], np.cumsum(ordered)[:-1]])
    accepted = np.zeros(doubt.shape, dtype=np.bool_)
    accepted[order] = before <= bound
    return accepted
