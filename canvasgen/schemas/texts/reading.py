"""JSON texts (RFC 8259) read to their values, in any spelling, numbers without rounding.

Whitespace, escapes, the spelling of numbers and the order of keys do not matter. What a value cannot be told from is
refused: a key that stands twice in an object, and a lone surrogate, which has no UTF-8. `DEEPEST_TEXT` and `LONGEST_NUMBER`
bound what is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple, TypeAlias, cast

from canvasgen.schemas.normal.strings import has_utf8

__all__ = [
    "DEEPEST_TEXT",
    "LARGEST_EXPONENT",
    "LONGEST_NUMBER",
    "Item",
    "NoValue",
    "Reader",
    "read",
    "value_ends",
]


DEEPEST_TEXT = 64
"""Deepest nesting of arrays and objects in a text that is read."""
LONGEST_NUMBER = 1000
"""Most characters of a number that is read."""
LARGEST_EXPONENT = 9999
"""Largest exponent, and smallest negative one, of a number that is read."""
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE]([+-]?[0-9]++))?")
_NUMBER_RUN = re.compile(rf"[-0-9][-+.0-9eE]{{0,{LONGEST_NUMBER - 1}}}")
_GAP = re.compile(r"[ \t\n\r]*+")
_LITERALS = {"null": None, "true": True, "false": False}
Read: TypeAlias = "str | bool | Fraction | list[Item] | dict[str, Item] | None"


class NoValue(Exception):
    """The text is no JSON text of one value; the message says what is wrong, and where."""


class Item(NamedTuple):
    """One value of a text.

    Attributes:
        text: its spelling (numbers only).
        value: the value; for arrays a list of items, for objects a dict of items in the order of the text.
    """

    text: str
    value: Read


def read(text: str) -> Item:
    """Return the value of a JSON text.

    Raises:
        NoValue: it is none, or has no single value.
    """
    reader = Reader(text)
    item, end = reader.value(reader.gap(0), 0)
    if reader.gap(end) != len(text):
        raise NoValue(f"it goes on behind its value, at character {end}")
    return item


def value_ends(text: str, start: int) -> list[tuple[int, int]]:
    """Return where a JSON text that begins at a place of a longer text may end, whatever its value.

    Returns:
        For each value that may begin there, its end, and the end of the whitespace behind it: the text may end at
        both and anywhere between. There are several values only where a number may be cut.
    """
    reader = Reader(text)
    at = reader.gap(start)
    run = _NUMBER_RUN.match(text, at)
    if run is not None:
        digits = run.group()
        ends = [at + size for size in range(1, len(digits) + 1) if _NUMBER.fullmatch(digits, 0, size)]
    else:
        try:
            ends = [reader.value(at, 0)[1]]
        except NoValue:
            return []
    return [(end, reader.gap(end)) for end in ends]


class Reader:
    """Reads one text; places are characters."""

    def __init__(self, text: str) -> None:
        self.text = text

    def value(self, at: int, level: int) -> tuple[Item, int]:
        """Read the value that begins at a place, without whitespace around it; return it and where it ends."""
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
            raise NoValue(f"no value begins at character {at}")
        return Item(found.group(), _number(found)), found.end()

    def gap(self, at: int) -> int:
        """Return the end of the whitespace at a place."""
        found = _GAP.match(self.text, at)
        assert found is not None
        return found.end()

    def _string(self, at: int) -> tuple[str, int]:
        found = _STRING.match(self.text, at)
        if found is None:
            raise NoValue(f"no string begins at character {at}")
        value = cast("str", json.loads(found.group()))
        if not has_utf8(value):
            raise NoValue(f"the string at character {at} has a lone surrogate, which no UTF-8 text has")
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
            if name in pairs:
                self._repeated(name, start)
            colon = self.gap(end)
            if self.text[colon : colon + 1] != ":":
                raise NoValue(f"a colon is missing at character {colon}")
            item, end = self.value(self.gap(colon + 1), level)
            pairs.setdefault(name, item)
            return end

        end = self._entries(at, "}", level, entry)
        return Item("", pairs), end

    def _repeated(self, name: str, at: int) -> None:
        """Say what a key means that its object has already."""
        raise NoValue(f"the key {name!r} stands twice in an object, again at character {at}")

    def _entries(self, at: int, close: str, level: int, entry: Callable[[int], int]) -> int:
        """Read what is between the bracket at a place and its partner; return the place after that."""
        if level > DEEPEST_TEXT:
            raise NoValue(f"it is nested deeper than {DEEPEST_TEXT} levels")
        at = self.gap(at + 1)
        if self.text[at : at + 1] == close:
            return at + 1
        while True:
            at = self.gap(entry(at))
            mark = self.text[at : at + 1]
            if mark == close:
                return at + 1
            if mark != ",":
                raise NoValue(f"neither a comma nor {close} is at character {at}")
            at = self.gap(at + 1)


def _number(found: re.Match[str]) -> Fraction:
    exponent = found.group(1)
    if len(found.group()) > LONGEST_NUMBER or abs(int(exponent or 0)) > LARGEST_EXPONENT:
        raise NoValue(
            f"the number at character {found.start()} has more than {LONGEST_NUMBER} characters, or an exponent "
            f"beyond {LARGEST_EXPONENT}"
        )
    return Fraction(found.group())
