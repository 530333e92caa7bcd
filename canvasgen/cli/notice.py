"""A line on the terminal while something takes its time; the next output takes its place."""

from __future__ import annotations

import contextlib
import os
import sys

__all__ = ["clear_notice", "show_notice"]

_CLEAR = "\r\x1b[2K"
_shown = False


def _on_terminal() -> bool:
    """Return whether standard error is a terminal that can go back to the beginning of a line."""
    is_dumb = os.environ.get("TERM", "") in ("dumb", "unknown")
    return sys.stderr is not None and sys.stderr.isatty() and not is_dumb


def show_notice(text: str) -> None:
    """Show a line on standard error if that is a terminal, in the place of the last one."""
    global _shown
    if _on_terminal():
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{_CLEAR}canvasgen: {text}")
            sys.stderr.flush()
            _shown = True


def clear_notice() -> None:
    """Remove the line, if one is shown; to be called before any other output."""
    global _shown
    if _shown:
        _shown = False
        with contextlib.suppress(OSError):
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
