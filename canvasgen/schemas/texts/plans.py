"""How much of a schema's language is written into the automaton: plans from rich to poor, and their sizes.

A schema's texts are far more than a finite automaton of sane size can hold. A plan says where to stop: how often
recursion is unrolled, how deep any-JSON goes, how many optional properties and alternatives are written on each level
of nesting, how far lengths are counted. The first plan is taken whose automaton, by a cheap estimate, is small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from canvasgen.automata import to_dfa
from canvasgen.schemas.normal.shapes import (
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
from canvasgen.schemas.normal.witnesses import expand
from canvasgen.schemas.texts.counted_arrays import Counted, arrange
from canvasgen.schemas.texts.graph import DEEPEST_VALUE, Graph

__all__ = ["Plan", "Size", "lean", "plans"]

SANE_STATES = 16_000
"""The plan is the richest whose estimated automaton, counting up to a hundred characters a string, is no larger."""
POOR_STATES = 60_000
"""A plan that leaves out optional properties or alternatives is taken only if the richer ones are larger than this."""
LARGE_STATES = 80_000
"""String lengths above a thousand are counted if the estimated automaton stays below this."""
MOST_COUNTED_STATES = 20_000
"""Most states that counting items or properties may take; larger upper bounds are left to the validator."""
MOST_PLACES = 20_000
"""Most places (node, level, recursions) that an estimate looks at."""
_USUAL_CHARACTERS = 100
_CHARACTERS = (4000, 1000, 100)
_SCALAR_STATES = 50
_LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class Plan:
    """How far a schema is written.

    Attributes:
        loops: times through each recursion.
        any: levels of arrays and objects below a place that takes any JSON value.
        extras: whether undeclared properties that may have any value are written beside declared ones.
        optional: most optional properties of an object, by level; the last holds for deeper ones (None: all).
        alternatives: most shapes of arrays and objects of one value, by level (None: all).
        values: most values of one `enum` (None: all).
        characters: largest string length that is counted; a larger upper bound is judged at commit.
    """

    loops: int
    any: int
    extras: bool = True
    optional: tuple[int | None, ...] = (None,)
    alternatives: tuple[int | None, ...] = (None,)
    values: int | None = None
    characters: int = _CHARACTERS[0]

    def most_optional(self, level: int) -> int | None:
        """Most optional properties of an object on a level."""
        return self.optional[min(level, len(self.optional) - 1)]

    def most_alternatives(self, level: int) -> int | None:
        """Most array and object shapes of a value on a level."""
        return self.alternatives[min(level, len(self.alternatives) - 1)]


_RECURSIVE = ((5, 3), (4, 3), (3, 3), (3, 2), (2, 2), (2, 1), (1, 1), (1, 0))
_FLAT = ((0, 3), (0, 2), (0, 1), (0, 0))
_POORER = (
    Plan(1, 0, False, (None, None, 40, 10, 2, 0), (None, None, 8, 3, 1), 2000),
    Plan(1, 0, False, (None, 40, 10, 2, 0), (None, 8, 3, 1), 1000),
    Plan(1, 0, False, (None, 12, 3, 0), (None, 4, 1), 500),
    Plan(1, 0, False, (None, 4, 0), (20, 3, 1), 300),
    Plan(0, 0, False, (100, 4, 0), (20, 1), 200),
    Plan(0, 0, False, (40, 2, 0), (6, 1), 100),
    Plan(0, 0, False, (20, 0), (3, 1), 50),
    Plan(0, 0, False, (6, 0), (1,), 20),
    Plan(0, 0, False, (0,), (1,), 4),
)


def plans(graph: Graph, max_depth: int | None) -> Iterator[Plan]:
    """The plans that may do, richest first; with `max_depth`, only those that go as deep.

    The first is small by estimate, or the poorest; those behind it are for when it was too large all the same.
    """
    if max_depth is not None:
        yield Plan(max_depth, max_depth)
        return
    candidates = _RECURSIVE if graph.is_recursive else _FLAT
    if not graph.has_any:
        candidates = tuple(dict.fromkeys((loops, 0) for loops, _ in candidates))
    extras = (True, False) if graph.has_any else (True,)
    rich = [Plan(loops, wild, kind) for kind in extras for loops, wild in candidates]
    rich.sort(key=lambda plan: (plan.any == 0, not plan.extras))
    poor = [replace(plan, loops=max(plan.loops, _least_loops(graph))) for plan in _POORER]
    steps = [*((plan, SANE_STATES) for plan in rich), *((plan, POOR_STATES) for plan in (rich[-1], *poor))]
    found = False
    for plan, most in steps:
        found = found or _fits(graph, plan, most)
        if found:
            yield _counting(graph, plan)
    if not found:
        yield replace(poor[-1], characters=_CHARACTERS[-1])


def _fits(graph: Graph, plan: Plan, most: int) -> bool:
    return Size(graph, replace(plan, characters=_USUAL_CHARACTERS), most).total <= most


def _least_loops(graph: Graph) -> int:
    """Fewest recursions of a text: enough of them that the root's shortest text is not cut off."""
    if not graph.is_recursive:
        return 0
    for loops in range(DEEPEST_VALUE):
        if Size(graph, replace(_POORER[-1], loops=loops)).total > 0:
            return loops
    return DEEPEST_VALUE


