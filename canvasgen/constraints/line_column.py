"""Line and column of a character, for messages."""

from __future__ import annotations

__all__ = ["line_and_column"]


def line_and_column(text: str, at: int) -> str:
    """Return `line 3, column 7` for a character of a text; both are counted from one."""
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"
