"""Validators of a server: good and bad ones. The process that calls them imports this, so it imports little."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable

import numpy as np


def is_short(value: object) -> bool:
    return len(str(value)) < 12


def is_short_by_numpy(value: object) -> object:
    return np.bool_(is_short(value))


def asserts_short(value: object) -> None:
    assert is_short(value), "too long"


def prints(value: object) -> None:
    print("printed by a validator", value)


def breaks(value: object) -> None:
    raise KeyError(value)


def leaves(value: object) -> None:
    raise SystemExit(3)


def ends(value: object) -> None:
    os._exit(3)


def crashes(value: object) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def spins(value: object) -> None:
    while True:
        pass


def sleeps(value: object) -> None:
    time.sleep(100_000)


def grabs(value: object) -> bool:
    return len(bytearray(2_000_000_000)) == 0


def holds_the_lock(value: object) -> bool:
    """Python's `re` runs for ages here, and no other thread of its process does meanwhile."""
    return re.match(r"(a*)*b", "a" * 60) is None


def sleeps_with_the_lock(value: object) -> None:
    ctypes.PyDLL(None).sleep(100_000)


def leaves_a_process(value: object) -> None:
    subprocess.Popen(["sleep", "86399"])
    time.sleep(100_000)


def kills_its_parent(value: object) -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    os._exit(1)


VALIDATORS: dict[str, Callable[[object], object]] = {
    name: one for name, one in list(globals().items()) if callable(one) and one.__module__ == __name__
}
