"""A property that is worked out when it is first asked for.

`functools.cached_property`, but without the lock that Python 3.11 takes each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

__all__ = ["once"]

if TYPE_CHECKING:
    once = property  # so that a type checker takes it for the property of a protocol
else:

    class once:
        """Writes the value over itself, into the object's dictionary."""

        def __init__(self, work: Callable[[Any], Any]) -> None:
            self._work = work
            self.__doc__ = work.__doc__

        def __get__(self, owner: Any, kind: type | None = None) -> Any:
            if owner is None:
                return self
            value = owner.__dict__[self._work.__name__] = self._work(owner)
            return value
