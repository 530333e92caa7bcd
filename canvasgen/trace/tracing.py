"""What a trace records: `trace="full"` of a request, or `Tracing` with settings of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from canvasgen.checks import is_iterable, whole_number
from canvasgen.errors import InvalidConstraint

__all__ = ["Tracing", "tracing_of"]

MOST_CANDIDATES = 64
"""Most tokens of a position that are recorded."""


@dataclass(frozen=True)
class Tracing:
    """What a full trace records of each position, beside what it always does.

    Attributes:
        top: the most probable tokens of the model, and as many under the constraint, at each position; 0: none, which makes
            recording cheap for models with a large vocabulary.
        positions: the positions of the canvas whose tokens are recorded; None: all positions of the text.

    Raises:
        InvalidConstraint: `top` is no number from 0 to 64, or a position is no number from 0 on.
    """

    top: int = 4
    positions: Sequence[int] | None = None

    def __post_init__(self) -> None:
        top = whole_number(self.top, rule="top", low=0, high=MOST_CANDIDATES)
        object.__setattr__(self, "top", top)
        given: Any = self.positions
        if given is None:
            return
        if isinstance(given, (str, bytes)) or not is_iterable(given):
            raise InvalidConstraint(
                "positions are a list of numbers, or None for all",
                rule="positions",
                value=given,
                remedy="write positions=[0, 1, 2]",
            )
        numbers = sorted({whole_number(one, rule="positions", low=0) for one in given})
        object.__setattr__(self, "positions", tuple(numbers))


def tracing_of(asked: object) -> Tracing | None:
    """Return what the `trace` of a request asks for; None for the steps alone.

    Raises:
        InvalidConstraint: it is neither `"steps"`, `"full"` nor a `Tracing`.
    """
    if isinstance(asked, Tracing):
        return asked
    if isinstance(asked, str) and asked in ("steps", "full"):
        return Tracing() if asked == "full" else None
    raise InvalidConstraint(
        'trace is "steps", "full" or a cg.Tracing',
        rule="trace",
        value=asked,
        remedy='take trace="full" for everything, or cg.Tracing(top=…, positions=…)',
    )
