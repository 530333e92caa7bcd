"""How many states the automata of a schema would have under a plan: a cheap estimate."""

from __future__ import annotations

from canvasgen.automata import to_dfa
from canvasgen.errors import located
from canvasgen.limits import kept, step
from canvasgen.schemas.normal.shapes import ANY_NODE, NEVER_NODE, Array, Keys, Node, Object, Part, Strings
from canvasgen.schemas.texts.counted_arrays import Counted, arrange
from canvasgen.schemas.texts.graph import DEEPEST_VALUE, Graph, children
from canvasgen.schemas.texts.plans import Plan, lean

__all__ = [
    "MOST_COUNTED_STATES",
    "Size",
    "any_states",
    "is_countable",
    "key_states",
    "permuted_states",
    "string_states",
]


_LARGEST_SIZE = 10**9
"""A size that stands for any larger one."""
MOST_COUNTED_STATES = 20_000
"""Most states that counting items or properties may take; larger upper bounds are left to the validator."""
MOST_PERMUTED = 8
"""Most properties of an object that may stand in any order."""
MOST_PLACES = 20_000
"""Most places (node, level, recursions) that an estimate looks at."""
_PERMUTED_STATES = (20_000, 10_000, 5_000, 2_500, 1_000, 300)
_SCALAR_STATES = 50


class _TooLarge(Exception):
    """An estimate is beyond what is asked for, or looks at too many places."""


class Size:
    """Roughly the states of the automata of a graph's nodes under a plan.

    Args:
        graph, plan: the graph and the plan.
        most: beyond this the estimate is given up.
        permuted: most states of an object whose properties stand in any order; 0: they stand in the schema's.

    Attributes:
        total: of the root; zero if it has no text, very large if the estimate was given up.
    """

    def __init__(self, graph: Graph, plan: Plan, most: int = _LARGEST_SIZE, *, permuted: int = 0) -> None:
        self.graph = graph
        self.plan = plan
        self.permuted = permuted
        self._most = most
        self._levels = max(len(plan.optional), len(plan.alternatives))
        self._sizes: dict[tuple[Node, int, int], int] = {}
        try:
            self.total = self.of(graph.root, plan.loops, 0)
        except (_TooLarge, RecursionError):
            self.total = _LARGEST_SIZE

    def of(self, node: Node, budget: int, level: int) -> int:
        """Return the states of a node, with a budget of recursions, on a level; zero if it has no text."""
        if node is ANY_NODE:
            return any_states(min(self.plan.any, DEEPEST_VALUE - level))
        if node is NEVER_NODE or self.graph.least[node] == float("inf") or budget < 0:
            return 0
        step()
        key = (node, budget, min(level, self._levels))
        size = self._sizes.get(key)
        if size is None:
            if len(self._sizes) > MOST_PLACES:
                raise _TooLarge
            self._sizes[key] = 0
            with located(node.path):
                size = self._sizes[key] = min(self._measure(node, budget, level), _LARGEST_SIZE)
            if size > self._most:
                raise _TooLarge
        return size

    def largest(self) -> Node:
        """Return the innermost node that has most of the states of the one around it."""
        node, budget, level = self.graph.root, self.plan.loops, 0
        while level < DEEPEST_VALUE:
            total = self.of(node, budget, level)
            below = {
                child: self.child(node, child, budget, level + 1)
                for child in dict.fromkeys(children(node.values))
            }
            most = max(below, key=below.__getitem__, default=ANY_NODE)
            if most is ANY_NODE or 2 * below[most] < total:
                break
            budget -= (node, most) in self.graph.loops
            node, level = most, level + 1
        return node

    def child(self, parent: Node, node: Node, budget: int, level: int) -> int:
        """Return as `of`, for a node below another one."""
        return self.of(node, budget - ((parent, node) in self.graph.loops), level)

    def _measure(self, node: Node, budget: int, level: int) -> int:
        values, _ = lean(self.graph, node.values, self.plan, level)
        total = 5 * (values.null + values.true + values.false)
        total += sum(45 if shape.low is None or shape.low != shape.high else 10 for shape in values.numbers)
        total += sum(string_states(shape, self.plan.characters) for shape in values.strings)
        if level < DEEPEST_VALUE:
            total += sum(self._array(node, shape, budget, level + 1) for shape in values.arrays)
            total += sum(self._object(node, shape, budget, level + 1) for shape in values.objects)
        return total

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
        total, count, declared_count = 10, 0, 0
        for name, entry in shape.properties.items():
            size = self.child(node, entry.node, budget, level)
            if size:
                total += size + len(name) + 6
                count, declared_count = count + 1, declared_count + 1
                if total > self._most:
                    raise _TooLarge
            elif entry.required:
                return 0
        for keys in shape.witnesses:
            size = self.child(node, keys.node, budget, level)
            if not size:
                return 0
            total += size + key_states(keys)
            count, declared_count = count + 1, declared_count + 1
        for keys in shape.open:
            size = self.child(node, keys.node, budget, level)
            if size:
                names = key_states(keys)
                times = 1 if shape.properties else max(1, shape.low, min(shape.high or 1, 1000))
                declared = sum(len(name) for name in shape.properties) if keys.part is None else 0
                total += (size + names + declared) * (times if is_countable(times, size) else 1)
                count += 1
        if self.permutes(declared_count, total):
            total *= 1 << declared_count - 1
        return total if count or not shape.low else 0

    def permutes(self, count: int, states: int) -> bool:
        """Return True if so many properties, with so many states in all, are written in any order."""
        return 1 < count <= MOST_PERMUTED and states << count - 1 <= self.permuted


def string_states(shape: Strings, characters: int) -> int:
    """Estimate the states of a set of strings whose lengths are counted up to a number of characters."""
    if shape.values is not None:
        return 2 + sum(len(text) for text in shape.values)
    counted = max(shape.low, min(shape.high or 0, characters))
    if not shape.parts:
        return 14 + 12 * counted
    return 14 + 2 * sum(_part_states(part) for part in shape.parts) + 4 * counted


def permuted_states(graph: Graph, plan: Plan) -> int:
    """Return the most states that an object whose properties stand in any order may have, so that all of them together
    stay small; 0: none can."""
    plain = Size(graph, plan).total
    for permuted in _PERMUTED_STATES:
        if Size(graph, plan, permuted=permuted).total <= max(MOST_COUNTED_STATES, 2 * plain):
            return permuted
    return 0


def key_states(keys: Keys) -> int:
    """Estimate the states of a language of keys."""
    return _SCALAR_STATES if keys.part is None else _part_states(keys.part)


def is_countable(count: int, size: int) -> bool:
    """Return True if counting to `count` items of a size is left to the automaton."""
    return count * size <= MOST_COUNTED_STATES


def any_states(depth: int) -> int:
    """Estimate how many states any JSON value of some depth takes."""
    states = _SCALAR_STATES
    for _ in range(depth):
        states = min(2 * states + 100, _LARGEST_SIZE)
    return states


@kept(4096)
def _part_states(part: Part) -> int:
    return to_dfa(part.expr).num_states
