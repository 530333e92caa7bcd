"""A text as pieces: words and what is between them; which of them may begin and end a span.

A word may hold hyphens; a number, a date, a time, an e-mail address and a URL are one word each. A span begins with a
word, or with a sign before one (`$24`, `#7`, `@ann`, `-3`), and ends with a word, or with a sign after one (`24%`, `12€`).
So punctuation around it is trimmed, and punctuation inside it is kept.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import regex

__all__ = ["CutText", "Piece", "pieces"]

_WORDS = regex.compile(
    r"""
    [\w.+-]{0,63}\w@\w[\w-]*(?:\.[\w-]+)+        # an e-mail address
  | \w{1,20}://[^\s"<>]*[\w/]                     # a URL
  | \w+(?:(?<=\d)[.,:/](?=\d)\w+|-\w+)*          # a word, a number, a date, a time, words with hyphens
  | \r\n | \n | \r | [^\S\r\n]+ | [^\w\s]
    """,
    regex.VERBOSE,
)
_CHARACTERS = regex.compile(r"\X", regex.DOTALL)
_BEFORE = regex.compile(r"[\p{Sc}#@§+−-]")
_AFTER = regex.compile(r"[\p{Sc}%‰°]")
_BREAK = regex.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a source.

    Attributes:
        text: its characters.
        begins: whether a span may begin with it.
        ends: whether a span may end with it.
        breaks: whether no span may contain it.
    """

    text: str
    begins: bool
    ends: bool
    breaks: bool


def pieces(text: str, *, characters: bool, across_lines: bool) -> list[Piece]:
    """Return the pieces of a text in order; together they are the text.

    Args:
        text: the source.
        characters: whether each character (grapheme) is a piece of its own that may begin and end a span.
        across_lines: whether spans may contain line breaks.
    """
    split = _CHARACTERS if characters else _WORDS
    texts: list[str] = split.findall(text)
    return [
        _piece(one, before, after, characters=characters, across_lines=across_lines)
        for before, one, after in zip(["", *texts], texts, [*texts[1:], ""], strict=False)
    ]


def _piece(text: str, before: str, after: str, *, characters: bool, across_lines: bool) -> Piece:
    breaks = not across_lines and _BREAK.search(text) is not None
    if characters or _is_word(text):
        is_blank = text.isspace()
        return Piece(text, begins=not is_blank, ends=not is_blank, breaks=breaks)
    begins = _BEFORE.fullmatch(text) is not None and _is_word(after) and not _is_word(before)
    ends = _AFTER.fullmatch(text) is not None and _is_word(before) and not _is_word(after)
    return Piece(text, begins=begins, ends=ends, breaks=breaks)


def _is_word(text: str) -> bool:
    return regex.match(r"\w", text) is not None


class CutText:
    """A text that is cut into pieces: which of its parts are spans.

    Args:
        cut: the pieces, in order.
    """

    def __init__(self, cut: list[Piece]) -> None:
        self._pieces = cut
        self._starts: list[int] = []
        self._begin: set[int] = set()
        self._end: set[int] = set()
        self._broken = [0]
        at = 0
        for piece in cut:
            self._starts.append(at)
            if piece.begins:
                self._begin.add(at)
            at += len(piece.text)
            if piece.ends:
                self._end.add(at)
            self._broken.append(self._broken[-1] + piece.breaks)
        self._starts.append(at)

    def is_span(self, start: int, stop: int) -> bool:
        """Return whether a part of the text is a span: it begins and ends where one may, and nothing breaks it."""
        if start not in self._begin or stop not in self._end:
            return False
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, stop)
        return self._broken[first] == self._broken[last]

    def inside(self, start: int, stop: int) -> list[Piece]:
        """Return the pieces that are wholly inside of a part of the text."""
        first, last = bisect_left(self._starts, start), bisect_right(self._starts, stop) - 1
        return self._pieces[first:last]
