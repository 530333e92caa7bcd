"""What a child lacks that was forked from a process with threads: these threads, and whoever would release their locks.

A `Guard` is free in the child. `torch`'s threads are the harder part: their pool, made in the parent, exists in the child
as a record without threads, and the first operation that is shared among them would wait for ever. So the child computes
on one thread, and says so once.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Guard", "settle"]


class Guard:
    """A lock that a forked child finds free, whoever holds it in the parent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _guards.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def forked(self) -> None:
        """Forget the parent's holder; called in the child alone."""
        self._lock = threading.Lock()


class _Fork:
    """The last fork, as a child sees it."""

    parent_had_threads = False
    unsettled = False


_guards: WeakSet[Guard] = WeakSet()


def settle() -> None:
    """Let torch compute on one thread if this process was forked from one with threads; call it before torch's work.

    Warns:
        RuntimeWarning: once, if torch had more threads.
    """
    if not _Fork.unsettled:
        return
    _Fork.unsettled = False
    torch = sys.modules.get("torch")
    if torch is None:  # whoever imports it later makes threads of this process's own
        return
    threads: int = torch.get_num_threads()
    if threads == 1:
        return
    torch.set_num_threads(1)
    warnings.warn(
        f"this process was forked from one whose {threads} threads of torch it lacks; canvasgen computes on one thread "
        "here. Start processes with multiprocessing's `spawn` or `forkserver` to use more",
        RuntimeWarning,
        stacklevel=2,
    )


def _before() -> None:
    _Fork.parent_had_threads = _threads() > 1


def _in_child() -> None:
    _Fork.unsettled = _Fork.unsettled or _Fork.parent_had_threads
    for guard in _guards:
        guard.forked()


def _threads() -> int:
    """Return the number of threads of this process, Python's own or not; 2 where that is not known."""
    try:
        return len(os.listdir(Path("/proc/self/task")))
    except OSError:
        return 2


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_child=_in_child)
