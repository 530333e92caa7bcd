"""Values that are made once, whatever threads ask for them."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from math import inf
from time import monotonic
from typing import Generic, TypeVar, cast

from canvasgen.errors import (
    CanvasgenError,
    ConstraintTooLarge,
    InvalidConstraint,
    Unsatisfiable,
    UnsupportedConstraint,
    again,
)
from canvasgen.forks import Guard
from canvasgen.limits import held_so_far

__all__ = ["Once"]

Value = TypeVar("Value")

MAX_BYTES = 128_000_000
"""Bytes that the values of one cache may hold."""
_REFUSALS = (InvalidConstraint, UnsupportedConstraint, ConstraintTooLarge, Unsatisfiable)
"""Errors that the same input gives again."""
_RETRY_SECONDS = 60.0


class Once(Generic[Value]):
    """A cache that is safe for threads: of those that ask for one value at once, the first makes it, the others wait.

    The lock is never held while a value is made, so different values are made side by side. A refusal is kept like a value
    (one for want of seconds for a minute: another time there may be more of them); any other error goes to all that wait for
    the value, and is not kept. In a forked child, a value that the parent was making is made anew.

    Args:
        size: values that are kept, those that were asked for last.
        max_bytes: what they may hold together, of the bytes that requests count (`canvasgen.limits`); the last one stays.
        weigh: bytes that a value holds by now, beyond what was counted while it was made.
        clock: seconds, for the age of refusals.
    """

    def __init__(
        self,
        size: int,
        *,
        max_bytes: int = MAX_BYTES,
        weigh: Callable[[Value], int] = lambda _: 0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._size, self._max_bytes, self._weigh, self._clock = size, max_bytes, weigh, clock
        self._lock = Guard()
        self._kept: OrderedDict[Hashable, tuple[Future[Value], int]] = OrderedDict()
        self._bytes: dict[Hashable, int] = {}
        self._refused: dict[Hashable, float] = {}

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made by `make` if there is none.

        Raises:
            Whatever `make` raises.
        """
        here = os.getpid()
        with self._lock:
            found, process = self._kept.get(key, (None, here))
            if found is not None and process != here and not found.done():
                found = None  # its maker is a thread of the parent
            if found is not None and self._clock() > self._refused.get(key, inf):
                found = None  # there may be more seconds now
            mine = Future[Value]() if found is None else found
            self._kept[key] = mine, here
            self._kept.move_to_end(key)
            if len(self._kept) > self._size:
                self._drop(next(iter(self._kept)))
        if found is not None:
            refusal = found.exception()
            if refusal is None:
                return found.result()
            raise again(refusal) if isinstance(refusal, CanvasgenError) else refusal
        before = held_so_far()
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                if self._kept.get(key) == (mine, here):
                    if not isinstance(error, _REFUSALS):
                        self._drop(key)
                    else:
                        self._bytes[key] = _own_bytes(key)
                        if error.rule == "max_seconds":
                            self._refused[key] = self._clock() + _RETRY_SECONDS
                        self._shrink()
            mine.set_exception(again(error) if isinstance(error, _REFUSALS) else error)
            raise
        with self._lock:
            mine.set_result(value)
            if key in self._kept:
                self._bytes[key] = max(held_so_far() - before, 0) + _own_bytes(key)
            self._shrink()
        return value

    @property
    def num_bytes(self) -> int:
        """Bytes that the values hold."""
        return sum(map(self._weight, self._kept))

    def _weight(self, key: Hashable) -> int:
        future, _ = self._kept[key]
        is_made = future.done() and future.exception() is None
        return self._bytes.get(key, 0) + (self._weigh(future.result()) if is_made else 0)

    def _shrink(self) -> None:
        """Drop the oldest values until the others fit, but for the last one."""
        excess = self.num_bytes - self._max_bytes
        while excess > 0 and len(self._kept) > 1:
            oldest = next(iter(self._kept))
            excess -= self._weight(oldest)
            self._drop(oldest)

    def _drop(self, key: Hashable) -> None:
        del self._kept[key]
        self._bytes.pop(key, None)
        self._refused.pop(key, None)


def _own_bytes(key: Hashable) -> int:
    """Return the bytes of the texts in a key."""
    if isinstance(key, tuple):
        return sum(map(_own_bytes, cast("tuple[Hashable, ...]", key)))
    return len(key) if isinstance(key, str | bytes) else 0
