"""JSON texts read in the one spelling that is generated, numbers without rounding."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from canvasgen.schemas.texts import whitespace

__all__ = ["DEEPEST_TEXT", "Item", "Misspelt", "number_ends", "read"]


DEEPEST_TEXT = 64
"""Deepest nesting of arrays and objects in a text that is read."""
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*+"')
_NUMBER = re.compile(r"-?(?:[1-9](?:\.[0-9]++)?[eE][+-]?([0-9]++)|(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?![eE]))")
_NUMBER_RUN = re.compile(r"[-0-9][-+.0-9eE]{0,999}")
_GAP = re.compile(r"[ \t\n]*+")
_LITERALS = {"null": None, "true": True, "false": False}
Read: TypeAlias = "str | bool | Fraction | list[Item] | dict[str, Item] | None"


class Misspelt(Exception):
    """The text is no JSON in the spelling that is generated."""


class Item(NamedTuple):
    """One value of a text.

    Attributes:
        text: its spelling (numbers only).
        value: the value; for arrays a list of items, for objects a dict of items in the order of the text.
    """

    text: str
    value: Read


def read(text: str, start: int, *, flexible: bool) -> tuple[Item, int]:
    """Read the value that starts at a place of a text; return it and where it ends.

    Raises:
        Misspelt: there is no JSON value in the spelling that is generated.
    """
    return _Reader(text, flexible).value(start, 0)


def number_ends(text: str, start: int) -> list[int] | None:
    """Return where a number that begins at a place of a text may end; None if no number begins there."""
    found = _NUMBER_RUN.match(text, start)
    if found is None:
        return None
    run = found.group()
    return [start + size for size in range(1, len(run) + 1) if _NUMBER.fullmatch(run, 0, size)]


class _Reader:
    """Reads a text in the one spelling that is generated; whatever else raises `Misspelt`."""

    def __init__(self, text: str, flexible: bool) -> None:
        self.text = text
        self.flexible = flexible

    def value(self, at: int, level: int) -> tuple[Item, int]:
        """Read the value that starts at a place; return it and where it ends."""
        first = self.text[at : at + 1]
        if first == "{":
            return self._object(at, level + 1)
        if first == "[":
            return self._array(at, level + 1)
        if first == '"':
            text, end = self._string(at)
            return Item("", text), end
        for name, value in _LITERALS.items():
            if self.text.startswith(name, at):
                return Item("", value), at + len(name)
        found = _NUMBER.match(self.text, at)
        if found is None:
            raise Misspelt
        return Item(found.group(), _number(found)), found.end()

    def _string(self, at: int) -> tuple[str, int]:
        found = _STRING.match(self.text, at)
        if found is None:
            raise Misspelt
        raw = found.group()
        try:
            value = json.loads(raw)
        except ValueError as error:
            raise Misspelt from error
        if json.dumps(value, ensure_ascii=False) != raw:
            raise Misspelt
        return value, found.end()

    def _array(self, at: int, level: int) -> tuple[Item, int]:
        items: list[Item] = []

        def entry(start: int) -> int:
            item, end = self.value(start, level)
            items.append(item)
            return end

        end = self._entries(at, "]", level, entry)
        return Item("", items), end

    def _object(self, at: int, level: int) -> tuple[Item, int]:
        pairs: dict[str, Item] = {}

        def entry(start: int) -> int:
            name, end = self._string(start)
            if name in pairs or self.text[end : end + 1] != ":":
                raise Misspelt
            end += 1
            if self.flexible and self.text[end : end + 1] == " ":
                end += 1
            pairs[name], end = self.value(end, level)
            return end

        end = self._entries(at, "}", level, entry)
        return Item("", pairs), end

    def _entries(self, at: int, close: str, level: int, entry: Callable[[int], int]) -> int:
        """Read what is between brackets, on a level; return the place after the closing one."""
        if level > DEEPEST_TEXT:
            raise Misspelt
        if self.text[at + 1 : at + 2] == close:
            return at + 2
        mark = at
        while True:
            end = entry(self._gap(mark + 1, level))
            mark = end
            if self.text[mark : mark + 1] != ",":
                break
        mark = self._gap(end, level - 1)
        if self.text[mark : mark + 1] != close:
            raise Misspelt
        return mark + 1

    def _gap(self, at: int, level: int) -> int:
        """Return the end of the whitespace that stands at a place."""
        found = _GAP.match(self.text, at)
        assert found is not None
        gap = found.group()
        if gap and not (self.flexible and gap in whitespace.gaps(level)):
            raise Misspelt
        return found.end()


def _number(found: re.Match[str]) -> Fraction:
    exponent = found.group(1)
    if found.group() == "-0" or len(found.group()) > 1000 or (exponent is not None and len(exponent) > 4):
        raise Misspelt
    return Fraction(found.group())
