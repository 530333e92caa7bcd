"""One call in a process of its own, with limits of CPU seconds and memory: how it ended, as data."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from canvasgen.errors import CanvasgenError

SECONDS = 20
"""CPU seconds that a call may take."""
MEMORY = 2_000_000_000
"""Bytes that a call may need beyond what its parent had."""
LONGEST_MESSAGE = 2_000
"""Characters of an error's text."""


@dataclass(frozen=True)
class Ending:
    """How a call ended.

    Attributes:
        kind: "result"; "error" of canvasgen; "foreign" exception; "killed" by a limit or a crash.
        detail: the error's class and text, the signal, or what came out, shortened.
        seconds: of CPU.
        complete: whether an error tells which rule or limit, and what to do.
    """

    kind: str
    detail: str
    seconds: float
    complete: bool = True

    @property
    def well(self) -> bool:
        """A result, or an error of ours that is short and whole."""
        return self.kind == "result" or (
            self.kind == "error" and self.complete and len(self.detail) <= LONGEST_MESSAGE
        )


def _data_bytes() -> int:
    """Bytes of private memory that this process has mapped for writing."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[5]) * resource.getpagesize()


def _limit(seconds: int, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    allowed = _data_bytes() + memory
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _outcome(call: Callable[[], Any]) -> tuple[str, str, bool]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return "result", repr(call())[:200], True
    except CanvasgenError as error:
        whole = error.rule is not None and error.remedy is not None
        return "error", f"{type(error).__name__}: {error}", whole
    except BaseException as error:  # noqa: BLE001, to be told, not to be kept from anybody
        return "foreign", f"{type(error).__name__}: {str(error)[:200]}", False


def confined(call: Callable[[], Any], seconds: int = SECONDS, memory: int = MEMORY) -> Ending:
    """Run a call in a forked child with limits, and tell how it ended."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(20 * seconds)  # of the clock, for a child that waits and does not compute
            _limit(seconds, memory)
            message = pickle.dumps(_outcome(call))
            with os.fdopen(writing, "wb") as out:
                out.write(message)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as source:
        message = source.read()
    _, status, usage = os.wait4(child, 0)
    took = round(usage.ru_utime + usage.ru_stime, 2)
    if not message:
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)
        return Ending("killed", f"signal {ended}", took, False)
    kind, detail, complete = pickle.loads(message)
    return Ending(kind, detail, took, complete)