def _counting(graph: Graph, plan: Plan) -> Plan:
    for characters in _CHARACTERS:
        plan = replace(plan, characters=characters)
        if Size(graph, plan, LARGE_STATES).total <= LARGE_STATES:
            break
    return plan


def lean(graph: Graph, values: Values, plan: Plan, level: int) -> tuple[Values, list[str]]:
    """What a plan writes of a value set on a level, and what is said about the rest."""
    remarks: list[str] = []
    strings = tuple(_few_listed(shape, plan, remarks) for shape in values.strings)
    numbers = values.numbers
    if plan.values is not None and len(numbers) > plan.values:
        remarks.append(f"{plan.values} of {len(numbers)} numbers or intervals are written")
        numbers = numbers[: plan.values]
    shapes = (*values.arrays, *(each for shape in values.objects for each in expand(shape)))
    most = plan.most_alternatives(level)
    if most is not None and len(shapes) > most:
        remarks.append(f"{most} of {len(shapes)} alternatives are written, those with the shortest texts")
        shapes = tuple(sorted(shapes, key=graph.least_of)[:most])
    arrays = tuple(shape for shape in shapes if isinstance(shape, Array))
    objects = tuple(
        _lean_object(graph, shape, plan, level, remarks) for shape in shapes if isinstance(shape, Object)
    )
    return values._replace(numbers=numbers, strings=strings, arrays=arrays, objects=objects), remarks


def _few_listed(shape: Strings, plan: Plan, remarks: list[str]) -> Strings:
    if shape.values is None or plan.values is None or len(shape.values) <= plan.values:
        return shape
    remarks.append(f"{plan.values} of {len(shape.values)} listed strings are written")
    return shape._replace(values=shape.values[: plan.values])


def _lean_object(graph: Graph, shape: Object, plan: Plan, level: int, remarks: list[str]) -> Object:
    open_keys = shape.open
    if shape.properties and not plan.extras and shape.low <= len(shape.properties):
        kept = tuple(keys for keys in open_keys if keys.node is not ANY_NODE)
        if len(kept) < len(open_keys):
            remarks.append("no undeclared properties are written")
        open_keys = kept
    most = plan.most_optional(level)
    if most is None or shape.witnesses:
        return shape._replace(open=open_keys)
    optional = [
        name
        for name, entry in shape.properties.items()
        if not entry.required and graph.least[entry.node] < _LARGEST
    ]
    needed = sum(entry.required for entry in shape.properties.values())
    most = max(most, shape.low - needed)
    dropped = set(optional[most:])
    if dropped:
        remarks.append(f"{most} of {len(optional)} optional properties are written")
    if open_keys and shape.properties and shape.low <= needed + len(optional):
        # Dropped names must not come back as undeclared ones.
        remarks.append("no undeclared properties are written")
        open_keys = ()
    properties = {name: entry for name, entry in shape.properties.items() if name not in dropped}
    return shape._replace(properties=properties, open=open_keys)


class _TooLarge(Exception):
    """An estimate is beyond what is asked for, or looks at too many places."""


