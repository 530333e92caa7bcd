"""Sets of arrays: intersection and difference of `Array`, and the node of an item."""

from __future__ import annotations

from canvasgen.schemas.normal.approximation import over_approximates
from canvasgen.schemas.normal.shapes import ANY_NODE, NEVER_NODE, Arena, Array, Contains, Node

__all__ = ["meet_arrays", "place", "subtract_array"]


def meet_arrays(a: Array, b: Array, arena: Arena) -> Array | None:
    """Return the arrays of both; None if the counts contradict each other."""
    length = max(len(a.prefix), len(b.prefix))
    low = max(a.low, b.low)
    high = a.high if b.high is None else b.high if a.high is None else min(a.high, b.high)
    entries: dict[Node, Contains] = {}
    for node, least, most in (*a.contains, *b.contains):
        if node is ANY_NODE:
            low = max(low, least)
            high = most if high is None else high if most is None else min(high, most)
        elif node is not NEVER_NODE:
            known = entries.get(node, Contains(node, 0, None))
            if known.high is not None:
                most = known.high if most is None else min(known.high, most)
            entries[node] = Contains(node, max(known.low, least), most)
        elif least > 0:
            return None
    low = max([low, *(entry.low for entry in entries.values())])
    if high is not None and low > high:
        return None
    if any(entry.high is not None and entry.low > entry.high for entry in entries.values()):
        return None
    prefix = tuple(arena.meet(place(a, at), place(b, at)) for at in range(length))
    return Array(
        prefix,
        arena.meet(a.rest, b.rest),
        low,
        high,
        a.unique or b.unique,
        tuple(entry for entry in entries.values() if entry.low or entry.high is not None),
        a.over_approximates or b.over_approximates,
    )


def place(shape: Array, at: int) -> Node:
    """Return the node of the item at a place."""
    return shape.prefix[at] if at < len(shape.prefix) else shape.rest


def subtract_array(a: Array, b: Array, arena: Arena) -> list[Array]:
    """Return the arrays of a that are not in b, as a list of shapes."""
    if (
        b.over_approximates
        or b.unique
        or any(entry.low and over_approximates(entry.node) for entry in b.contains)
    ):
        return [a._replace(over_approximates=True)]
    pieces: list[Array] = []
    if b.low > 0:
        pieces.append(Array((), ANY_NODE, 0, b.low - 1))
    if b.high is not None:
        pieces.append(Array((), ANY_NODE, b.high + 1))
    for at, node in enumerate(b.prefix):
        other = arena.difference(place(a, at), node)
        if other is not NEVER_NODE:
            pieces.append(Array((*(ANY_NODE,) * at, other), ANY_NODE, at + 1))
    pieces += _other_rest(a, b, arena)
    for node, low, high in b.contains:
        if low:
            pieces.append(Array((), ANY_NODE, contains=(Contains(node, 0, low - 1),)))
        if high is not None:
            pieces.append(Array((), ANY_NODE, contains=(Contains(node, high + 1, None),)))
    return [shape for shape in (meet_arrays(a, piece, arena) for piece in pieces) if shape is not None]


def _other_rest(a: Array, b: Array, arena: Arena) -> list[Array]:
    """Return the arrays with an item after the prefix of b that is not a value of its rest."""
    start = len(b.prefix)
    if b.rest is ANY_NODE or b.rest is a.rest or (a.high is not None and a.high <= start):
        return []
    if b.rest is NEVER_NODE:
        return [Array((), ANY_NODE, start + 1)]
    most = a.high if b.high is None else b.high if a.high is None else min(a.high, b.high)
    if start and most is not None and most <= start + 4:
        others = [(at, arena.difference(place(a, at), b.rest)) for at in range(start, most)]
        return [Array((*(ANY_NODE,) * at, other), ANY_NODE, at + 1) for at, other in others]
    other = arena.difference(a.rest if not a.prefix else ANY_NODE, b.rest)
    return [Array((), ANY_NODE, start + 1, contains=(Contains(other, 1, None),), over_approximates=start > 0)]
