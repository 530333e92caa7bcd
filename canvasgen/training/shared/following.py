"""How far a training run is: a bar on a terminal, a line from time to time where there is none."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["Following"]


class Following:
    """Tells of a run as it goes on, on standard error; a context manager.

    On a terminal one bar is changed in place. On a pipe, in a log and on a terminal that cannot move its cursor
    (`TERM=dumb`) there is one line at the beginning, and one at most every `every` seconds.
    """

    def __init__(self, seconds: float, *, console: Console | None = None, every: float = 60.0) -> None:
        """Begin to tell.

        Args:
            seconds: length of the whole run.
            console: where it is told; None: standard error.
            every: seconds between two lines.
        """
        self._console = Console(stderr=True) if console is None else console
        self._every = every
        self._told: float | None = None
        self._seconds = seconds
        self._bar: Progress | None = None
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TimeRemainingColumn(compact=True),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._task = self._bar.add_task("compiling", total=seconds)

    def __enter__(self) -> Following:
        """Show the bar."""
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()

    def step(self, done: float, told: str) -> None:
        """Tell of a step.

        Args:
            done: seconds of the run that are over.
            told: its number and figures.
        """
        if self._bar is not None:
            self._bar.update(self._task, completed=min(done, self._seconds), description=told)
            return
        now = time.monotonic()
        if self._told is None or now - self._told >= self._every:
            self._told = now
            self.say(f"{done / 60:.1f} of {self._seconds / 60:.0f} min: {told}")

    def say(self, line: str) -> None:
        """Write a line that stays."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
