"""The graph of a schema's nodes: what is recursive, what has any value, how large things become."""

from __future__ import annotations

from collections.abc import Iterator

from canvasgen.constraints.json.normal import ANY_NODE, NEVER_NODE, Array, Inexpressible, Node, Object, Values
from canvasgen.errors import ConstraintTooLarge, UnsupportedConstraint

__all__ = ["Graph", "any_states"]

MOST_NODES = 50_000
"""Most distinct schemas after merging."""
DEEPEST_VALUE = 64
"""Deepest nesting of values that a schema without recursion may ask for."""
LARGEST_ESTIMATE = 10**9
MOST_REPEATED = 20_000
"""Most states that counting an array's items may take; larger upper bounds are left to the validator."""
_SCALAR_STATES = 50


def any_states(depth: int) -> int:
    """Roughly how many states any JSON value of some depth takes."""
    states = _SCALAR_STATES
    for _ in range(depth):
        states = min(2 * states + 100, LARGEST_ESTIMATE)
    return states


def values_of(node: Node) -> Values:
    """The value set of a node; what the normal form has no shape for is refused here, with the path."""
    try:
        return node.values
    except Inexpressible as error:
        raise UnsupportedConstraint(
            f"the schema needs {error}, which is not supported yet", path=node.path, rule="not"
        ) from error


def children(values: Values) -> Iterator[Node]:
    """The nodes that a value set looks into, in order."""
    for array in values.arrays:
        yield from array.prefix
        if array.high is None or array.high > len(array.prefix):
            yield array.rest
    for shape in values.objects:
        for entry in shape.properties.values():
            yield entry.node
        for keys in shape.open:
            yield keys.node


class Graph:
    """The nodes below a root.

    Attributes:
        root: the root.
        loops: the edges that lead back to a node on the way from the root: every recursion passes through
            one.
        has_any: True if some place takes any JSON value.
        sizes: roughly the states of each node, by the last estimate.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self.loops: set[tuple[Node, Node]] = set()
        self.has_any = root is ANY_NODE
        self.sizes: dict[Node, int] = {}
        self._order: list[Node] = []
        self._walk()

    def _walk(self) -> None:
        done: set[Node] = {ANY_NODE, NEVER_NODE}
        active: dict[Node, None] = {}
        stack: list[tuple[Node, Iterator[Node]]] = []

        def enter(node: Node) -> None:
            if len(done) > MOST_NODES:
                raise ConstraintTooLarge(f"more than {MOST_NODES} schemas after merging", rule="schema size")
            active[node] = None
            stack.append((node, children(values_of(node))))

        if self.root not in done:
            enter(self.root)
        while stack:
            node, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                stack.pop()
                del active[node]
                done.add(node)
                self._order.append(node)
            elif child in active:
                self.loops.add((node, child))
            elif child in done:
                self.has_any = self.has_any or child is ANY_NODE
            else:
                enter(child)

    @property
    def is_recursive(self) -> bool:
        """True if some schema contains itself."""
        return bool(self.loops)

    def check_depth(self) -> None:
        """Refuse nesting beyond `DEEPEST_VALUE` before anything is built."""
        depth: dict[Node, int] = {}
        for node in self._order:
            below = (
                depth.get(child, 0) for child in children(node.values) if (node, child) not in self.loops
            )
            depth[node] = 1 + max(below, default=0)
            if depth[node] > DEEPEST_VALUE:
                raise ConstraintTooLarge(
                    f"values would be nested deeper than {DEEPEST_VALUE} levels",
                    path=node.path,
                    rule="nesting depth",
                )

    def estimate(self, depth: int, any_depth: int, *, extras: bool = True, characters: int = 0) -> int:
        """Roughly how many states the automaton will have.

        Args:
            depth: times through each recursion.
            any_depth: levels of any-JSON.
            extras: with undeclared properties of any value.
            characters: largest string length that is counted.
        """
        wild = any_states(any_depth)
        sizes: dict[tuple[Node, int], int] = {}
        for budget in range(depth + 1):
            for node in self._order:
                total = 2 * sum(len(text) for shape in node.values.strings for text in (shape.values or ()))
                total += sum(
                    14 + 12 * min(shape.high or 0, characters)
                    for shape in node.values.strings
                    if shape.values is None
                )
                total += 45 * sum(
                    shape.low is None or shape.low != shape.high for shape in node.values.numbers
                )
                for child, copies in _weighted(node.values, extras):
                    size = wild
                    if child is not ANY_NODE:
                        size = sizes.get((child, budget - ((node, child) in self.loops)), 0)
                    total += size * (copies if is_countable(copies, size) else 1)
                sizes[node, budget] = min(total + 20, LARGEST_ESTIMATE)
        self.sizes = {node: sizes[node, depth] for node in self._order} | {ANY_NODE: wild}
        return self.sizes.get(self.root, wild)

    def inhabited(self) -> set[Node]:
        """The nodes that have at least one value, as far as the shapes show: the least fixed point."""
        found: set[Node] = {ANY_NODE}
        changed = True
        while changed:
            changed = False
            for node in self._order:
                if node not in found and _has_value(node.values, found):
                    found.add(node)
                    changed = True
        return found

    def reason(self, inhabited: set[Node]) -> Node:
        """The innermost schema that makes the root empty."""
        node = self.root
        for _ in range(MOST_NODES):
            below = next((child for child in _needed(node.values) if child not in inhabited), None)
            if below is None or below is NEVER_NODE or (node, below) in self.loops:
                return node
            node = below
        return node


def is_countable(count: int, size: int) -> bool:
    """True if counting to `count` items of a size is left to the automaton."""
    return count * size <= MOST_REPEATED


def _weighted(values: Values, extras: bool) -> Iterator[tuple[Node, int]]:
    for array in values.arrays:
        for node in array.prefix:
            yield node, 1
        count = 1 if array.high is None else min(array.high, 10_000)
        yield array.rest, max(count, array.low, 1) if array.high != len(array.prefix) else 0
    for shape in values.objects:
        for entry in shape.properties.values():
            yield entry.node, 1
        for keys in shape.open:
            if extras or not shape.properties or keys.node is not ANY_NODE:
                yield keys.node, max(1, min(shape.high or 1, 10_000)) if not shape.properties else 1


def _has_value(values: Values, inhabited: set[Node]) -> bool:
    if values.null or values.true or values.false or values.numbers or values.strings:
        return True
    return any(_array_has_value(array, inhabited) for array in values.arrays) or any(
        all(entry.node in inhabited for entry in shape.properties.values() if entry.required)
        for shape in values.objects
    )


def _array_has_value(array: Array, inhabited: set[Node]) -> bool:
    prefix = all(node in inhabited for node in array.prefix[: array.low])
    return prefix and (array.low <= len(array.prefix) or array.rest in inhabited)


def _needed(values: Values) -> Iterator[Node]:
    for array in values.arrays:
        yield from array.prefix[: array.low]
        if array.low > len(array.prefix):
            yield array.rest
    for shape in values.objects:
        yield from _required(shape)


def _required(shape: Object) -> Iterator[Node]:
    for entry in shape.properties.values():
        if entry.required:
            yield entry.node
