"""From the normal form to the language of canonical JSON texts.

An object is a chain: its properties in their order, each with a state for "something stands before, a comma is needed", then
the open keys. An array is its prefix and then a loop. Recursion is unrolled: `depth` times through each loop of the schema's
graph, `any_depth` levels below a place that takes any JSON value. What is deeper has no text (never a wrong one).

Bounds that would need states for every combination are left to the validator and noted: property counts beside declared
properties, lengths beside large patterns, uniqueness.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from canvasgen import automata
from canvasgen.automata import EMPTY, EPSILON, Expr, concat, literal, optional, repeat, separated, to_dfa, union
from canvasgen.constraints.base import Note
from canvasgen.constraints.json import whitespace
from canvasgen.constraints.json.graph import Graph, values_of
from canvasgen.constraints.json.listing import listing
from canvasgen.constraints.json.normal import ANY_NODE, NEVER_NODE, Array, Keys, Node, Numbers, Object, Part, Strings, Values
from canvasgen.constraints.json.numbers import number_text
from canvasgen.constraints.json.strings import any_string, enforces_length, quoted, string_text

__all__ = ["Depths", "Emitter", "any_value", "choose_depths"]

_LITERALS = (("null", "null"), ("true", "true"), ("false", "false"))
_DEFAULT_DEPTHS = ((5, 3), (4, 3), (3, 3), (4, 2), (3, 2), (2, 2), (3, 1), (2, 1), (1, 1), (1, 0))
_SANE_STATES = 8000
"""The default depth is the largest whose estimated automaton stays below this."""


@dataclass(frozen=True, slots=True)
class Depths:
    """How far a schema is unrolled: `loops` times through each recursion, `any` levels of any-JSON."""

    loops: int
    any: int


def choose_depths(graph: Graph, max_depth: int | None) -> Depths:
    """The depths that are asked for, or the largest of the usual ones whose automaton stays small."""
    if max_depth is not None:
        return Depths(max_depth, max_depth)
    for loops, wild in _DEFAULT_DEPTHS:
        if (graph.is_recursive or loops == 1 or not graph.has_any) and graph.estimate(loops, wild) <= _SANE_STATES:
            return Depths(loops, wild)
        if not graph.is_recursive and graph.has_any and graph.estimate(0, wild) <= _SANE_STATES:
            return Depths(loops, wild)
        if not graph.is_recursive and not graph.has_any:
            return Depths(loops, wild)
    return Depths(*_DEFAULT_DEPTHS[-1])


class Emitter:
    """Writes the nodes of one graph as regular expressions.

    Attributes:
        notes: what could not be put into the automaton, and what was cut off.
    """

    def __init__(self, graph: Graph, depths: Depths, *, flexible: bool) -> None:
        self.graph = graph
        self.depths = depths
        self.flexible = flexible
        self.notes: dict[Note, None] = {}
        self._done: dict[tuple[Node, int, int], Expr] = {}

    def root(self) -> Expr:
        """The language of the whole schema."""
        return self._node(self.graph.root, 0, self.depths.loops)

    def _node(self, node: Node, level: int, budget: int) -> Expr:
        """A node's texts on a level of nesting, with a budget of recursions."""
        if node is ANY_NODE:
            return any_value(self.depths.any, level if self.flexible else 0, flexible=self.flexible)
        if node is NEVER_NODE:
            return EMPTY
        key = (node, level if self.flexible else 0, budget)
        expr = self._done.get(key)
        if expr is None:
            expr = self._done[key] = self._values(node, values_of(node), level, budget)
        return expr

    def _child(self, parent: Node, node: Node, level: int, budget: int) -> Expr:
        if (parent, node) in self.graph.loops:
            budget -= 1
            if budget < 0:
                return EMPTY
        return self._node(node, level, budget)

    def _values(self, node: Node, values: Values, level: int, budget: int) -> Expr:
        parts: list[Expr] = [
            literal(text) for name, text in _LITERALS if getattr(values, name)
        ]
        parts += [number_text(shape) for shape in values.numbers]
        for strings in values.strings:
            parts.append(string_text(strings))
            if not enforces_length(strings):
                self._note("validator", "the length bounds, which would need too many states, are judged at commit", node)
        parts += [self._array(node, shape, level + 1, budget) for shape in values.arrays]
        parts += [self._object(node, shape, level + 1, budget) for shape in values.objects]
        return union(*parts)

    def _note(self, kind: str, message: str, node: Node) -> None:
        self.notes[Note(kind, message, node.path)] = None

    def _comma(self, level: int) -> Expr:
        return concat(literal(","), whitespace.after_mark(level, flexible=self.flexible))

    def _wrap(self, marks: str, level: int, inside: Expr, *, empty: bool) -> Expr:
        """Brackets around something that is not empty, or, with `empty`, around nothing at all."""
        full = concat(
            literal(marks[0]),
            whitespace.after_mark(level, flexible=self.flexible),
            inside,
            whitespace.before_close(level, flexible=self.flexible),
            literal(marks[1]),
        )
        return union(literal(marks), full) if empty else full

    # --- arrays --------------------------------------------------------------------------------------------------

    def _array(self, node: Node, shape: Array, level: int, budget: int) -> Expr:
        comma = self._comma(level)
        length = len(shape.prefix) if shape.high is None else min(len(shape.prefix), shape.high)
        rest = EMPTY
        if shape.high is None or shape.high > length:
            rest = self._child(node, shape.rest, level, budget)
        items = [self._child(node, item, level, budget) for item in shape.prefix[:length]]
        if not items:
            if rest is EMPTY or shape.high == 0:
                return literal("[]") if shape.low == 0 else EMPTY
            inside = separated(rest, comma, max(shape.low, 1), shape.high)
            return self._wrap("[]", level, inside, empty=shape.low == 0)
        low = max(shape.low - length, 0)
        tail = EPSILON
        if rest is not EMPTY:
            tail = repeat(concat(comma, rest), low, None if shape.high is None else shape.high - length)
        elif low:
            tail = EMPTY
        for at in range(length - 1, 0, -1):
            tail = concat(comma, items[at], tail)
            if at >= shape.low:
                tail = optional(tail)
        return self._wrap("[]", level, concat(items[0], tail), empty=shape.low == 0)

    # --- objects -------------------------------------------------------------------------------------------------

    def _object(self, node: Node, shape: Object, level: int, budget: int) -> Expr:
        comma = self._comma(level)
        entries: list[tuple[Expr, bool]] = []
        for name, entry in shape.properties.items():
            value = self._child(node, entry.node, level, budget)
            if value is not EMPTY:
                pair = concat(quoted(name), whitespace.colon(flexible=self.flexible), value)
                entries.append((pair, entry.required))
            elif entry.required:
                return EMPTY
        open_pair = self._open_pair(node, shape, level, budget)
        needed = sum(required for _, required in entries)
        most = len(entries) if open_pair is EMPTY else None
        low = shape.low if shape.low > needed else 0
        high = shape.high if shape.high is not None and (most is None or shape.high < most) else None
        if high is not None and high < needed:
            return EMPTY
        if not entries:
            if open_pair is EMPTY or high == 0:
                return literal("{}") if low == 0 else EMPTY
            return self._wrap("{}", level, separated(open_pair, comma, max(low, 1), high), empty=low == 0)
        if low > 1 or high is not None:
            self._note("validator", "`minProperties` and `maxProperties` beside declared properties", node)
        inside = listing(entries, open_pair, comma)
        return self._wrap("{}", level, inside, empty=needed == 0 and low == 0)

    def _open_pair(self, node: Node, shape: Object, level: int, budget: int) -> Expr:
        """A key that is not declared, and its value."""
        pairs: list[Expr] = []
        for keys in shape.open:
            value = self._child(node, keys.node, level, budget)
            if value is not EMPTY:
                key = open_key(keys, tuple(shape.properties))
                pairs.append(concat(key, whitespace.colon(flexible=self.flexible), value))
        if pairs:
            self._note("validator", "an undeclared key that stands twice is refused at commit", node)
        return union(*pairs)


