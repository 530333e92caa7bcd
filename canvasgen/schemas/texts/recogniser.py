"""Which JSON texts belong to a schema, to any depth: a pushdown recogniser over the normal form.

The finite automaton that tokens are conditioned on (`emit`) can hold only so many levels, keys and digits. Its
texts are a subset of what is decided here: the same spelling (one for each string, the whitespace of
`whitespace`), but any nesting up to `DEEPEST_TEXT`, and undeclared properties anywhere between declared ones.
Nothing is compiled but the languages of strings, and those only when a text needs them.

Sets from above (`loose`) are taken as they are: the judge decides the rest.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any, NamedTuple

from canvasgen.schemas.normal.combine import has_key, identity, lookup, place
from canvasgen.schemas.normal.numbers import has_number
from canvasgen.schemas.normal.shapes import ANY_NODE, NEVER_NODE, Array, Node, Numbers, Object
from canvasgen.schemas.normal.strings import strings_contain
from canvasgen.schemas.texts import whitespace

__all__ = ["DEEPEST_TEXT", "Recogniser"]

DEEPEST_TEXT = 64
"""Deepest nesting of arrays and objects in a text that is read."""

_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*+"')
_NUMBER = re.compile(r"-?(?:[1-9](?:\.[0-9]++)?[eE][+-]?([0-9]++)|(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?![eE]))")
_NUMBER_RUN = re.compile(r"[-0-9][-+.0-9eE]{0,999}")
_GAP = re.compile(r"[ \t\n]*+")
_LITERALS = {"null": None, "true": True, "false": False}


class _Misspelt(Exception):
    """The text is no JSON in the spelling that is generated."""


class Item(NamedTuple):
    """One value of a text.

    Attributes:
        text: its spelling (numbers only).
        value: the value; for arrays a list of items, for objects a dict of items in the order of the text.
    """

    text: str
    value: Any


class Recogniser:
    """Decides texts for one schema.

    Args:
        root: the node of the schema.
        flexible: whether whitespace may stand between tokens.
        ordered: whether declared properties stand in the schema's order.
        whole_points: whether whole numbers may have a fraction of zero (`1.0`) where the type is integer.
    """

    def __init__(self, root: Node, *, flexible: bool, ordered: bool, whole_points: bool) -> None:
        self.root = root
        self.flexible = flexible
        self.ordered = ordered
        self.whole_points = whole_points

    def accepts(self, data: bytes) -> bool:
        """True if the bytes are the text of a value of the schema, as far as its normal form says."""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return False
        try:
            item, end = _Reader(text, self.flexible).value(0, 0)
        except _Misspelt:
            return False
        return end == len(text) and self._fits(self.root, item, {})

    def ends(self, text: str, start: int) -> list[int]:
        """Where a JSON text that begins at a place may end, whatever its value."""
        found = _NUMBER_RUN.match(text, start)
        if found is not None:
            run = found.group()
            return [start + size for size in range(1, len(run) + 1) if _NUMBER.fullmatch(run, 0, size)]
        try:
            _, end = _Reader(text, self.flexible).value(start, 0)
        except _Misspelt:
            return []
        return [end]

    def _fits(self, node: Node, item: Item, known: dict[tuple[Node, int], bool]) -> bool:
        if node is ANY_NODE:
            return True
        if node is NEVER_NODE:
            return False
        key = (node, id(item))
        found = known.get(key)
        if found is None:
            found = known[key] = self._decide(node, item, known)
        return found

    def _decide(self, node: Node, item: Item, known: dict[tuple[Node, int], bool]) -> bool:
        values, value = node.values, item.value
        if isinstance(value, dict):
            return any(self._object(shape, value, known) for shape in values.objects)
        if isinstance(value, list):
            return any(self._array(shape, value, known) for shape in values.arrays)
        if isinstance(value, str):
            return any(strings_contain(shape, value) for shape in values.strings)
        if isinstance(value, Fraction):
            return any(self._number(shape, item) for shape in values.numbers)
        return values.null if value is None else values.true if value else values.false

    def _number(self, shape: Numbers, item: Item) -> bool:
        if not has_number(shape, item.value):
            return False
        if self.whole_points or shape.point or item.text.lstrip("-").isdigit():
            return True
        return shape.low is not None and shape.low == shape.high

    def _array(self, shape: Array, items: list[Item], known: dict[tuple[Node, int], bool]) -> bool:
        if len(items) < shape.low or (shape.high is not None and len(items) > shape.high):
            return False
        if not all(self._fits(place(shape, at), item, known) for at, item in enumerate(items)):
            return False
        for entry in shape.contains:
            count = sum(self._fits(entry.node, item, known) for item in items)
            if count < entry.low or (entry.high is not None and count > entry.high):
                return False
        return not shape.unique or len({identity(_plain(item)) for item in items}) == len(items)

    def _object(self, shape: Object, pairs: dict[str, Item], known: dict[tuple[Node, int], bool]) -> bool:
        if len(pairs) < shape.low or (shape.high is not None and len(pairs) > shape.high):
            return False
        if any(entry.required and name not in pairs for name, entry in shape.properties.items()):
            return False
        if self.ordered and not _in_order(pairs, shape):
            return False
        for part, node in shape.some:
            if not any(has_key(part, name) and self._fits(node, item, known) for name, item in pairs.items()):
                return False
        return all(self._fits(lookup(shape, name), item, known) for name, item in pairs.items())


def _in_order(pairs: dict[str, Item], shape: Object) -> bool:
    for names in shape.orders:
        places = {name: at for at, name in enumerate(names)}
        found = [places[name] for name in pairs if name in places]
        if found != sorted(found):
            return False
    return True


def _plain(item: Item) -> Any:
    if isinstance(item.value, list):
        return [_plain(entry) for entry in item.value]
    if isinstance(item.value, dict):
        return {name: _plain(entry) for name, entry in item.value.items()}
    return item.value


class _Reader:
    """Reads a text in the one spelling that is generated; whatever else raises `_Misspelt`."""

    def __init__(self, text: str, flexible: bool) -> None:
        self.text = text
        self.flexible = flexible

    def value(self, at: int, level: int) -> tuple[Item, int]:
        """The value that starts at a place, and where it ends."""
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
            raise _Misspelt
        return Item(found.group(), _number(found)), found.end()

    def _string(self, at: int) -> tuple[str, int]:
        found = _STRING.match(self.text, at)
        if found is None:
            raise _Misspelt
        raw = found.group()
        try:
            value = json.loads(raw)
        except ValueError as error:
            raise _Misspelt from error
        if json.dumps(value, ensure_ascii=False) != raw:
            raise _Misspelt
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
                raise _Misspelt
            end += 1
            if self.flexible and self.text[end : end + 1] == " ":
                end += 1
            pairs[name], end = self.value(end, level)
            return end

        end = self._entries(at, "}", level, entry)
        return Item("", pairs), end

    def _entries(self, at: int, close: str, level: int, entry: Any) -> int:
        """What stands between brackets, on a level; gives the place after the closing one."""
        if level > DEEPEST_TEXT:
            raise _Misspelt
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
            raise _Misspelt
        return mark + 1

    def _gap(self, at: int, level: int) -> int:
        """The end of the whitespace that stands at a place."""
        found = _GAP.match(self.text, at)
        assert found is not None
        gap = found.group()
        if gap and not (self.flexible and gap in whitespace.gaps(level)):
            raise _Misspelt
        return found.end()


def _number(found: re.Match[str]) -> Fraction:
    exponent = found.group(1)
    if found.group() == "-0" or len(found.group()) > 1000 or (exponent is not None and len(exponent) > 4):
        raise _Misspelt
    return Fraction(found.group())
