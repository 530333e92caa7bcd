"""Arrays that count items (`contains`): which node each item is taken from.

Few counts become a small automaton over abstract symbols, one for each place and each set of counts that an
item adds to (`Counted`). Otherwise the items that are asked for stand first: an array without counts.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import product
from typing import NamedTuple

from canvasgen.errors import ConstraintTooLarge
from canvasgen.schemas.normal.arrays import place
from canvasgen.schemas.normal.shapes import NEVER_NODE, Arena, Array, Contains, Node
from canvasgen.schemas.texts.listing import COMMA, MOST_SYMBOLS

__all__ = ["Counted", "arrange"]

MOST_COUNTED = 64
"""Most states, over places and counts, of an array whose counts are in the automaton."""
MOST_ENTRIES = 3
"""Most `contains` of an array that are counted together."""

MOST_WANTED = 1000
"""Most items that `contains` may ask for."""

_State = tuple[int, tuple[int, ...]]


class Counted(NamedTuple):
    """An automaton whose symbols are items and commas.

    State 2i is before an item, state 2i + 1 behind one. It starts in state 0.

    Attributes:
        rows: for each state its transitions (symbol, target), sorted.
        accepting: for each state.
        nodes: the node that stands for each symbol but the comma.
        empty: whether there may be no item at all.
    """

    rows: list[list[tuple[int, int]]]
    accepting: list[bool]
    nodes: list[Node]
    empty: bool

    def uses(self) -> list[int]:
        """Return how often each symbol is written."""
        times = [0] * len(self.nodes)
        for row in self.rows[::2]:
            for symbol, _ in row:
                times[symbol] += 1
        return times

    def least(self, size: Callable[[Node], float]) -> float:
        """Return the least total size of the items, a comma counting one; infinite if no array is accepted."""
        best = {0: 0.0}
        queue = [(0.0, 0)]
        while queue:
            total, state = heapq.heappop(queue)
            if self.accepting[state]:
                return total
            if total > best[state]:
                continue
            for symbol, target in self.rows[state]:
                more = total + (1 if symbol == COMMA else size(self.nodes[symbol]))
                if more < best.get(target, float("inf")):
                    best[target] = more
                    heapq.heappush(queue, (more, target))
        return float("inf")


def arrange(shape: Array) -> Array | Counted:
    """Return the shape itself if it counts nothing; else its automaton or an array that has the counted items first."""
    if not shape.contains:
        return shape
    arena = shape.contains[0].node.arena
    assert arena is not None
    return _counted(shape, arena) or _first(shape, arena)


def _taken(node: Node, entries: tuple[Contains, ...], chosen: tuple[int, ...], arena: Arena) -> Node:
    """Return the values of a node that are in the chosen entries, and in no other entry that has a maximum."""
    for entry, adds in zip(entries, chosen, strict=True):
        if adds:
            node = arena.meet(node, entry.node)
        elif entry.high is not None:
            node = arena.difference(node, entry.node)
    return node


def _counted(shape: Array, arena: Arena) -> Counted | None:
    entries, low, high = shape.contains, shape.low, shape.high
    if len(entries) > MOST_ENTRIES:
        return None
    length = len(shape.prefix)
    longest = max(length, low) if high is None else high
    caps = [entry.low if entry.high is None else entry.high for entry in entries]
    size = longest + 1
    for cap in caps:
        size *= cap + 1
    if size > MOST_COUNTED:
        return None
    kinds = list(product((0, 1), repeat=len(entries)))
    symbols: dict[tuple[int, tuple[int, ...]], int] = {}
    nodes: list[Node] = []
    for at in range(length + 1):
        for kind in kinds:
            node = _taken(place(shape, at), entries, kind, arena)
            if node is not NEVER_NODE and (at < length or high is None or high > length):
                symbols[at, kind] = len(nodes)
                nodes.append(node)
    if len(nodes) > MOST_SYMBOLS:
        return None
    start: _State = (0, (0,) * len(entries))
    numbers: dict[_State, int] = {start: 0}
    waiting: list[_State] = [start]
    rows: list[list[tuple[int, int]]] = []
    accepting: list[bool] = []
    for count, found in waiting:
        row: list[tuple[int, int]] = []
        for kind in kinds:
            symbol = symbols.get((min(count, length), kind))
            sums = [have + adds for have, adds in zip(found, kind, strict=True)]
            over = any(
                entry.high is not None and total > entry.high
                for entry, total in zip(entries, sums, strict=True)
            )
            if symbol is None or over or count == high:
                continue
            after = (min(count + 1, longest), tuple(map(min, sums, caps)))
            if after not in numbers:
                numbers[after] = len(numbers)
                waiting.append(after)
            row.append((symbol, 2 * numbers[after] + 1))
        enough = count >= low and all(have >= entry.low for entry, have in zip(entries, found, strict=True))
        rows += [sorted(row), [(COMMA, 2 * numbers[count, found])]]
        accepting += [False, enough]
    return Counted(rows, accepting, nodes, accepting[1])


def _first(shape: Array, arena: Arena) -> Array:
    """Return an array without counts, all of whose members have the counted items, one sort after the other."""
    entries = shape.contains
    if sum(entry.low for entry in entries) > MOST_WANTED:
        raise ConstraintTooLarge(
            f"more than {MOST_WANTED} items are asked for",
            path=entries[0].node.path,
            rule="minContains",
            remedy="ask for fewer items, or check their number with a validator",
        )
    if len(entries) > 1:
        # One item may count for several: what is asked for stands first, the rest is left to the validator.
        shape = shape._replace(over_approximates=True)
        entries = tuple(entry._replace(high=None) for entry in entries)
    wanted = [entry for entry in entries for _ in range(entry.low)]
    start = len(shape.prefix)
    if shape.high is not None and start + len(wanted) > shape.high:
        start = 0
    none = (0,) * len(entries)
    prefix = [_taken(node, entries, none, arena) for node in shape.prefix[:start]]
    for at, entry in enumerate(wanted, start):
        kind = tuple(int(other is entry) for other in entries)
        prefix.append(_taken(place(shape, at), entries, kind, arena))
    prefix += [_taken(node, entries, none, arena) for node in shape.prefix[len(prefix) :]]
    low = max(shape.low, start + len(wanted)) if wanted else shape.low
    rest = _taken(shape.rest, entries, none, arena)
    return Array(tuple(prefix), rest, low, shape.high, shape.unique, (), shape.over_approximates)