def open_key(keys: Keys, declared: tuple[str, ...]) -> Expr:
    """The quoted texts of open keys; never a declared name."""
    if keys.part is None:
        return _undeclared(declared)
    allowed = _key_language(keys.part.expr)
    if not declared:
        return allowed
    return automata.from_dfa(to_dfa(automata.difference(allowed, union(*(quoted(name) for name in declared)))))


@lru_cache(maxsize=256)
def _undeclared(declared: tuple[str, ...]) -> Expr:
    if not declared:
        return any_string()
    texts = union(*(quoted(name) for name in declared))
    return automata.from_dfa(to_dfa(automata.difference(any_string(), texts)))


@lru_cache(maxsize=256)
def _key_language(language: Expr) -> Expr:
    return string_text(Strings(parts=(Part("a key", language),)))


@lru_cache(maxsize=256)
def any_value(depth: int, level: int, *, flexible: bool) -> Expr:
    """Any JSON value with at most `depth` levels of arrays and objects, on a level of nesting."""
    scalars = union(literal("null"), literal("true"), literal("false"), number_text(Numbers()), any_string())
    if depth <= 0:
        return scalars
    inner = any_value(depth - 1, level + 1 if flexible else 0, flexible=flexible)
    comma = concat(literal(","), whitespace.after_mark(level + 1, flexible=flexible))
    start = whitespace.after_mark(level + 1, flexible=flexible)
    stop = whitespace.before_close(level + 1, flexible=flexible)
    pair = concat(any_string(), whitespace.colon(flexible=flexible), inner)
    array = concat(literal("["), start, separated(inner, comma, 1), stop, literal("]"))
    mapping = concat(literal("{"), start, separated(pair, comma, 1), stop, literal("}"))
    whole = union(scalars, literal("[]"), literal("{}"), array, mapping)
    return automata.from_dfa(to_dfa(whole))
