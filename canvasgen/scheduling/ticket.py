"""What a caller holds of a generation that the scheduler's thread runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from canvasgen.denoise import Done, Failed

if TYPE_CHECKING:
    from canvasgen.denoise import Denoiser, Event, Job, Policy

__all__ = ["Ticket"]


@dataclass(eq=False)
class Ticket:
    """One generation, from `Scheduler.submit` to its end.

    Attributes:
        denoiser, policy, job: the model, its policy and what it is asked.
        tell: called in the scheduler's thread with each event; must return at once. A `RuntimeError` that it raises (an
            event loop that has been closed) cancels the generation.
        woken: called when the caller leaves.
        submitted: when it came, in seconds of the scheduler's clock.
        begun: when its first step began; None before that.
        is_cancelled: whether the caller has left.
        is_over: whether its last event has been told.
    """

    denoiser: Denoiser
    policy: Policy | None
    job: Job
    tell: Callable[[Event], None]
    woken: Callable[[], None] = lambda: None
    submitted: float = 0.0
    begun: float | None = None
    is_cancelled: bool = field(default=False, init=False)
    is_over: bool = field(default=False, init=False)

    def cancel(self) -> None:
        """Leave: nothing is told any more, and the seat is free before the next step. Safe for threads."""
        self.is_cancelled = True
        self.woken()

    def told(self, event: Event) -> None:
        """Pass an event on, unless the caller has left; called by the scheduler."""
        if isinstance(event, Done | Failed):
            self.is_over = True
        if self.is_cancelled:
            return
        try:
            self.tell(event)
        except RuntimeError:  # the caller's event loop is closed: nobody listens
            self.is_cancelled = True

    @property
    def queue_seconds(self) -> float:
        """Seconds from its coming to its first step; 0 before that."""
        return 0.0 if self.begun is None else self.begun - self.submitted
