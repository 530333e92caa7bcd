"""The language of first drafts: small, and wide enough that any order of keys and any alternative can show.

An object is any number of its properties, declared in whatever alternative, in any order, each as often as it likes; an
array any number of its items. So an object needs no memory of what it has: its states are those of its values. Bounds of
lengths and counts are left out, too. The language holds texts that are not valid: it is what drafts are read from, and
nothing is ever committed under it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from canvasgen.automata import (
    EMPTY,
    EPSILON,
    Expr,
    byte_set,
    concat,
    from_dfa,
    literal,
    optional,
    repeat,
    to_dfa,
    union,
)
from canvasgen.schemas.normal.shapes import ANY_NODE, NEVER_NODE, Array, Node, Object, Strings, Values
from canvasgen.schemas.normal.strings import has_utf8
from canvasgen.schemas.normal.witnesses import expand
from canvasgen.schemas.texts import whitespace
from canvasgen.schemas.texts.graph import Graph, children
from canvasgen.schemas.texts.listing import loop
from canvasgen.schemas.texts.numerals.number_text import number_text
from canvasgen.schemas.texts.pieces import LITERALS, any_value, open_key
from canvasgen.schemas.texts.sizes import string_states
from canvasgen.schemas.texts.string_text import any_string, quoted, string_text
from canvasgen.schemas.texts.whitespace import Style

__all__ = ["loose_language"]

_LEVELS = (12, 8, 6, 4, 3, 2, 1)
"""Levels of nesting that are told apart, with any JSON below them; the first whose automaton is small, or none at all."""
WILD = 10
"""Levels of any JSON."""
_STATES_OF_ANY = 650
SANE_STATES = 8_000
LONGEST_COUNTED = 40
"""Lengths of strings up to this are counted."""


def loose_language(graph: Graph, style: Style) -> Expr:
    """Return a language that contains, for every valid value that is not nested too deep, a text in every order of keys."""
    candidates = (_Loose(graph, style, levels) for levels in _LEVELS)
    loose = next(
        (one for one in candidates if one.size(graph.root, 0) <= SANE_STATES), _Loose(graph, style, 0)
    )
    around = whitespace.around(style=style)
    return concat(around, loose.node(graph.root, 0), around)


@lru_cache(maxsize=4)
def _anything(depth: int, style: Style) -> Expr:
    """Return any JSON of at most `depth` levels, with any whitespace, and texts in which the two kinds of brackets are mixed
    up: so a level costs no more than the one below it."""
    scalars = any_value(0, 0, style=style)
    gap = EPSILON if style == "compact" else _SPACE
    found = scalars
    for _ in range(depth):
        entry = union(concat(any_string(), gap, literal(":"), gap, found), found)
        entries = loop(entry, concat(gap, literal(","), gap))
        nested = concat(_OPENING, gap, optional(concat(entries, gap)), _CLOSING)
        found = from_dfa(to_dfa(union(scalars, nested)))
    return found


_SPACE = repeat(byte_set([(0x09, 0x0A), (0x20, 0x20)]))
_OPENING = byte_set([(0x5B, 0x5B), (0x7B, 0x7B)])
_CLOSING = byte_set([(0x5D, 0x5D), (0x7D, 0x7D)])


class _Loose:
    """Writes the nodes of a graph down to a number of levels."""

    def __init__(self, graph: Graph, style: Style, levels: int) -> None:
        self.graph, self.levels = graph, levels
        self.style: Style = style
        self._done: dict[tuple[Node, int], Expr] = {}
        self._sizes: dict[tuple[Node, int], int] = {}

    def size(self, node: Node, level: int) -> int:
        """Return roughly the states of a node on a level."""
        if node is NEVER_NODE or self.graph.least.get(node) == float("inf"):
            return 0
        if node is ANY_NODE:
            return _STATES_OF_ANY
        found = self._sizes.get((node, level))
        if found is None:
            values = node.values
            found = 10 + 45 * len(values.numbers)
            found += sum(string_states(_shortened(shape), LONGEST_COUNTED) for shape in values.strings)
            if level < self.levels:
                for shape in values.objects:
                    found += sum(len(name) + 8 for name in shape.properties)
                found += sum(self.size(child, level + 1) for child in dict.fromkeys(children(values)))
            elif values.arrays or values.objects:
                found += _STATES_OF_ANY
            self._sizes[node, level] = found = min(found, 10 * SANE_STATES)
        return found

    def node(self, node: Node, level: int) -> Expr:
        """Return the texts of a node on a level of nesting."""
        if node is ANY_NODE:
            return _anything(WILD, self.style)
        if node is NEVER_NODE or self.graph.least.get(node) == float("inf"):
            return EMPTY
        found = self._done.get((node, level))
        if found is None:
            found = self._done[node, level] = self._values(node.values, level)
        return found

    def _values(self, values: Values, level: int) -> Expr:
        parts = [literal(text) for name, text in LITERALS if getattr(values, name)]
        parts += [number_text(shape) for shape in values.numbers]
        parts += [string_text(_shortened(shape)) for shape in values.strings]
        if level >= self.levels:
            deeper = self.node(ANY_NODE, level) if values.arrays or values.objects else EMPTY
            return union(*parts, deeper)
        if values.arrays:
            parts.append(self._ring("[]", self._items(values.arrays, level + 1), level + 1))
        if values.objects:
            parts.append(self._ring("{}", self._pairs(values.objects, level + 1), level + 1))
        return union(*parts)

    def _ring(self, marks: str, entry: Expr, level: int) -> Expr:
        nothing = whitespace.empty(marks, level, style=self.style)
        if entry is EMPTY:
            return nothing
        full = concat(
            literal(marks[0]),
            whitespace.after_mark(level, style=self.style),
            loop(entry, whitespace.comma(level, style=self.style)),
            whitespace.before_close(level, style=self.style),
            literal(marks[1]),
        )
        return union(nothing, full)

    def _items(self, shapes: Iterable[Array], level: int) -> Expr:
        nodes = dict.fromkeys(
            node for shape in shapes for node in (*shape.prefix, *([] if shape.high == 0 else [shape.rest]))
        )
        return union(*(self.node(node, level) for node in nodes))

    def _pairs(self, shapes: Iterable[Object], level: int) -> Expr:
        """Return one property; names with the same values share them."""
        names: dict[Expr, list[Expr]] = {}
        for shape in (each for given in shapes for each in expand(given)):
            declared = tuple(shape.properties)
            for name, entry in shape.properties.items():
                if has_utf8(name):
                    names.setdefault(self.node(entry.node, level), []).append(quoted(name))
            for keys in (*shape.open, *shape.witnesses):
                names.setdefault(self.node(keys.node, level), []).append(open_key(keys, declared))
        colon = whitespace.colon(style=self.style)
        return union(
            *(concat(union(*keys), colon, value) for value, keys in names.items() if value is not EMPTY)
        )


def _shortened(shape: Strings) -> Strings:
    """Return the shape without length bounds that would need many states."""
    if shape.values is not None:
        return shape
    high = None if shape.high is None or shape.high > LONGEST_COUNTED else shape.high
    return shape._replace(low=min(shape.low, LONGEST_COUNTED), high=high)
