"""Which positions are accepted in a step, and when a canvas is good enough to commit.

A constrained marginal says how sure one can be of a token *given that the text is valid*. Where the model
puts almost no mass on anything valid, that marginal may look sharp and yet be worth nothing: the sharpness
is the constraint's. So a position's doubt has two parts,

    doubt = H(q)  +  weight · (1 - progress) · (-log m),

H(q) the entropy of the constrained marginal and m the mass that the model gives the tokens allowed there. The
second part fades out over the steps: a model that never comes round is overruled late and not early.

What the model is told of its last answer (self-conditioning) is by default its own answer, not the constrained one. The
constrained marginals look surer than the model was, and a model that is told so believes it: on the embedded model that
cost 3 to 10 points of exact match (docs/measurements.md). Templates are another matter: what the constraint adds there is
where the fixed text is, and the embedded model is told the mean of both (`Defaults.self_conditioning`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from canvasgen.checks import is_bool, one_of, real_number, whole_number
from canvasgen.denoise.protocol import TOLD, SelfConditioning
from canvasgen.errors import InvalidConstraint

__all__ = ["Policy", "accept"]


@dataclass(frozen=True)
class Policy:
    """Acceptance, commit and retry; None means the model's own default.

    Attributes:
        entropy_bound: nats of joint doubt that the positions accepted in one step may have.
        stability: steps for which the best canvas must have stayed the same before a commit.
        confidence: mean doubt, in nats, of the text's positions that are not forced, below which it is
            committed.
        certain: probability of the best canvas as a whole, given that it is valid, from which it is committed at once;
            above 1: never for this reason.
        likely, patience: the same of the geometric mean over the choices in it (holes, fields, cells:
            `stopping/open_values`), for a text that has been the best canvas in this many steps of its block; the holes of a
            form are counted one by one, and what they have voted for is committed (`stopping/votes`).
        canvas_length: of answers whose longest text is not known or longer, for models that take several lengths
            (`Resizable`); shorter answers get a shorter one. Read by the engine.
        beaten: nats of mass on valid texts by which a start is behind the best one when it leaves their race
            (`denoise/race`).
        cycle, patience_cycle: drafts that go round among so many texts at most, over three times as many steps and over
            `patience_cycle` at least, are over: the most probable one of the block is committed (`denoise/stopping/cycles`).
            0 for `cycle`: never for this reason.
        settled: steps after which a text with related fields is committed if it has stayed the same, though the model
            would rather write another one, of which the relations do not hold.
        opposed: nats by which the model's first choice leads the best canvas's token where a position is contested, at
            the first step, in JSON with values out of a source (`stopping/opposition`); infinite: none is.
        disbelief: weight of the second part of doubt at the first step; 0 looks at entropies alone.
        pin_forced: positions where only one token is possible have no doubt from the first step on. Otherwise
            their entropy is zero, but the model's disbelief delays them until it sees them coming.
        self_conditioning: what goes back to the model: its own last logits (`model`), the constrained marginals
            (`constrained`), or the mean of both for rows that are forms, templates and tables without relations (`forms`),
            or for rows with templates alone (`templates`), and for the others its own.
        candidates: further texts shown to the validators after they refused the best one.
        restarts: times a refused block is denoised again from fresh noise.
        draft_steps: first steps of a canvas whose drafts lead a constraint that follows the model's habits
            (`property_order="model"`); 0: none, it is written as without drafts.
    """

    entropy_bound: float | None = None
    stability: int | None = None
    confidence: float | None = None
    certain: float = 0.9
    likely: float = 0.3
    patience: int = 3
    beaten: float = 5.0
    canvas_length: int | None = None
    cycle: int = 3
    patience_cycle: int = 6
    settled: int = 6
    opposed: float = 3.0
    disbelief: float = 1.0
    pin_forced: bool = False
    self_conditioning: SelfConditioning | None = None
    candidates: int = 16
    restarts: int = 2
    draft_steps: int = 2

    def __post_init__(self) -> None:
        """Refuse what is no such option: every comparison with NaN is false, and a negative bound would do nothing.

        Raises:
            InvalidConstraint: names the option.
        """
        for option in fields(self):
            name, value = option.name, getattr(self, option.name)
            if value is None and option.default is None:
                continue
            if name == "self_conditioning":
                _ = one_of(value, TOLD, rule=f"Policy.{name}")
            elif name in _COUNTS:
                _ = whole_number(value, rule=f"Policy.{name}", low=_COUNTS[name])
            elif name == "pin_forced":
                _checked_switch(value, name)
            elif not (value == math.inf and isinstance(value, float)):
                _ = real_number(value, rule=f"Policy.{name}")

    def doubt(self, entropies: Tensor, log_mass: Tensor, progress: Tensor) -> Tensor:
        """Nats of doubt, float64 `[B, L]`.

        Args:
            entropies: float64 `[B, L]`.
            log_mass: float64 `[B, L]`, of the tokens that are allowed.
            progress: float64 `[B]`, how much of each row's schedule lies behind, 0 to 1.
        """
        weights = (self.disbelief * (1.0 - progress))[:, None]
        penalties = torch.where(weights == 0, 0.0, weights * (-log_mass).clamp(min=0.0))
        return entropies + penalties


_COUNTS = {
    "stability": 0,
    "patience": 1,
    "canvas_length": 1,
    "cycle": 0,
    "patience_cycle": 0,
    "settled": 0,
    "candidates": 0,
    "restarts": 0,
    "draft_steps": 0,
}
"""The options that are whole numbers, with their least; the other numbers are 0 or more, infinity included."""


def _checked_switch(value: object, name: str) -> None:
    if not is_bool(value):
        raise InvalidConstraint(
            f"`{name}` is True or False", rule=f"Policy.{name}", value=value, remedy="give one of the two"
        )


def accept(doubt: Tensor, bound: float) -> Tensor:
    """The positions to accept, bool `[..., L]`, from the doubt `[..., L]`: least doubt first, while the doubt before is
    within the bound.

    The least doubtful position is always accepted. Source: entropy-bounded unmasking, Ben-Hamu et al., "Accelerated
    sampling from masked diffusion models via entropy bounded unmasking", arXiv 2505.24857, as in DiffusionGemma's
    sampler: sum of the accepted minus their largest <= bound.
    """
    ordered, order = torch.sort(doubt, dim=-1, stable=True)
    before = torch.cumsum(ordered, dim=-1).roll(1, dims=-1)
    before[..., 0] = 0.0
    return torch.zeros_like(doubt, dtype=torch.bool).scatter(-1, order, before <= bound)
