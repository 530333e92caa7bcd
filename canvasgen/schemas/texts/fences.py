"""Code fences around a JSON text: three backticks in front, perhaps the word `json`, and three backticks behind.

JSON never begins with a backtick, so a fence is always told apart from the value inside. What is accepted is any fence with
any whitespace around the text; what is generated has a newline behind the opening line, and may have one before the
closing backticks and one behind them.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from canvasgen.automata import EMPTY, Expr, byte_set, concat, literal, optional, repeat, union
from canvasgen.limits import kept
from canvasgen.schemas.texts.reading import value_ends

__all__ = ["FENCES", "Fence", "fenced_ends", "in_fences", "in_written_fences", "inside", "without_fence"]

Fence: TypeAlias = Literal["forbid", "allow", "require"]
FENCES: tuple[Fence, ...] = ("forbid", "allow", "require")

_OPENING = re.compile(r"[ \t\r\n]*```[ \t]*(?:json(?=[ \t\r\n]))?", re.IGNORECASE)
_CLOSING = re.compile(r"[ \t\r\n]*```")
_BEHIND = re.compile(r"[ \t\r\n]*")
_SPACE = repeat(byte_set([(0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x20)]))
_MARK, _NEWLINE = literal("```"), literal("\n")


def inside(text: str, fence: Fence) -> tuple[int, int] | None:
    """Return where the JSON text is within a text; None if the fence is missing, or must not be there."""
    opening = _OPENING.match(text)
    if opening is None:
        return None if fence == "require" else (0, len(text))
    stop = text.rstrip(" \t\r\n").removesuffix("```")
    is_closed = len(stop) < len(text.rstrip(" \t\r\n")) and len(stop) >= opening.end()
    return (opening.end(), len(stop)) if is_closed and fence != "forbid" else None


def without_fence(text: str) -> str:
    """Return a text, or the beginning of one, without the fence in front of it."""
    opening = _OPENING.match(text)
    return text if opening is None else text[opening.end() :]


def fenced_ends(text: str, start: int) -> list[tuple[int, int, int]]:
    """Return for each fenced JSON text that begins at a place where its value begins and ends, and each place where the
    fence, with the whitespace behind it, may end."""
    opening = _OPENING.match(text, start)
    if opening is None:
        return []
    found: list[tuple[int, int, int]] = []
    for end, _ in value_ends(text, opening.end()):
        closing = _CLOSING.match(text, end)
        if closing is not None:
            last = _BEHIND.match(text, closing.end())
            assert last is not None
            found += [(opening.end(), end, stop) for stop in range(closing.end(), last.end() + 1)]
    return found


@kept(256)
def in_written_fences(texts: Expr, fence: Fence) -> Expr:
    """Return texts as they are generated: without a fence, with one, or either."""
    if fence == "forbid" or texts is EMPTY:
        return texts
    word = optional(union(literal("json"), literal("JSON")))
    fenced = concat(_MARK, word, _NEWLINE, texts, optional(_NEWLINE), _MARK, optional(_NEWLINE))
    return fenced if fence == "require" else union(texts, fenced)


def in_fences(texts: Expr, fence: Fence) -> Expr:
    """Return texts in every fence that is accepted, and, unless one is required, without."""
    if fence == "forbid" or texts is EMPTY:
        return texts
    letters = [byte_set([(ord(small), ord(small)), (ord(small) - 32, ord(small) - 32)]) for small in "json"]
    blank = byte_set([(0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x20)])
    word = optional(concat(*letters, blank))
    behind_mark = repeat(byte_set([(0x09, 0x09), (0x20, 0x20)]))
    fenced = concat(_SPACE, _MARK, behind_mark, word, _SPACE, texts, _SPACE, _MARK, _SPACE)
    return fenced if fence == "require" else union(texts, fenced)
