"""Where in a text something stands, as people say it."""

from __future__ import annotations

__all__ = ["line_and_column"]


def line_and_column(text: str, at: int) -> str:
    """`line 3, column 7` of a character, both counted from one."""
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"
