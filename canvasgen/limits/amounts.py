"""`Limits`: what the compilation of a constraint may need."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from canvasgen.checks import real_number, whole_number
from canvasgen.errors import InvalidConstraint

__all__ = ["DEFAULT_LIMITS", "Limits", "checked_limits", "largest_of"]


@dataclass(frozen=True)
class Limits:
    """What a request, or a call outside of one, may need before it gives up with ConstraintTooLarge.

    Attributes:
        max_states: states of any byte automaton on the way (before its minimisation).
        max_seconds: CPU seconds of all work together but for the model's: reading, compiling, searching, judging.
        max_bytes: memory of what is made and kept, and of the work for it, counted and not measured.
    """

    max_states: int = 100_000
    max_seconds: float = 10.0
    max_bytes: int = 512_000_000

    def __post_init__(self) -> None:
        for name in ("max_states", "max_bytes"):
            whole_number(getattr(self, name), rule=name, low=1)
        seconds: object = self.max_seconds
        if seconds != math.inf:
            real_number(seconds, rule="max_seconds", low=-math.inf)

    def more(self, name: str) -> str:
        """Return the remedy for a limit that is too low: how to raise it."""
        value = getattr(self, name)
        return (
            f"allow more with limits=cg.Limits({name}={2 * value:g})"
            if isinstance(value, float)
            else (f"allow more with limits=cg.Limits({name}={2 * value})")
        )


DEFAULT_LIMITS = Limits()


def checked_limits(given: object) -> Limits:
    """Return the limits that an argument gives; the default ones for None.

    Raises:
        InvalidConstraint: it is neither.
    """
    if given is None:
        return DEFAULT_LIMITS
    if not isinstance(given, Limits):
        raise InvalidConstraint(
            "limits are given as cg.Limits",
            rule="limits",
            value=given,
            remedy="cg.Limits(max_states=200_000)",
        )
    return given


def largest_of(several: Iterable[Limits]) -> Limits:
    """Return limits that allow what any of several allows; the default ones count only if there are no others."""
    listed = [one for one in several if one is not DEFAULT_LIMITS] or [DEFAULT_LIMITS]
    return (
        Limits(
            max(one.max_states for one in listed),
            max(one.max_seconds for one in listed),
            max(one.max_bytes for one in listed),
        )
        if len(listed) > 1
        else listed[0]
    )
