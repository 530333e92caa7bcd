"""The beginning of the command: Ctrl-C from the first moment, and a first line at once.

Only the standard library is imported here, so that this takes a few milliseconds; the rest of the imports takes seconds.
"""

from __future__ import annotations

import os
import signal
import sys

from canvasgen.cli.endings import EXIT_INTERRUPTED, INTERRUPTED, guarded, tell
from canvasgen.cli.notice import show_notice

__all__ = ["main"]

_LOADING = frozenset({"generate", "check", "fill", "edit", "sudoku", "serve", "batch", "view", "doctor"})


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted_at_once)
    words = sys.argv[1:]
    if words and words[0] in _LOADING and not {"--help", "-h"} & set(words):
        show_notice("loading …")
    sys.exit(guarded(_run))


def _run() -> int:
    from canvasgen.extras import needed

    needed("typer", "the command line")
    needed("rich", "the command line")
    from canvasgen.cli.app import run

    # From here on an interruption unwinds, so that a live display and files half written are cleared away.
    if signal.getsignal(signal.SIGINT) is _interrupted_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return run(sys.argv[1:])


def _interrupted_at_once(number: int, frame: object) -> None:
    """End the process in the middle of its imports, which hold nothing that must be cleared away."""
    os._exit(tell(INTERRUPTED, EXIT_INTERRUPTED))
