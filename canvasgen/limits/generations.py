"""Caches of functions that are bounded in bytes, all of them together, and not in entries alone.

What a cache keeps is not measured. What requests make is counted by their accounts, and a cache can keep nothing else: when
`GENERATION` bytes were made, every cache is emptied. So all caches together keep no more than that and what the last
request made, and an entry is made again once in a generation at most.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar

from canvasgen.forks import Guard

__all__ = ["GENERATION", "KEPT", "count_made", "forget", "kept"]

GENERATION = 128_000_000
"""Bytes that are made before the caches are emptied."""
KEPT: dict[str, Callable[[], None]] = {}
"""By the name of each function with a cache, what empties it."""

P = ParamSpec("P")
T = TypeVar("T")

_lock = Guard()
_made = 0


def kept(entries: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator like `functools.lru_cache`, whose cache is emptied once the bytes of a generation were made.

    Args:
        entries: most results that are kept, those that were asked for last.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        cached = lru_cache(entries)(function)
        KEPT[f"{function.__module__}.{function.__qualname__}"] = cached.cache_clear
        return cached  # type: ignore[return-value]

    return decorate


def count_made(count: int) -> None:
    """Count bytes that a request has made; empties the caches when a generation is full."""
    global _made
    with _lock:
        _made += count
        full = _made > GENERATION
        if full:
            _made = 0
    if full:
        forget()


def forget() -> None:
    """Empty every cache."""
    for clear in list(KEPT.values()):
        clear()
