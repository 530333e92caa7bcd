"""Which bytes the states of an automaton tell apart, so that what one byte does need not be found for all bytes like it.

The *shape* of a state is a partition of the byte classes: two are in one cell if the state leads to the same state by
both, and those that lead nowhere are no cell. The states of a string tell few of fifty classes apart. States of one shape
are a group. A set of states has the common refinement of its shapes, which is joined once for each pair of shapes.
"""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit
from canvasgen.tokens.interning import mix

__all__ = ["ANY_SHAPE", "Groups", "Shapes", "groups_of", "shape_of"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

Shapes = tuple[Ints, npt.NDArray[np.int16], Ints, Longs]
"""int32[S], the shape of each state; int16[M, K], for each shape and byte class the first class of its cell, -1 for those
that lead nowhere; int32[M, M], number + 1 of joined shapes, 0 for those not joined; int64[1], shapes so far."""

ANY_SHAPE = -1
"""Of a set of states of too many shapes: every byte may do something else."""
_MANY = 4
_ROOM = 200  # for shapes that are joined


@dataclass(frozen=True, eq=False)
class Groups:
    """States in groups of one shape.

    Attributes:
        order: int32[S], the states, sorted by group and ascending in each.
        offsets: int64[G + 1], where each group starts.
        shapes: shape g is that of group g.
    """

    order: Ints
    offsets: Longs
    shapes: Shapes


def groups_of(offsets: Ints, low: Bytes, high: Bytes, target: Ints, columns: Ints, classes: int) -> Groups:
    """Return the groups of an automaton's states.

    Args:
        offsets, low, high, target: see `DFA`.
        columns, classes: from `transition_columns`.
    """
    cell, signature = _signatures(offsets, low, high, target)
    order, group_offsets = _grouped(signature)
    groups = len(group_offsets) - 1
    first_of_cell = np.empty((groups + _ROOM, classes), np.int16)
    shape = _shapes(offsets, low, high, cell, columns, order, group_offsets, first_of_cell)
    joined = np.zeros((groups + _ROOM, groups + _ROOM), np.int32)
    return Groups(order, group_offsets, (shape, first_of_cell, joined, np.array([groups])))


@njit(cache=True, nogil=True)
def _signatures(offsets: Ints, low: Bytes, high: Bytes, target: Ints) -> tuple[Ints, Words]:
    """Return for each row the first row of its state that leads to the same target; for each state a hash of its shape."""
    cell = np.empty(target.shape[0], np.int32)
    signature = np.zeros(offsets.shape[0] - 1, np.uint64)
    for s in range(offsets.shape[0] - 1):
        first = offsets[s]
        total = np.uint64(0)
        for r in range(first, offsets[s + 1]):
            same = first
            while target[same] != target[r]:
                same += 1
            cell[r] = same - first
            total += mix((np.int64(cell[r]) << 16) | (np.int64(low[r]) << 8) | np.int64(high[r]))
        signature[s] = total
    return cell, signature


@njit(cache=True, nogil=True)
def _grouped(signature: Words) -> tuple[Ints, Longs]:
    """Return the states by signature, ascending in each group, and where each group starts."""
    states = signature.shape[0]
    size = 4
    while size < 2 * states:
        size *= 2
    table = np.full(size, -1, np.int32)  # the first state of each signature
    group = np.empty(states, np.int32)
    start = np.zeros(states + 1, np.int64)
    groups = 0
    for s in range(states):
        slot = np.int64(mix(signature[s]) & np.uint64(size - 1))
        while table[slot] >= 0 and signature[table[slot]] != signature[s]:
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = s
            group[s] = groups
            groups += 1
        group[s] = group[table[slot]]
        start[group[s] + 1] += 1
    for g in range(groups):
        start[g + 1] += start[g]
    place = start[:groups].copy()
    order = np.empty(states, np.int32)
    for s in range(states):
        order[place[group[s]]] = s
        place[group[s]] += 1
    return order, start[: groups + 1].copy()


@njit(cache=True, nogil=True)
def _shapes(
    offsets: Ints,
    low: Bytes,
    high: Bytes,
    cell: Ints,
    columns: Ints,
    order: Ints,
    group_offsets: Longs,
    first_of_cell: npt.NDArray[np.int16],
) -> Ints:
    """Fill the shapes of the groups, and return the group of each state; a group whose states differ has single cells."""
    classes = first_of_cell.shape[1]
    shape = np.empty(order.shape[0], np.int32)
    seen = np.zeros(order.shape[0], np.int32)
    for g in range(group_offsets.shape[0] - 1):
        s = order[group_offsets[g]]
        for c in range(classes):
            t = columns[c, s]
            if t >= 0 and seen[t] == 0:
                seen[t] = c + 1
            first_of_cell[g, c] = seen[t] - 1 if t >= 0 else -1
        for c in range(classes):
            if columns[c, s] >= 0:
                seen[columns[c, s]] = 0
        alike = True
        rows = offsets[s + 1] - offsets[s]
        for k in range(group_offsets[g], group_offsets[g + 1]):
            other = order[k]
            shape[other] = g
            alike &= offsets[other + 1] - offsets[other] == rows
            if alike:
                for r in range(rows):
                    a, b = offsets[s] + r, offsets[other] + r
                    alike &= low[a] == low[b] and high[a] == high[b] and cell[a] == cell[b]
        if not alike:  # two shapes of one hash
            for c in range(classes):
                first_of_cell[g, c] = c
    return shape


@njit(cache=True, nogil=True, _nrt=False)
def _join(a: int, b: int, shapes: Shapes) -> int:
    """Return the common refinement of two different shapes; ANY_SHAPE if there is no room for it."""
    _, first_of_cell, joined, count = shapes
    if a > b:
        a, b = b, a
    if joined[a, b] == 0:
        made = count[0]
        if made == first_of_cell.shape[0]:
            return ANY_SHAPE
        classes = first_of_cell.shape[1]
        as_a = as_b = True
        for c in range(classes):
            x, y = first_of_cell[a, c], first_of_cell[b, c]
            first = -1
            if x >= 0 or y >= 0:
                first = max(x, y)  # the cell cannot begin earlier
                while first_of_cell[a, first] != x or first_of_cell[b, first] != y:
                    first += 1
            first_of_cell[made, c] = first
            as_a &= first == x
            as_b &= first == y
        if as_a or as_b:  # one refines the other
            joined[a, b] = (a if as_a else b) + 1
        else:
            joined[a, b] = made + 1
            count[0] += 1
    return joined[a, b] - 1


@njit(cache=True, nogil=True, _nrt=False)
def shape_of(pairs: Longs, first: int, last: int, shapes: Shapes) -> int:
    """Return the shape of the targets of the packed pairs from `first` to `last`; ANY_SHAPE if they have too many."""
    shape, _, joined, _ = shapes
    before = found = np.int64(shape[pairs[first] & 0xFFFFFFFF])
    joins = 0
    for k in range(first + 1, last):
        here = np.int64(shape[pairs[k] & 0xFFFFFFFF])
        if here in (before, found):
            continue
        before = here
        made = np.int64(joined[min(here, found), max(here, found)]) - 1
        if made == found:
            continue
        if made < 0:
            made = np.int64(_join(found, here, shapes))
        joins += made != found
        found = made
        if found == ANY_SHAPE or joins == _MANY:
            return ANY_SHAPE
    return found
