"""Threads for kernels that release the GIL: over the rows of a batch, or over runs of positions of one row."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

__all__ = ["each", "pool", "runs"]

# Elements, of a nanosecond or so, below which another thread costs more than it saves.
WORTH_A_THREAD = 1 << 20

T = TypeVar("T")


@lru_cache(maxsize=1)
def pool() -> ThreadPoolExecutor:
    """The threads beside the caller's, shared by all; their work never waits for other work of the pool."""
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="canvasgen")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=pool.cache_clear)


def runs(work: Callable[[int, int], T], length: int, width: int, threads: int) -> list[T]:
    """`work(first, last)` over all positions, in parallel if `width` elements each make it worth it."""
    parts = max(1, min(threads, length, length * width // WORTH_A_THREAD))
    if parts == 1:
        return [work(0, length)]
    borders = [length * k // parts for k in range(parts + 1)]
    others = [pool().submit(work, *ends) for ends in pairwise(borders[1:])]
    return [work(borders[0], borders[1]), *(other.result() for other in others)]


def each(work: Callable[[T, int], None], items: Sequence[T], threads: int) -> None:
    """`work(item, its threads)` for each: side by side with a thread each if there are enough, else in turn with all.

    Whoever is free takes the next one.
    """
    if threads == 1 or len(items) < max(threads, 2):
        for item in items:
            work(item, threads)
        return
    waiting = deque(items)

    def drain() -> None:
        while True:
            try:
                item = waiting.popleft()
            except IndexError:
                return
            work(item, 1)

    others = [pool().submit(drain) for _ in range(threads - 1)]
    drain()
    for other in others:
        other.result()
