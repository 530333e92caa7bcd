"""Processes of the server's own: how they are started, and what a child of theirs may take."""

from __future__ import annotations

import contextlib
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Allowed", "bind", "command", "leave_signals"]

_PACKAGES = str(Path(__file__).parents[2])
"""The folder with the package."""


@dataclass(frozen=True)
class Allowed:
    """What one piece of work may take: CPU seconds, and bytes beside what its process has."""

    seconds: float
    memory: int


def command(module: str, *arguments: str) -> list[str]:
    """Return a command that calls `main` of one of canvasgen's modules.

    Python takes no module from the folder that it runs in (`-P`): there may be a `token.py` or a `queue.py`.
    """
    program = f"import sys; sys.path.append({_PACKAGES!r}); from {module} import main; main()"
    return [sys.executable, "-P", "-c", program, *arguments]


def leave_signals() -> None:
    """Leave Ctrl-C and SIGTERM to the server, which ends its processes when it is done.

    A terminal and a service manager send them to all processes at once, and the server first finishes what runs.
    """
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)


def bind(allowed: Allowed, more: int = 0) -> None:
    """Bind this process, a child, to its limits; one that uses more CPU time ends by SIGXCPU.

    Args:
        allowed: what it may take.
        more: CPU seconds by which it may put that end off itself.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + allowed.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1 + more))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm", encoding="ascii") as file:
        has = int(file.read().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (has + allowed.memory, has + allowed.memory))
