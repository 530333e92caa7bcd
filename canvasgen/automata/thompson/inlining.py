"""Which parts of an expression are compiled on their own, and which are laid as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from canvasgen.automata import expr as ex

__all__ = ["NO_PARTS", "Parts", "has_many_copies", "parts_of"]

# A repeat with at least this many copies is laid as copies of its body's automaton.
MANY_COPIES = 4
# Nodes that enter an automaton only as their own minimal one.
_BLOCKS = (ex.CodePoints, ex.Leaf, ex.Intersect, ex.Difference)
# In place of a number of copies: compiled, whatever their number.
_ON_ITS_OWN = 0


class Parts(NamedTuple):
    """How the parts of an expression enter its automaton; what is in neither set is laid as it is written.

    Attributes:
        compiled: the expressions whose automata must be there before; they are laid as these.
        inlined: the substitutions that are laid as the automaton of their body, with the expressions in it.
    """

    compiled: Mapping[ex.Expr, None]
    inlined: frozenset[ex.Expr]


NO_PARTS = Parts({}, frozenset())


def has_many_copies(node: ex.Repeat) -> bool:
    """Return True if a repeat is laid as copies of its body's automaton."""
    return max(node.low, node.high or 0) >= MANY_COPIES


def parts_of(node: ex.Expr) -> Parts:
    """Return the parts of an expression.

    A substitution into an automaton is laid in place if it occurs once. So objects in lists in objects are determinised
    once, and not on every level again. One that occurs more often is compiled, and its minimal automaton is copied.
    """
    if isinstance(node, ex.Intersect):
        return Parts(dict.fromkeys(node.parts), frozenset())
    if isinstance(node, ex.Difference):
        return Parts(dict.fromkeys((node.left, node.right)), frozenset())
    if isinstance(node, (ex.CodePoints, ex.Leaf)):
        return NO_PARTS
    return _parts_below(node)


def _parts_below(root: ex.Expr) -> Parts:
    inside = _parents_first(root)
    times: dict[ex.Expr, int] = {root: 1}
    compiled: dict[ex.Expr, None] = {}
    inlined: set[ex.Expr] = set()
    for node, within in inside:
        count = times.get(node, 0)
        if not count or node in compiled:
            continue
        if isinstance(node, ex.Substitute):
            if count > 1:
                compiled[node] = None
                continue
            inlined.add(node)
        elif isinstance(node, _BLOCKS):
            compiled[node] = None
        for inner, copies in within:
            if copies == _ON_ITS_OWN:
                compiled[inner] = None
            else:
                times[inner] = times.get(inner, 0) + count * copies
    return Parts(compiled, frozenset(inlined))


def _inner(node: ex.Expr) -> list[tuple[ex.Expr, int]]:
    """Return what is inside of a node, and in how many copies it is laid there, or that it is compiled on its own."""
    if isinstance(node, (ex.Concat, ex.Union)):
        return [(part, 1) for part in node.parts]
    if isinstance(node, ex.Repeat):
        if has_many_copies(node):
            return [(node.body, _ON_ITS_OWN)]
        return [(node.body, node.low + 1 if node.high is None else node.high)]
    if not isinstance(node, ex.Substitute):
        return []
    # Literals are laid as quickly as automata are.
    table = [(byte, value) for byte, value in node.table if not isinstance(value, ex.Literal)]
    if not isinstance(node.body, ex.Leaf):
        return [(node.body, _ON_ITS_OWN), *((value, _ON_ITS_OWN) for _, value in table)]
    low, high = node.body.dfa.low, node.body.dfa.high
    change = np.zeros(257, np.int64)
    np.add.at(change, low, 1)
    np.add.at(change, high.astype(np.int64) + 1, -1)
    uses = np.cumsum(change).tolist()
    return [(value, 1 if uses[byte] == 1 else _ON_ITS_OWN) for byte, value in table if uses[byte]]


def _parents_first(root: ex.Expr) -> list[tuple[ex.Expr, list[tuple[ex.Expr, int]]]]:
    """Return all that is inside of an expression, and what is inside of it; each after all that it is inside of."""
    order: list[tuple[ex.Expr, list[tuple[ex.Expr, int]]]] = []
    seen: set[ex.Expr] = {root}
    within = _inner(root)
    stack = [(root, within, iter(within))]
    while stack:
        node, within, rest = stack[-1]
        for inner, copies in rest:
            if copies != _ON_ITS_OWN and inner not in seen:
                seen.add(inner)
                found = _inner(inner)
                if found:
                    stack.append((inner, found, iter(found)))
                    break
                order.append((inner, found))
        else:
            order.append((node, within))
            stack.pop()
    order.reverse()
    return order
