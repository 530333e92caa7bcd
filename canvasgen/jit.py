"""How kernels are compiled: numba's `njit`, with a cache on disk wherever the package is, and a word to who waits for it.

numba keeps compiled kernels beside the package or in the user's cache folder. Where both are read-only (a container, a
system package run by a service) it would refuse to compile at all; kernels then go to a folder of this user's under the
folder for temporary files, and if that cannot be had either, they live as long as the process.
"""

# numba has no types:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import logging
import os
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import config, event

from canvasgen.limits import not_counted

__all__ = ["KERNELS", "njit", "private_folder"]

Function = TypeVar("Function", bound=Callable[..., Any])

KERNELS: list[Any] = []
"""The kernels of all modules that are imported, as numba's dispatchers."""

_compiler: Any = numba.njit
_settings: Any = config
_log = logging.getLogger(__name__)


def njit(**options: Any) -> Callable[[Function], Function]:
    """Return numba's decorator `njit` with these options; the kernel is cached on disk if `cache` is among them."""

    def decorate(function: Function) -> Function:
        try:
            kernel = _compiler(**options)(function)
        except (
            RuntimeError
        ):  # numba finds no folder for its cache; there is nothing else to fail before a call
            kernel = _cached_elsewhere(function, options)
        KERNELS.append(kernel)
        return kernel

    return decorate


def _cached_elsewhere(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    folder = private_folder(Path(tempfile.gettempdir()))
    if folder is not None and str(folder) != _settings.CACHE_DIR:
        _log.info(
            "neither the package nor the user's cache folder can be written; kernels are kept in %s", folder
        )
        _settings.CACHE_DIR = str(folder)
        try:
            return _compiler(**options)(function)
        except RuntimeError:
            pass
    _log.warning("no folder for compiled kernels can be written; each process compiles them again")
    return _compiler(**{**options, "cache": False})(function)


def private_folder(parent: Path) -> Path | None:
    """Return this user's folder for compiled kernels under a folder that others may write to; None if it is not safe.

    numba runs what it finds in its cache, so the folder must be a real one, of this user, that nobody else can write to.
    """
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = parent / f"canvasgen-kernels-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    if os.name == "posix":
        own = stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o022
        if not own:
            return None
    return folder if os.access(folder, os.W_OK) else None


class _Telling(event.Listener):
    """Tells once, on a terminal, that kernels are being compiled: at the second one, since one alone takes no time.

    Attributes:
        compiled: kernels of ours that were not in the cache, so far.
        tell: called with that number at each kernel, in place of the line on the terminal.
    """

    def __init__(self) -> None:
        self.compiled = 0
        self.tell: Callable[[int], None] | None = None
        self._begun = threading.local()

    def on_start(self, event: Any) -> None:
        """Count a kernel of ours that is not in the cache."""
        depth = getattr(self._begun, "depth", 0)
        self._begun.depth = depth + 1
        if not depth:
            self._begun.at = time.thread_time()
        if not any(kernel is event.data["dispatcher"] for kernel in KERNELS):
            return
        self.compiled += 1
        if self.tell is not None:
            self.tell(self.compiled)
            return
        if self.compiled != 2:
            return
        _log.info("compiling kernels")
        if sys.stderr is not None and sys.stderr.isatty():
            # The line may hold a note that something is loading.
            clear = "" if os.environ.get("TERM", "") in ("dumb", "unknown") else "\r\x1b[2K"
            sys.stderr.write(f"{clear}canvasgen: compiling kernels, once; this takes up to a minute …\n")
            sys.stderr.flush()

    def on_end(self, event: Any) -> None:
        """Take the compiler's time out of the account of the request that happened to need the kernel first."""
        self._begun.depth -= 1
        if not self._begun.depth:
            not_counted(time.thread_time() - self._begun.at)


TELLING = _Telling()
event.register("numba:compile", TELLING)
