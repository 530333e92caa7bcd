"""Wall-clock time that all searches of one answer share, within the seconds that its request has left."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from contextlib import contextmanager

from canvasgen.limits import seconds_left

__all__ = ["SearchTime"]


_SHARE = 0.8
"""Of what the request has left; the rest is kept for the judgement of what was found."""


class SearchTime:
    """A budget that runs while a search does, and not while the model works.

    Attributes:
        seconds: the whole budget; `math.inf` for none.
        spent: seconds of the searches that are over.
    """

    def __init__(self, seconds: float = math.inf) -> None:
        self.seconds = min(seconds, _SHARE * max(seconds_left(), 0.0))
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
