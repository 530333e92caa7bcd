"""Values that are made once, whatever threads ask for them."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

from canvasgen.forks import Guard

__all__ = ["Once"]

Value = TypeVar("Value")


class Once(Generic[Value]):
    """A cache that is safe for threads: of those that ask for one value at once, the first makes it, the others wait.

    The lock is never held while a value is made, so different values are made side by side. An error goes to all that
    wait for the value, and is not kept. In a forked child, a value that the parent was making is made anew.

    Args:
        size: values that are kept, those that were asked for last.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Guard()
        self._kept: OrderedDict[Hashable, tuple[Future[Value], int]] = OrderedDict()

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
            mine = Future[Value]() if found is None else found
            self._kept[key] = mine, here
            self._kept.move_to_end(key)
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)
        if found is not None:
            return found.result()
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                if self._kept.get(key) == (mine, here):
                    del self._kept[key]
            mine.set_exception(error)
            raise
        mine.set_result(value)
        return value
