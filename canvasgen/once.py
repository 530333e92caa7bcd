"""Values that are made once, whatever threads ask for them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["Once"]

Value = TypeVar("Value")


class Once(Generic[Value]):
    """A cache that is safe for threads: of those that ask for one value at once, the first makes it, the others wait.

    The lock is never held while a value is made, so different values are made side by side. An error goes to all that
    wait for the value, and is not kept.

    Args:
        size: values that are kept, those that were asked for last.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Future[Value]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made by `make` if there is none.

        Raises:
            Whatever `make` raises.
        """
        with self._lock:
            found = self._kept.get(key)
            mine = Future[Value]() if found is None else found
            self._kept[key] = mine
            self._kept.move_to_end(key)
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)
        if found is not None:
            return found.result()
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                if self._kept.get(key) is mine:
                    del self._kept[key]
            mine.set_exception(error)
            raise
        mine.set_result(value)
        return value
