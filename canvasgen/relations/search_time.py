"""Wall-clock time that all searches of one answer share, within the seconds that its request has left."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from contextlib import contextmanager

from canvasgen.limits import DEFAULT_LIMITS, seconds_left

__all__ = ["SearchTime"]


_SHARE = 0.8
"""Of what the request has left; the rest is kept for the judgement of what was found."""


class SearchTime:
    """A budget that runs while a search does, and not while the model works.

    Attributes:
        seconds: the whole budget.
        spent: seconds of the searches that are over.

    Args:
        seconds: the whole budget, if the request has as many left; None: most of what it has left, and outside of a request
            `cg.Limits().max_seconds`.
    """

    def __init__(self, seconds: float | None = None) -> None:
        left = _SHARE * max(seconds_left(), 0.0)
        if seconds is None:
            seconds = left if left < math.inf else DEFAULT_LIMITS.max_seconds
        self.seconds = min(seconds, left)
        self.spent = 0.0
        self._since: float | None = None
        self._reported = 0.0

    @property
    def left(self) -> float:
        """Seconds left, never below 0; the search that runs now counts."""
        running = 0.0 if self._since is None else time.perf_counter() - self._since
        return max(min(self.seconds - self.spent - running, seconds_left()), 0.0)

    @contextmanager
    def running(self) -> Generator[None]:
        """Count the time of a block of code; blocks inside of it are counted once."""
        if self._since is not None:
            yield
            return
        self._since = time.perf_counter()
        try:
            yield
        finally:
            self.spent += time.perf_counter() - self._since
            self._since = None

    def unreported(self) -> float:
        """Return the seconds spent since the last call."""
        new = self.spent - self._reported
        self._reported = self.spent
        return new
