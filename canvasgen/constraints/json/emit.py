"""From the normal form to the language of canonical JSON texts.

An object is a chain: its properties in their order, each with a state for "something stands before, a comma
is needed", then the open keys. An array is its prefix and then a loop. Recursion is unrolled: `depth` times
through each loop of the schema's graph, `any_depth` levels below a place that takes any JSON value. What is
deeper has no text (never a wrong one).

Bounds that would need states for every combination are left to the validator and noted: property counts
beside declared properties, lengths beside large patterns, uniqueness.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from canvasgen import automata
from canvasgen.automata import (
    EMPTY,
    EPSILON,
    Expr,
    concat,
    literal,
    optional,
    repeat,
    separated,
    to_dfa,
    union,
)
from canvasgen.constraints.base import Note
from canvasgen.constraints.json import whitespace
from canvasgen.constraints.json.graph import Graph, is_countable, values_of
from canvasgen.constraints.json.listing import distinct, listing, loop, subset_count
from canvasgen.constraints.json.normal import (
    ANY_NODE,
    NEVER_NODE,
    Array,
    Keys,
    Node,
    Object,
    Part,
    Strings,
    Values,
)
from canvasgen.constraints.json.numbers import number_exponent, number_text
from canvasgen.constraints.json.strings import any_string, enforces_length, quoted, string_text

__all__ = ["Depths", "Emitter", "any_value", "choose_depths"]

_LITERALS = (("null", "null"), ("true", "true"), ("false", "false"))
_RECURSIVE = ((5, 3), (4, 3), (3, 3), (3, 2), (2, 2), (2, 1), (1, 1), (1, 0))
_FLAT = ((0, 3), (0, 2), (0, 1), (0, 0))
_CHARACTERS = (4000, 1000)
MOST_FEW = 64
MOST_SUBSETS = 600
"""`uniqueItems` is in the automaton if the items' few values have no more subsets of the sizes asked for."""
_USUAL_CHARACTERS = 100
_SANE_STATES = 8000
"""The default depths are the largest whose estimated automaton, counting up to a hundred characters a string,
stays below this."""
_LARGE_STATES = 60_000
"""String lengths above a thousand are counted if the estimated automaton stays below this."""


@dataclass(frozen=True, slots=True)
class Depths:
    """How far a schema is unrolled.

    Attributes:
        loops: times through each recursion.
        any: levels of arrays and objects below a place that takes any JSON value.
        extras: whether undeclared properties that may have any value are written at all, beside declared
            ones.
        characters: largest string length that is counted; a larger upper bound is judged at commit.
    """

    loops: int
    any: int
    extras: bool = True
    characters: int = 4000


def choose_depths(graph: Graph, max_depth: int | None) -> Depths:
    """The depths that are asked for, or the largest of the usual ones whose automaton stays small."""
    if max_depth is not None:
        graph.estimate(max_depth, max_depth, characters=_CHARACTERS[0])
        return Depths(max_depth, max_depth, characters=_CHARACTERS[0])
    candidates = _RECURSIVE if graph.is_recursive else _FLAT
    if not graph.has_any:
        candidates = tuple(dict.fromkeys((loops, 0) for loops, _ in candidates))
    kinds = (True, False) if graph.has_any else (True,)
    plans = [(loops, wild, extras) for extras in kinds for loops, wild in candidates]
    plans.sort(key=lambda plan: (plan[1] == 0, not plan[2]))
    chosen = Depths(*plans[-1])
    for loops, wild, extras in plans:
        if graph.estimate(loops, wild, extras=extras, characters=_USUAL_CHARACTERS) <= _SANE_STATES:
            chosen = Depths(loops, wild, extras)
            break
    for characters in _CHARACTERS:
        chosen = replace(chosen, characters=characters)
        size = graph.estimate(chosen.loops, chosen.any, extras=chosen.extras, characters=characters)
        if size <= _LARGE_STATES:
            break
    return chosen


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
        parts: list[Expr] = [literal(text) for name, text in _LITERALS if getattr(values, name)]
        parts += [number_text(shape) for shape in values.numbers]
        for strings in values.strings:
            counted = strings
            if strings.high is not None and strings.high > self.depths.characters:
                counted = strings._replace(high=None)
            parts.append(string_text(counted))
            if counted is not strings or not enforces_length(counted):
                self._note(
                    "validator",
                    "the length bounds, which would need too many states, are judged at commit",
                    node,
                )
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

    # --- arrays ---------------------------------------------------------------------------------------------

    def _array(self, node: Node, shape: Array, level: int, budget: int) -> Expr:
        comma = self._comma(level)
        length = len(shape.prefix) if shape.high is None else min(len(shape.prefix), shape.high)
        rest = EMPTY
        if shape.high is None or shape.high > length:
            rest = self._child(node, shape.rest, level, budget)
        items = [self._child(node, item, level, budget) for item in shape.prefix[:length]]
        more = 0 if shape.high is None else shape.high - length
        if shape.low <= length + 1 and not is_countable(more, self.graph.sizes.get(shape.rest, 0)):
            self._note("validator", "`maxItems`, which would need too many states, is judged at commit", node)
            shape = shape._replace(high=None)
        if not items:
            if rest is EMPTY or shape.high == 0:
                return literal("[]") if shape.low == 0 else EMPTY
            values = few_values(shape.rest) if shape.unique else []
            high = len(values) if shape.high is None else shape.high
            if values and subset_count(len(values), high) <= MOST_SUBSETS:
                inside = distinct(values, comma, shape.low, high)
                return self._wrap("[]", level, inside, empty=shape.low == 0)
            return self._wrap("[]", level, _items(rest, comma, shape.low, shape.high), empty=shape.low == 0)
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

    # --- objects --------------------------------------------------------------------------------------------

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
            return self._wrap("{}", level, _items(open_pair, comma, low, high), empty=low == 0)
        if low > 1 or high is not None:
            self._note("validator", "`minProperties` and `maxProperties` beside declared properties", node)
        inside = listing(entries, open_pair, comma)
        return self._wrap("{}", level, inside, empty=needed == 0 and low == 0)

    def _open_pair(self, node: Node, shape: Object, level: int, budget: int) -> Expr:
        """A key that is not declared, and its value."""
        pairs: list[Expr] = []
        for keys in shape.open:
            if (
                shape.properties
                and keys.node is ANY_NODE
                and not self.depths.extras
                and shape.low <= len(shape.properties)
            ):
                self._note(
                    "departure", "no undeclared properties are written, to keep the automaton small", node
                )
                continue
            value = self._child(node, keys.node, level, budget)
            if value is not EMPTY:
                key = open_key(keys, tuple(shape.properties))
                pairs.append(concat(key, whitespace.colon(flexible=self.flexible), value))
        if pairs:
            self._note("validator", "an undeclared key that stands twice is refused at commit", node)
        return union(*pairs)


