"""The end of a command: an exit code, and one line on standard error for whatever stopped it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable

from canvasgen.cli.notice import clear_notice
from canvasgen.errors import CanvasgenError

__all__ = ["EXIT_ERROR", "EXIT_INTERRUPTED", "INTERRUPTED", "guarded", "tell"]

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
INTERRUPTED = "interrupted; nothing was written"


def guarded(command: Callable[[], int]) -> int:
    """Return the exit code of a command; what stops it becomes one line on standard error.

    Standard output is written out before, so that a full disk is an error of the command and not of the interpreter's end.
    """
    try:
        code = command()
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except CanvasgenError as error:
        return tell(f"{type(error).__name__}: {error}", EXIT_ERROR)
    except KeyboardInterrupt:
        return tell(INTERRUPTED, EXIT_INTERRUPTED)
    except BrokenPipeError:
        _forget_output()  # its reader has gone (`| head`): there is nobody left to tell
        return EXIT_ERROR
    except OSError as error:
        _forget_output()
        return tell(f"{type(error).__name__}: {error}", EXIT_ERROR)


def tell(line: str, code: int) -> int:
    """Write one line on standard error, if that can be written, and return the exit code."""
    clear_notice()
    with contextlib.suppress(OSError):
        print("canvasgen:", " ".join(line.split()), file=sys.stderr, flush=True)  # noqa: T201
    return code


def _forget_output() -> None:
    """Let the interpreter's end write what is left of the output to nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
