"""A sufficient test that two value sets, or two of their shapes, have no value in common."""

from __future__ import annotations

from canvasgen import automata
from canvasgen.automata import to_dfa
from canvasgen.limits import step
from canvasgen.schemas.normal.arrays import place
from canvasgen.schemas.normal.numbers import meet_numbers
from canvasgen.schemas.normal.objects import lookup
from canvasgen.schemas.normal.shapes import (
    ANY_NODE,
    NEVER_NODE,
    Arena,
    Array,
    Circular,
    Node,
    Object,
    Strings,
    Values,
)
from canvasgen.schemas.normal.strings import meet_strings

__all__ = ["arrays_apart", "is_disjoint", "objects_apart"]


_DEEPEST_PROOF = 6
"""Levels of nesting that are looked at."""


def is_disjoint(a: Values, b: Values, arena: Arena, depth: int = 0) -> bool:
    """Return True if it is easy to see that no value is in both; False if not, or if it is not easy to see."""
    step(1 + len(a.numbers) * len(b.numbers) + len(a.strings) * len(b.strings))
    if (a.null and b.null) or (a.true and b.true) or (a.false and b.false):
        return False
    if any(meet_numbers(x, y) is not None for x in a.numbers for y in b.numbers):
        return False
    if any(not _strings_apart(x, y) for x in a.strings for y in b.strings):
        return False
    if any(not arrays_apart(x, y, arena, depth) for x in a.arrays for y in b.arrays):
        return False
    return all(objects_apart(x, y, arena, depth) for x in a.objects for y in b.objects)


def _strings_apart(a: Strings, b: Strings) -> bool:
    both = meet_strings(a, b)
    if both is None:
        return True
    if not both.parts or any(part.under_approximates for part in both.parts):
        return False
    return to_dfa(automata.intersect(*(part.expr for part in both.parts))).is_empty


def _nodes_apart(a: Node, b: Node, arena: Arena, depth: int) -> bool:
    if a is NEVER_NODE or b is NEVER_NODE:
        return True
    if a is b or a is ANY_NODE or b is ANY_NODE or depth >= _DEEPEST_PROOF or a.busy or b.busy:
        return False
    try:
        return is_disjoint(a.values, b.values, arena, depth + 1)
    except Circular:
        return False


def arrays_apart(a: Array, b: Array, arena: Arena, depth: int) -> bool:
    """Return True if it is easy to see that no array is in both."""
    if (a.high is not None and a.high < b.low) or (b.high is not None and b.high < a.low):
        return True
    return any(
        _nodes_apart(place(a, at), place(b, at), arena, depth) for at in range(min(max(a.low, b.low), 32))
    )


def objects_apart(a: Object, b: Object, arena: Arena, depth: int) -> bool:
    """Return True if it is easy to see that no object is in both."""
    if (a.high is not None and a.high < b.low) or (b.high is not None and b.high < a.low):
        return True
    for x, y in ((a, b), (b, a)):
        for name, entry in x.properties.items():
            if entry.required and _nodes_apart(entry.node, lookup(y, name), arena, depth):
                return True
    return False
