"""The graph of a schema's nodes: what is recursive, what has any value, the least text of each node."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from math import inf

from canvasgen.automata import to_dfa
from canvasgen.errors import ConstraintTooLarge, located
from canvasgen.limits import kept, step
from canvasgen.schemas.normal.numbers import has_number
from canvasgen.schemas.normal.shapes import (
    ANY_NODE,
    NEVER_NODE,
    Array,
    Keys,
    Node,
    Numbers,
    Object,
    Part,
    Strings,
    Values,
)
from canvasgen.schemas.normal.witnesses import expand
from canvasgen.schemas.texts.counted_arrays import Counted, arrange
from canvasgen.schemas.texts.numerals.number_text import number_text
from canvasgen.schemas.texts.string_text import string_text

__all__ = ["DEEPEST_VALUE", "Graph", "children"]

MOST_NODES = 50_000
"""Most distinct schemas after merging."""
DEEPEST_VALUE = 64
"""Deepest nesting of arrays and objects in a text."""

Shape = Array | Object
Size = Callable[[Node], float]


def children(values: Values) -> Iterator[Node]:
    """Yield the nodes that a value set refers to, in order."""
    for shape in values.arrays:
        array = arrange(shape)
        if isinstance(array, Counted):
            yield from array.nodes
            continue
        yield from array.prefix
        if array.high is None or array.high > len(array.prefix):
            yield array.rest
    for given in values.objects:
        for shape in expand(given):
            for entry in shape.properties.values():
                yield entry.node
            for keys in shape.open:
                yield keys.node
            for keys in shape.witnesses:
                yield keys.node


class Graph:
    """The nodes below a root.

    Attributes:
        root: the root.
        order: every node but `ANY_NODE` and `NEVER_NODE`, children first (recursion apart).
        loops: the edges that lead back to a node on the way from the root: every recursion passes through
            one.
        has_any: True if some place takes any JSON value.
        least: bytes that no text of a node has fewer of, mostly those of the shortest; infinite if it has none.
        depth: the fewest levels of nesting that a text of each node has.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self.loops: set[tuple[Node, Node]] = set()
        self.has_any = root is ANY_NODE
        self.order: list[Node] = []
        self._walk()
        self.least: dict[Node, float] = {ANY_NODE: 1, NEVER_NODE: inf}
        self.depth: dict[Node, float] = {ANY_NODE: 0, NEVER_NODE: inf}
        self._measure()

    def _walk(self) -> None:
        done: set[Node] = {ANY_NODE, NEVER_NODE}
        active: dict[Node, None] = {}
        stack: list[tuple[Node, Iterator[Node]]] = []

        def enter(node: Node) -> None:
            if len(done) > MOST_NODES:
                raise ConstraintTooLarge(
                    f"more than {MOST_NODES} schemas after merging",
                    path=node.path,
                    rule="schema size",
                    remedy="use fewer or smaller schemas, or fewer that overlap",
                )
            active[node] = None
            stack.append((node, children(node.values)))

        if self.root not in done:
            enter(self.root)
        while stack:
            step()
            node, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                stack.pop()
                del active[node]
                done.add(node)
                self.order.append(node)
            elif child in active:
                self.loops.add((node, child))
            elif child in done:
                self.has_any = self.has_any or child is ANY_NODE
            else:
                enter(child)

    def _measure(self) -> None:
        """Compute the least fixed points by iteration; without recursion one round is enough."""
        scalars: dict[Node, float] = {}
        for node in self.order:
            with located(node.path):
                scalars[node] = _least_scalar(node.values)
        self.least |= dict.fromkeys(self.order, inf)
        self.depth |= dict.fromkeys(self.order, inf)
        changed = True
        while changed:
            changed = False
            for node in self.order:
                step()
                least, depth = scalars[node], 0 if scalars[node] < inf else inf
                for shape in (*node.values.arrays, *node.values.objects):
                    least = min(least, self.least_of(shape))
                    if depth:
                        depth = min(depth, self._depth_of(shape))
                if least < self.least[node] or depth < self.depth[node]:
                    self.least[node], self.depth[node] = least, depth
                    changed = bool(self.loops)

    def least_of(self, shape: Shape) -> float:
        """Return the bytes of a shape's shortest text."""
        size = self.least.__getitem__
        if isinstance(shape, Object):
            return 2 + min((_least_entries(each, size) for each in expand(shape)), default=inf)
        array = arrange(shape)
        if isinstance(array, Counted):
            return 2 if array.empty else 2 + array.least(size)
        prefix = array.prefix[: array.low]
        total = 2 + sum(size(node) for node in prefix) + max(array.low - 1, 0)
        more = array.low - len(prefix)
        return total + more * size(array.rest) if more else total

    def _depth_of(self, shape: Shape) -> float:
        nodes: list[Node]
        if isinstance(shape, Object):
            if shape.some:
                return min((self._depth_of(each) for each in expand(shape)), default=inf)
            nodes = [keys.node for keys in shape.witnesses]
            nodes += [entry.node for entry in shape.properties.values() if entry.required]
        else:
            array = arrange(shape)
            if isinstance(array, Counted):
                nodes = []
            else:
                nodes = [*array.prefix[: array.low], *([array.rest] if array.low > len(array.prefix) else [])]
        return 1 + max((self.depth[node] for node in nodes), default=0)

    @property
    def is_recursive(self) -> bool:
        """True if some schema contains itself."""
        return bool(self.loops)

    def check_depth(self) -> None:
        """Raise an error if all texts of the schema are nested deeper than `DEEPEST_VALUE`."""
        if DEEPEST_VALUE < self.depth[self.root] < inf:
            raise ConstraintTooLarge(
                f"every value is nested deeper than {DEEPEST_VALUE} levels",
                path=self.root.path,
                rule="nesting depth",
                remedy="make a level optional, or nest less deeply",
            )

    def reason(self) -> Node:
        """Return the innermost schema that makes the root empty."""
        node = self.root
        for _ in range(MOST_NODES):
            below = next((child for child in _needed(node.values) if self.least[child] == inf), None)
            if below is None or below is NEVER_NODE or (node, below) in self.loops:
                return node
            node = below
        return node


