"""Threads that decide on canvases, so that a slow validator holds up nobody but its own row."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from canvasgen.errors import ModelError

__all__ = ["Judges"]

Result = TypeVar("Result")

MOST_THREADS = 64
_IDLE_SECONDS = 10.0


class Judges:
    """Decides in threads of its own, which end when nothing comes; safe for threads.

    Args:
        patience: seconds for which `wait` waits: decisions take some milliseconds, and one that is there goes on with the
            step that it was asked in.
        most: decisions that are under way at a time; beyond that one ends in `ModelError`. A validator that never ends
            keeps its place.
        woken: called in a thread when a decision is there.
    """

    def __init__(
        self,
        *,
        patience: float = 0.02,
        most: int = MOST_THREADS,
        woken: Callable[[], None] = lambda: None,
    ) -> None:
        self._patience = patience
        self._most = most
        self._woken = woken
        self._condition = threading.Condition()
        self._waiting: deque[_Work] = deque()
        self._busy = self._idle = 0

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Return the result to come of some work; an error of it comes with the result."""
        made = _Work(work, Future())
        with self._condition:
            if self._busy + len(self._waiting) >= self._most:
                made.result.set_exception(_too_many(self._most))
                return made.result
            self._waiting.append(made)
            if self._idle >= len(self._waiting):
                self._condition.notify_all()
            else:
                threading.Thread(target=self._work, name="canvasgen judge", daemon=True).start()
        return made.result

    def wait(self, results: Sequence[Future[Any]]) -> None:
        """Wait until all results are there, or the patience is over."""
        wait(results, timeout=self._patience)

    def settle(self, seconds: float) -> bool:
        """Wait until no decision is under way, so many seconds at most; return whether that is so."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._busy and not self._waiting, timeout=seconds)

    def _work(self) -> None:
        """Do what waits, until nothing has come for a while."""
        while (work := self._next()) is not None:
            work.do()
            with self._condition:
                self._busy -= 1
                self._condition.notify_all()
            self._woken()

    def _next(self) -> _Work | None:
        with self._condition:
            self._idle += 1
            try:
                self._condition.wait_for(lambda: len(self._waiting) > 0, timeout=_IDLE_SECONDS)
            finally:
                self._idle -= 1
            if not self._waiting:
                return None
            self._busy += 1
            return self._waiting.popleft()


def _too_many(most: int) -> ModelError:
    return ModelError(
        f"{most} judgements are under way",
        rule="validators",
        value=most,
        remedy="bound the time that validators take",
    )


@dataclass
class _Work:
    work: Callable[[], Any]
    result: Future[Any]

    def do(self) -> None:
        """Set the result, or the error."""
        if not self.result.set_running_or_notify_cancel():
            return
        try:
            made = self.work()
        except BaseException as error:  # noqa: BLE001, raised where the result is asked for
            self.result.set_exception(error)
        else:
            self.result.set_result(made)
