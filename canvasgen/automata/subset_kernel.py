"""Subset construction (Rabin and Scott 1959) on byte ranges, in numba.

A subset holds only the states that matter: those that a byte transition leaves, and the final one. Its
transitions are found locally, by cutting the bytes at the bounds of the ranges that leave it, so no global
alphabet is needed. Subsets are found again by an order-independent hash and compared by membership, so they
are never sorted.
"""

# numba's functions have no types that pyright could follow:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownLambdaType=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# pyright: reportAttributeAccessIssue=false
# pyright: reportOperatorIssue=false, reportIndexIssue=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from canvasgen.automata.dfa import Ints

__all__ = ["DONE", "GOING", "TOO_MANY_STATES", "Run", "determinise"]

DONE, GOING, TOO_MANY_STATES = 0, 1, 2
# All subsets together may hold this many states for each deterministic state allowed.
ITEMS_PER_STATE = 500
Longs = npt.NDArray[np.int64]
Run = tuple[Longs, Ints, Longs, Ints, Ints, Ints, Ints, Ints]


@njit(cache=True, nogil=True)
def _mix(x):
    """A 64-bit hash of a small number (the finaliser of splitmix64)."""
    z = np.uint64(x) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True)
def _grown(array, needed):
    """The array, or a copy with room for `needed` elements and more."""
    if needed <= array.size:
        return array
    larger = np.empty(max(needed, 2 * array.size), array.dtype)
    for i in range(array.size):
        larger[i] = array[i]
    return larger


@njit(cache=True, nogil=True)
def index_by_state(num_states, source):
    """CSR of transitions by a state of theirs (source or target): offsets int32 [N + 1], their order int32 [M]."""
    offsets = np.zeros(num_states + 1, np.int32)
    for i in range(source.size):
        offsets[source[i] + 1] += 1
    for s in range(num_states):
        offsets[s + 1] += offsets[s]
    order = np.empty(source.size, np.int32)
    place = np.empty(num_states + 1, np.int32)
    for s in range(num_states + 1):
        place[s] = offsets[s]
    for i in range(source.size):
        order[place[source[i]]] = i
        place[source[i]] += 1
    return offsets, order