def _least_scalar(values: Values) -> float:
    found: list[float] = [inf]
    if values.null or values.true:
        found.append(4)
    if values.false:
        found.append(5)
    found += [_least_number(shape) for shape in values.numbers]
    found += [_least_string(shape) for shape in values.strings]
    return min(found)


@kept(4096)
def _least_number(shape: Numbers) -> float:
    low = shape.low
    if low is not None and low == shape.high and low.denominator == 1 and abs(low) < 10**15:
        return len(str(low)) if has_number(shape, low) else inf
    length = to_dfa(number_text(shape)).shortest_length
    return inf if length is None else length


def _least_string(shape: Strings) -> float:
    if shape.values is not None:
        return min((len(json.dumps(value, ensure_ascii=False)) for value in shape.values), default=inf)
    if not shape.parts:
        return 2 + shape.low
    length = to_dfa(string_text(shape)).shortest_length
    return inf if length is None else max(length, 2 + max(part.least for part in shape.parts))


def least_key(keys: Keys) -> float:
    """Return the bytes of the shortest open key, with its quotes."""
    return 2 if keys.part is None else _least_part(keys.part)


@kept(1024)
def _least_part(part: Part) -> float:
    return _least_string(Strings(parts=(part,)))


def _least_entries(shape: Object, size: Size) -> float:
    """Return the least bytes between the brackets of an object; each entry but the last has a comma."""
    total, count = 0.0, 0
    for name, entry in shape.properties.items():
        if entry.required:
            total += len(name) + 4 + size(entry.node)
            count += 1
    for keys in shape.witnesses:
        total += least_key(keys) + 2 + size(keys.node)
        count += 1
    if shape.high is not None and count > shape.high:
        return inf
    missing = shape.low - count
    if missing > 0 and total < inf:
        pair = min((least_key(keys) + 2 + size(keys.node) for keys in shape.open), default=inf)
        others = [
            len(name) + 4 + size(entry.node) for name, entry in shape.properties.items() if not entry.required
        ]
        cheaper = sorted(least for least in others if least <= pair)[:missing]
        total += sum(cheaper)
        if missing > len(cheaper):
            total += (missing - len(cheaper)) * pair
    return total - 1 if total else 0


def _needed(values: Values) -> Iterator[Node]:
    for shape in values.arrays:
        array = arrange(shape)
        if isinstance(array, Counted):
            yield from array.nodes
            continue
        yield from array.prefix[: array.low]
        if array.low > len(array.prefix):
            yield array.rest
    for shape in values.objects:
        for entry in shape.properties.values():
            if entry.required:
                yield entry.node