def few_values(node: Node) -> list[Expr]:
    """The texts of a node's values, a language each, if they are few and plain; else nothing."""
    values = values_of(node)
    plain = all(shape.values is not None for shape in values.strings)
    if (
        values.arrays
        or values.objects
        or not plain
        or any(shape.low != shape.high for shape in values.numbers)
    ):
        return []
    if any(shape.low is None for shape in values.numbers):
        return []
    found = [literal(text) for name, text in _LITERALS if getattr(values, name)]
    by_number: dict[object, list[Expr]] = {}
    for shape in values.numbers:
        by_number.setdefault(shape.low, []).append(number_text(shape))
    found += [union(*texts) for texts in by_number.values()]
    found += [
        quoted(text) for text in dict.fromkeys(t for shape in values.strings for t in shape.values or ())
    ]
    return found if len(found) <= MOST_FEW else []


def _items(item: Expr, comma: Expr, low: int, high: int | None) -> Expr:
    """At least one item, `low` to `high` of them."""
    if low <= 1 and high is None:
        return loop(item, comma)
    return separated(item, comma, max(low, 1), high)


def open_key(keys: Keys, declared: tuple[str, ...]) -> Expr:
    """The quoted texts of open keys; never a declared name."""
    if keys.part is None:
        return _undeclared(declared)
    allowed = _key_language(keys.part.expr)
    if not declared:
        return allowed
    return automata.from_dfa(
        to_dfa(automata.difference(allowed, union(*(quoted(name) for name in declared))))
    )


@lru_cache(maxsize=256)
def _undeclared(declared: tuple[str, ...]) -> Expr:
    if not declared:
        return any_string()
    texts = union(*(quoted(name) for name in declared))
    return automata.from_dfa(to_dfa(automata.difference(any_string(), texts)))


@lru_cache(maxsize=256)
def _key_language(language: Expr) -> Expr:
    return string_text(Strings(parts=(Part("a key", language),)))


@lru_cache(maxsize=1)
def _any_number() -> Expr:
    """Any number, with any number of digits: counting them at every level of any-JSON would cost too much."""
    digit, nonzero = automata.byte_set([(0x30, 0x39)]), automata.byte_set([(0x31, 0x39)])
    fraction = optional(concat(literal("."), repeat(digit, 1)))
    whole = union(literal("0"), concat(nonzero, repeat(digit)))
    small = concat(nonzero, fraction, number_exponent())
    plain = union(
        concat(whole, fraction),
        concat(literal("-"), automata.difference(concat(whole, fraction), literal("0"))),
    )
    return automata.from_dfa(to_dfa(union(plain, concat(optional(literal("-")), small))))


@lru_cache(maxsize=256)
def any_value(depth: int, level: int, *, flexible: bool) -> Expr:
    """Any JSON value with at most `depth` levels of arrays and objects, on a level of nesting."""
    scalars = union(literal("null"), literal("true"), literal("false"), _any_number(), any_string())
    if depth <= 0:
        return scalars
    inner = any_value(depth - 1, level + 1 if flexible else 0, flexible=flexible)
    comma = concat(literal(","), whitespace.after_mark(level + 1, flexible=flexible))
    start = whitespace.after_mark(level + 1, flexible=flexible)
    stop = whitespace.before_close(level + 1, flexible=flexible)
    pair = concat(any_string(), whitespace.colon(flexible=flexible), inner)
    array = concat(literal("["), start, loop(inner, comma), stop, literal("]"))
    mapping = concat(literal("{"), start, loop(pair, comma), stop, literal("}"))
    whole = union(scalars, literal("[]"), literal("{}"), array, mapping)
    return automata.from_dfa(to_dfa(whole))