class Size:
    """Roughly the states of the automata of a graph's nodes under a plan.

    Args:
        graph, plan: the graph and the plan.
        most: beyond this the estimate is given up.

    Attributes:
        total: of the root; zero if it has no text, very large if the estimate was given up.
    """

    def __init__(self, graph: Graph, plan: Plan, most: int = _LARGEST) -> None:
        self.graph = graph
        self.plan = plan
        self._most = most
        self._levels = max(len(plan.optional), len(plan.alternatives))
        self._sizes: dict[tuple[Node, int, int], int] = {}
        try:
            self.total = self.of(graph.root, plan.loops, 0)
        except (_TooLarge, RecursionError):
            self.total = _LARGEST

    def of(self, node: Node, budget: int, level: int) -> int:
        """The states of a node, with a budget of recursions, on a level; zero if it has no text."""
        if node is ANY_NODE:
            return any_states(min(self.plan.any, DEEPEST_VALUE - level))
        if node is NEVER_NODE or self.graph.least[node] == float("inf") or budget < 0:
            return 0
        key = (node, budget, min(level, self._levels))
        size = self._sizes.get(key)
        if size is None:
            if len(self._sizes) > MOST_PLACES:
                raise _TooLarge
            self._sizes[key] = 0
            size = self._sizes[key] = min(self._measure(node, budget, level), _LARGEST)
            if size > self._most:
                raise _TooLarge
        return size

    def child(self, parent: Node, node: Node, budget: int, level: int) -> int:
        """As `of`, for a node below another one."""
        return self.of(node, budget - ((parent, node) in self.graph.loops), level)

    def _measure(self, node: Node, budget: int, level: int) -> int:
        values, _ = lean(self.graph, node.values, self.plan, level)
        total = 5 * (values.null + values.true + values.false)
        total += sum(45 if shape.low is None or shape.low != shape.high else 10 for shape in values.numbers)
        total += sum(self._string(shape) for shape in values.strings)
        if level < DEEPEST_VALUE:
            total += sum(self._array(node, shape, budget, level + 1) for shape in values.arrays)
            total += sum(self._object(node, shape, budget, level + 1) for shape in values.objects)
        return total

    def _string(self, shape: Strings) -> int:
        if shape.values is not None:
            return 2 + sum(len(text) for text in shape.values)
        counted = max(shape.low, min(shape.high or 0, self.plan.characters))
        if not shape.parts:
            return 14 + 12 * counted
        return 14 + 2 * sum(_part_states(part) for part in shape.parts) + 4 * counted

    def _array(self, node: Node, shape: Array, budget: int, level: int) -> int:
        array = arrange(shape)
        if isinstance(array, Counted):
            sizes = [self.child(node, item, budget, level) for item in array.nodes]
            return 10 + sum(size * times for size, times in zip(sizes, array.uses(), strict=True))
        total = 10
        for at, item in enumerate(array.prefix if array.high is None else array.prefix[: array.high]):
            size = self.child(node, item, budget, level)
            if not size and at < array.low:
                return 0
            total += size
        more = None if array.high is None else array.high - len(array.prefix)
        if more is None or more > 0:
            size = self.child(node, array.rest, budget, level)
            least = max(array.low - len(array.prefix), 0)
            if not size and least:
                return 0
            total += size * max(1, least, more if more is not None and is_countable(more, size) else 1)
        return total

    def _object(self, node: Node, shape: Object, budget: int, level: int) -> int:
        total, count = 10, 0
        for name, entry in shape.properties.items():
            size = self.child(node, entry.node, budget, level)
            if size:
                total += size + len(name) + 6
                count += 1
                if total > self._most:
                    raise _TooLarge
            elif entry.required:
                return 0
        for keys in shape.witnesses:
            size = self.child(node, keys.node, budget, level)
            if not size:
                return 0
            total += size + _key_states(keys)
            count += 1
        for keys in shape.open:
            size = self.child(node, keys.node, budget, level)
            if size:
                names = _key_states(keys)
                times = 1 if shape.properties else max(1, shape.low, min(shape.high or 1, 1000))
                declared = sum(len(name) for name in shape.properties) if keys.part is None else 0
                total += (size + names + declared) * (times if is_countable(times, size) else 1)
                count += 1
        return total if count or not shape.low else 0


def _key_states(keys: Keys) -> int:
    return _SCALAR_STATES if keys.part is None else _part_states(keys.part)


def is_countable(count: int, size: int) -> bool:
    """True if counting to `count` items of a size is left to the automaton."""
    return count * size <= MOST_COUNTED_STATES


def any_states(depth: int) -> int:
    """Roughly how many states any JSON value of some depth takes."""
    states = _SCALAR_STATES
    for _ in range(depth):
        states = min(2 * states + 100, _LARGEST)
    return states


@lru_cache(maxsize=4096)
def _part_states(part: Part) -> int:
    return to_dfa(part.expr).num_states
