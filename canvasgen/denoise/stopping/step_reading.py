"""What is made of a step's logits on the device, and what the host learns of it in one copy.

The host decides which rows fail, which texts are drafts and which of them are committed. All of it depends on a few numbers
and the best canvas of each row: 8 · (L + 10) bytes. The copy begins as soon as they are there and is waited for when the
next canvases are under way, so on CUDA the device works on while the host looks at the step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from canvasgen.denoise.policy import accept
from canvasgen.denoise.stopping.convergence import converged, is_decided, streaks, texts_of
from canvasgen.denoise.stopping.opposition import opposed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from canvasgen.denoise.beliefs import Beliefs
    from canvasgen.denoise.policy import Policy
    from canvasgen.denoise.protocol import Defaults

__all__ = ["Look", "StepRead", "Thresholds", "look_at", "thresholds_of"]


Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Thresholds:
    """`entropy_bound`, `stability` and `confidence` of the policy, or the model's own."""

    entropy_bound: float
    stability: int
    confidence: float


def thresholds_of(policy: Policy, usual: Defaults) -> Thresholds:
    """The policy's, and the model's where it has none."""

    def chosen(own: Number | None, other: Number) -> Number:
        return other if own is None else own

    return Thresholds(
        chosen(policy.entropy_bound, usual.entropy_bound),
        chosen(policy.stability, usual.stability),
        chosen(policy.confidence, usual.confidence),
    )


class Drafted(Protocol):
    """A row, as far as its end depends on what it wrote before; see `convergence.is_decided`."""

    @property
    def policy(self) -> Policy:
        """Its thresholds."""
        ...

    @property
    def drafted(self) -> int:
        """In how many steps of the block its text was the best one."""
        ...

    @property
    def choices(self) -> int:
        """How many values its text has that the constraint leaves open."""
        ...


@dataclass(frozen=True)
class StepRead:
    """A step of B rows, on the host.

    Attributes:
        wrong: float64 `[B]`, the first position whose logits are no distribution; -1: none.
        log_partition, best_log_prob: float64 `[B]`, see `Beliefs`.
        entropy, log_mass: float64 `[B]`, means over the positions of the text.
        accepted: float64 `[B]`, how many positions were.
        streak: float64 `[B]`, for how many steps the text has stayed the same.
        settles: float64 `[B]`, 1: the best canvas has been chosen against the model's will.
        converged: float64 `[B]`, 1: the best canvas is to be committed (`convergence.converged`).
        contested: float64 `[B]`, 1: it is not to be committed yet.
        best: int64 `[B, L]`.
    """

    wrong: NDArray[np.float64]
    log_partition: NDArray[np.float64]
    best_log_prob: NDArray[np.float64]
    entropy: NDArray[np.float64]
    log_mass: NDArray[np.float64]
    accepted: NDArray[np.float64]
    streak: NDArray[np.float64]
    settles: NDArray[np.float64]
    converged: NDArray[np.float64]
    contested: NDArray[np.float64]
    best: NDArray[np.int64]

    def is_sure(self, seat: int, row: Drafted) -> bool:
        """Whether the best canvas of a row is to be committed for what the model says of it."""
        if self.contested[seat]:
            return False
        return bool(self.converged[seat]) or is_decided(
            float(self.best_log_prob[seat]),
            row.policy,
            streak=int(self.streak[seat]),
            drafted=row.drafted,
            choices=row.choices,
            settles=bool(self.settles[seat]),
        )


@dataclass(frozen=True, eq=False)
class Look:
    """A step of B rows, on the device.

    Attributes:
        beliefs: what the logits say.
        decided: bool `[B, L]`, positions whose token was no noise before the step.
        doubt: float64 `[B, L]`, in nats.
        accepted: bool `[B, L]`.
        texts: int64 `[B, L]`, the text of each best canvas, then -1.
        streak: int64 `[B]`, for how many steps it has stayed the same.
        read: what the host learns; waits for it.
    """

    beliefs: Beliefs
    decided: Tensor
    doubt: Tensor
    accepted: Tensor
    texts: Tensor
    streak: Tensor
    read: Callable[[], StepRead]


def look_at(
    beliefs: Beliefs,
    decided: Tensor,
    policy: Policy,
    limits: Thresholds,
    *,
    progress: Sequence[float],
    first: Sequence[bool],
    texts: Tensor,
    streak: Tensor,
) -> Look:
    """Look at a step; nothing waits for the device.

    Args:
        beliefs: of the step.
        decided: see `Look`.
        policy, limits: how doubt is weighed.
        progress: by row, how much of its schedule lies behind.
        first: by row, whether this is its block's first step.
        texts, streak: `Look.texts` and `Look.streak` of the step before.
    """
    place = beliefs.best.device
    behind = torch.tensor(progress, dtype=torch.float64, device=place)
    doubt = policy.doubt(beliefs.entropies, beliefs.log_mass, behind)
    if policy.pin_forced:
        doubt = torch.where(beliefs.forced, 0.0, doubt)
    doubt, contested = opposed(beliefs, doubt, behind, policy.opposed)
    accepted = accept(doubt, limits.entropy_bound)
    now = texts_of(beliefs)
    streak = streaks(now, texts.to(place), streak.to(place))
    sure = converged(beliefs, doubt, streak, first, stability=limits.stability, confidence=limits.confidence)
    read = _begin(beliefs, accepted, streak, sure, contested)
    return Look(beliefs, decided, doubt, accepted, now, streak, read)


def _begin(
    beliefs: Beliefs, accepted: Tensor, streak: Tensor, converged: Tensor, contested: Tensor
) -> Callable[[], StepRead]:
    """Begin to copy a step to the host; return what waits for the copy."""
    inside = beliefs.inside
    number = inside.sum(dim=-1).clamp(min=1)
    columns = (
        beliefs.wrong,
        beliefs.log_partition,
        beliefs.best_log_prob,
        torch.where(inside, beliefs.entropies, 0.0).sum(dim=-1) / number,
        torch.where(inside, beliefs.log_mass, 0.0).sum(dim=-1) / number,
        accepted.sum(dim=-1),
        streak,
        beliefs.settles,
        converged,
        contested,
    )
    # Token ids and positions are exact in float64.
    packed = torch.cat([torch.stack([one.double() for one in columns]), beliefs.best.T.double()])
    copied = _begin_copy(packed)

    def result() -> StepRead:
        values = copied().numpy()
        return StepRead(*values[: len(columns)], best=values[len(columns) :].T.astype(np.int64))

    return result


def _begin_copy(values: Tensor) -> Callable[[], Tensor]:
    """Begin to copy a tensor to the host; on CUDA the wait is for this copy alone, and not for what was begun after it."""
    if values.device.type != "cuda":
        return values.cpu
    there = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
    there.copy_(values, non_blocking=True)
    event = torch.cuda.Event()
    event.record()

    def result() -> Tensor:
        event.synchronize()
        return there

    return result
