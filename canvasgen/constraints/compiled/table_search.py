"""What the searches for one answer's table share over its denoising steps: the time, and the last values found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from canvasgen.constraints.cells import CellTable
from canvasgen.relations import SearchTime

__all__ = ["TableSearch"]

Longs = NDArray[np.int64]
_STEP_SECONDS = 0.25
"""Of the exact solver, in one denoising step."""
_STEPS_SHARE = 0.3
"""Of the answer's time, for all denoising steps together; the rest is kept for the commits."""
_KEEP_SHARE = 0.5
"""Of the answer's time, after which the steps look for nothing any more."""
_LONGEST_PAUSE = 16
"""Denoising steps."""


class TableSearch:
    """The state of one answer's searches.

    The exact solver is asked at every step as long as it proves its answers. Where it does not, it pauses for 1, 2, 4, …
    steps, in which the searches whose work is counted improve the last values.

    Attributes:
        clock: the answer's time.
        assignment: values that satisfy the relations, int64 `[cells]`: the last ones, or the table's own solution.

    Args:
        table: the table.
    """

    def __init__(self, table: CellTable) -> None:
        self.clock = SearchTime(table.related_problem.limits.seconds)
        self.assignment: Longs | None = table.solution
        self._pause = self._waited = 0

    @property
    def is_short(self) -> bool:
        """Whether the steps have had their time; they then only look whether something better is at hand."""
        return self.clock.spent >= _STEPS_SHARE * self.clock.seconds

    @property
    def is_over(self) -> bool:
        """Whether the steps are to keep the values that they have; what is left is for the commits."""
        return self.clock.spent >= _KEEP_SHARE * self.clock.seconds

    def step_seconds(self) -> float:
        """Return what the exact solver may take in the next step; 0 where it is not to be asked."""
        if self._waited < self._pause:
            self._waited += 1
            return 0.0
        self._waited = 0
        left = _STEPS_SHARE * self.clock.seconds - self.clock.spent
        return max(min(_STEP_SECONDS, left), 0.0)

    def found(self, assignment: Longs, *, proven: bool, seconds: float) -> None:
        """Remember the values of a step.

        Args:
            assignment: the values.
            proven: whether they are the best.
            seconds: what the exact solver was allowed.
        """
        self.assignment = assignment
        if proven:
            self._pause = 0
        elif seconds > 0:
            self._pause = min(max(2 * self._pause, 1), _LONGEST_PAUSE)
