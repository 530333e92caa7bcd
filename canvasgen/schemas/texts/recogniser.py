"""Which JSON texts belong to a schema, by their values: a pushdown recogniser over the normal form.

The finite automaton that tokens are conditioned on (`emit`) can hold only so many levels, keys and spellings. Its
texts are a subset of what is decided here: any spelling and key order of a value of the schema (`reading`).
Nothing is compiled but the languages of strings, and those only when a text needs them.

Over-approximations are taken as they are: the validator decides the rest.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from canvasgen.limits import step
from canvasgen.schemas.normal.arrays import place
from canvasgen.schemas.normal.equality import identity
from canvasgen.schemas.normal.numbers import has_number
from canvasgen.schemas.normal.objects import has_key, lookup
from canvasgen.schemas.normal.shapes import ANY_NODE, NEVER_NODE, Array, Node, Numbers, Object
from canvasgen.schemas.normal.strings import strings_contain
from canvasgen.schemas.texts.reading import Item, NoValue, read

__all__ = ["Recogniser"]


class Recogniser:
    """Decides texts for one schema.

    Args:
        root: the node of the schema.
        whole_points: whether a whole number that is written with a point or an exponent (`1.0`) is an integer.
    """

    def __init__(self, root: Node, *, whole_points: bool) -> None:
        self.root = root
        self.whole_points = whole_points

    def accepts(self, text: str) -> bool:
        """Return True if a text is the JSON text of a value of the schema, as far as its normal form says."""
        return self.refusal(text) is None

    def refusal(self, text: str) -> str | None:
        """Return why a text is not accepted; None if it is."""
        try:
            item = read(text)
        except NoValue as reason:
            return str(reason)
        return None if self._fits(self.root, item, {}) else "the value is not one of the schema"

    def fits(self, shape: Array | Object, item: Item) -> bool:
        """Return True if an array or object belongs to a shape."""
        if isinstance(item.value, dict):
            return isinstance(shape, Object) and self._object(shape, item.value, {})
        return (
            isinstance(item.value, list) and isinstance(shape, Array) and self._array(shape, item.value, {})
        )

    def _fits(self, node: Node, item: Item, known: dict[tuple[Node, int], bool]) -> bool:
        if node is ANY_NODE:
            return True
        if node is NEVER_NODE:
            return False
        step()
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
            return any(self._number(shape, value, item.text) for shape in values.numbers)
        return values.null if value is None else values.true if value else values.false

    def _number(self, shape: Numbers, number: Fraction, text: str) -> bool:
        if not has_number(shape, number):
            return False
        if self.whole_points or shape.point or text.lstrip("-").isdigit():
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
        for part, node in shape.some:
            if not any(has_key(part, name) and self._fits(node, item, known) for name, item in pairs.items()):
                return False
        return all(self._fits(lookup(shape, name), item, known) for name, item in pairs.items())


def _plain(item: Item) -> Any:
    """Return the value as plain data, in which numbers are fractions."""
    value = item.value
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return value