@njit(cache=True, nogil=True)
def determinise(
    num_states: int,
    source: Ints,
    low: Ints,
    high: Ints,
    target: Ints,
    silent_source: Ints,
    silent_target: Ints,
    max_states: int,
    max_work: int,
    resume: Run,
) -> tuple[int, Run]:
    """Runs the subset construction for about `max_work` elementary operations.

    Args:
        num_states ... silent_target: the NFA (start 0, final 1).
        max_states: the most subsets allowed (and, 500 times as many, states in all of them together).
        max_work: the operations after which to return with GOING.
        resume: what the last call returned after its status; first an 8-tuple of int32/int64 arrays of
            length one or more with `counters` all zero (`compiler.py` makes it).

    Returns:
        status and run = (counters, items, item_offsets, table, row_offsets, row_low, row_high, row_target):
        counters int64 [4] = subsets made, subsets finished, rows, unused; items the states of each subset,
        one after the other; rows the ranges of the deterministic automaton, sorted within a state. A subset
        accepts if it contains state 1.
    """
    counters, items, item_offsets, table, row_offsets, row_low, row_high, row_target = resume
    offsets, order = index_by_state(num_states, source)
    silent_offsets, silent_order = index_by_state(num_states, silent_source)

    made, done, rows = counters[0], counters[1], counters[2]
    stamp = np.zeros(num_states, np.int64)
    tick = 0
    stack = np.empty(num_states + 1, np.int32)
    buffer = np.empty(num_states + 1, np.int32)
    seeds = np.empty(64, np.int32)
    start_of = np.zeros(257, np.bool_)
    piece_of = np.zeros(257, np.int32)
    piece_low = np.zeros(257, np.int32)
    piece_offsets = np.zeros(258, np.int64)
    piece_place = np.zeros(258, np.int64)
    mine = np.empty(64, np.int32)
    work = 0
    status = 0
    first_time = made == 0

    while first_time or done < made:
        if work > max_work:
            status = 1
            break
        # The transitions that leave the subset, and the bounds of their ranges.
        edges = 0
        pieces = 0
        if first_time:
            pieces = 1
            seeds[0] = 0
            piece_offsets[0], piece_offsets[1] = 0, 1
        else:
            for k in range(item_offsets[done], item_offsets[done + 1]):
                state = items[k]
                count = offsets[state + 1] - offsets[state]
                mine = _grown(mine, edges + count)
                for j in range(offsets[state], offsets[state + 1]):
                    mine[edges] = order[j]
                    edges += 1
            work += edges + item_offsets[done + 1] - item_offsets[done]
            if edges == 1:
                pieces = 1
                seeds[0] = target[mine[0]]
                piece_low[0] = low[mine[0]]
                piece_low[1] = high[mine[0]] + 1
                piece_offsets[0], piece_offsets[1] = 0, 1
            elif edges > 1:
                for byte in range(257):
                    start_of[byte] = False
                for e in range(edges):
                    start_of[low[mine[e]]] = True
                    start_of[high[mine[e]] + 1] = True
                for byte in range(257):
                    if start_of[byte]:
                        piece_low[pieces] = byte
                        pieces += 1
                    piece_of[byte] = pieces
                pieces -= 1
                for p in range(pieces + 1):
                    piece_offsets[p] = 0
                for e in range(edges):
                    for p in range(piece_of[low[mine[e]]] - 1, piece_of[high[mine[e]] + 1] - 1):
                        piece_offsets[p + 1] += 1
                for p in range(pieces):
                    piece_offsets[p + 1] += piece_offsets[p]
                    piece_place[p] = piece_offsets[p]
                work += piece_offsets[pieces] + 64
                seeds = _grown(seeds, piece_offsets[pieces])
                for e in range(edges):
                    for p in range(piece_of[low[mine[e]]] - 1, piece_of[high[mine[e]] + 1] - 1):
                        seeds[piece_place[p]] = target[mine[e]]
                        piece_place[p] += 1

        first_row = rows
        for p in range(pieces):
            if piece_offsets[p] == piece_offsets[p + 1]:
                continue
            # The subset reached on this piece: the silent closure of the targets, without the states that do
            # not matter.
            tick += 1
            size = 0
            digest = np.uint64(0)
            top = 0
            for k in range(piece_offsets[p], piece_offsets[p + 1]):
                if stamp[seeds[k]] != tick:
                    stamp[seeds[k]] = tick
                    stack[top] = seeds[k]
                    top += 1
            while top > 0:
                top -= 1
                state = stack[top]
                if state == 1 or offsets[state + 1] > offsets[state]:
                    buffer[size] = state
                    size += 1
                    digest += _mix(state)
                for j in range(silent_offsets[state], silent_offsets[state + 1]):
                    after = silent_target[silent_order[j]]
                    work += 1
                    if stamp[after] != tick:
                        stamp[after] = tick
                        stack[top] = after
                        top += 1
            work += 2 * size + 4
            if size == 0 and not first_time:
                continue
            # Look it up.
            if 2 * (made + 1) > table.size:
                table = np.full(4 * table.size, -1, np.int32)
                for s in range(made):
                    other = np.uint64(0)
                    for k in range(item_offsets[s], item_offsets[s + 1]):
                        other += _mix(items[k])
                    slot = np.int64(other & np.uint64(table.size - 1))
                    while table[slot] >= 0:
                        slot = (slot + 1) & (table.size - 1)
                    table[slot] = s
            slot = np.int64(digest & np.uint64(table.size - 1))
            found = -1
            while table[slot] >= 0:
                other_state = table[slot]
                first = item_offsets[other_state]
                if item_offsets[other_state + 1] - first == size:
                    same = True
                    for k in range(size):
                        if stamp[items[first + k]] != tick:
                            same = False
                            break
                    work += size
                    if same:
                        found = other_state
                        break
                slot = (slot + 1) & (table.size - 1)
            if found < 0:
                found = made
                table[slot] = made
                item_offsets = _grown(item_offsets, made + 2)
                first = item_offsets[made]
                items = _grown(items, first + size)
                for k in range(size):
                    items[first + k] = buffer[k]
                made += 1
                item_offsets[made] = first + size
            if first_time:
                continue
            if rows > first_row and row_target[rows - 1] == found and row_high[rows - 1] + 1 == piece_low[p]:
                row_high[rows - 1] = piece_low[p + 1] - 1
            else:
                row_low = _grown(row_low, rows + 1)
                row_high = _grown(row_high, rows + 1)
                row_target = _grown(row_target, rows + 1)
                row_low[rows] = piece_low[p]
                row_high[rows] = piece_low[p + 1] - 1
                row_target[rows] = found
                rows += 1
        if first_time:
            first_time = False
        else:
            done += 1
            row_offsets = _grown(row_offsets, done + 1)
            row_offsets[done] = rows
        if made > max_states or item_offsets[made] > ITEMS_PER_STATE * max_states:
            status = 2
            break

    counters[0], counters[1], counters[2] = made, done, rows
    return status, (counters, items, item_offsets, table, row_offsets, row_low, row_high, row_target)
