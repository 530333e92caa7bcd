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
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false, reportIndexIssue=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.automata.dfa import Ints
from canvasgen.jit import njit

__all__ = ["DONE", "GOING", "TOO_MANY_STATES", "Run", "determinise", "index_by_state", "mix"]

DONE, GOING, TOO_MANY_STATES, NO_ROOM = 0, 1, 2, 3
# All subsets together may hold this many states for each deterministic state allowed.
ITEMS_PER_STATE = 500
Longs = npt.NDArray[np.int64]
Run = tuple[Longs, Ints, Longs, Ints, Ints, Ints, Ints, Ints]


@njit(cache=True, nogil=True, inline="always")
def mix(x):
    """Return a 64-bit hash of a small number (the finaliser of SplitMix64)."""
    z = np.uint64(x) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True)
def _grown(array, needed):
    """Return the array, or a copy with room for `needed` elements and more."""
    if needed <= array.size:
        return array
    larger = np.empty(max(needed, 2 * array.size), array.dtype)
    for i in range(array.size):
        larger[i] = array[i]
    return larger


@njit(cache=True, nogil=True)
def index_by_state(num_states, source):
    """Return transitions sorted by a state of theirs (source or target): offsets int32 [N + 1], order int32 [M]."""
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


@njit(cache=True, nogil=True, _nrt=False)
def _cut_at_bounds(mine, edges, low, high, piece_of, piece_low):
    """Cut the bytes at the bounds of the ranges of the first `edges` transitions in `mine`.

    Fills `piece_low` (int32 [257], the first byte of each piece and the byte behind the last) and `piece_of`
    (int32 [257], for each byte the number of its piece plus one). Returns the number of pieces.
    """
    for byte in range(257):
        piece_of[byte] = 0
    for e in range(edges):
        piece_of[low[mine[e]]] = 1
        piece_of[high[mine[e]] + 1] = 1
    pieces = 0
    for byte in range(257):
        if piece_of[byte] == 1:
            piece_low[pieces] = byte
            pieces += 1
        piece_of[byte] = pieces
    return pieces - 1


@njit(cache=True, nogil=True, _nrt=False)
def _transitions_of(items, first, last, offsets, order, mine):
    """Collect the transitions that leave the states of a subset in `mine`, if there is room; return how many there are."""
    edges = 0
    for k in range(first, last):
        for j in range(offsets[items[k]], offsets[items[k] + 1]):
            if edges < mine.size:
                mine[edges] = order[j]
            edges += 1
    return edges


@njit(cache=True, nogil=True, _nrt=False)
def _targets_by_piece(mine, edges, low, high, target, piece_of, pieces, piece_offsets, piece_place, seeds):
    """Collect the targets of the transitions on each piece in `seeds`, if there is room; return how many there are."""
    for p in range(pieces + 1):
        piece_offsets[p] = 0
    for e in range(edges):
        for p in range(piece_of[low[mine[e]]] - 1, piece_of[high[mine[e]] + 1] - 1):
            piece_offsets[p + 1] += 1
    for p in range(pieces):
        piece_offsets[p + 1] += piece_offsets[p]
        piece_place[p] = piece_offsets[p]
    if piece_offsets[pieces] <= seeds.size:
        for e in range(edges):
            for p in range(piece_of[low[mine[e]]] - 1, piece_of[high[mine[e]] + 1] - 1):
                seeds[piece_place[p]] = target[mine[e]]
                piece_place[p] += 1
    return piece_offsets[pieces]


@njit(cache=True, nogil=True, _nrt=False)
def _closure(seeds, first, last, offsets, silent_offsets, silent_after, stamp, tick, stack, buffer):
    """Find the subset reached from `seeds[first:last]`: their silent closure, without the states that do not matter.

    Every state of the closure gets `stamp[state] = tick`; the ones that matter go into `buffer`.

    Returns:
        Their number, the hash of the subset, and the operations spent.
    """
    top = 0
    for k in range(first, last):
        if stamp[seeds[k]] != tick:
            stamp[seeds[k]] = tick
            stack[top] = seeds[k]
            top += 1
    size = 0
    work = 0
    digest = np.uint64(0)
    while top > 0:
        top -= 1
        state = stack[top]
        if state == 1 or offsets[state + 1] > offsets[state]:
            buffer[size] = state
            size += 1
            digest += mix(state)
        for j in range(silent_offsets[state], silent_offsets[state + 1]):
            after = silent_after[j]
            work += 1
            if stamp[after] != tick:
                stamp[after] = tick
                stack[top] = after
                top += 1
    return size, digest, work + 2 * size + 4


@njit(cache=True, nogil=True)
def _enlarged_table(size, items, item_offsets, made):
    """Return a hash table of `size` slots with the subsets made so far."""
    table = np.full(size, -1, np.int32)
    for s in range(made):
        digest = np.uint64(0)
        for k in range(item_offsets[s], item_offsets[s + 1]):
            digest += mix(items[k])
        slot = np.int64(digest & np.uint64(size - 1))
        while table[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        table[slot] = s
    return table


@njit(cache=True, nogil=True, _nrt=False)
def _slot_of(table, digest, size, items, item_offsets, stamp, tick):
    """Find the subset of `size` states that are stamped with `tick`.

    Returns:
        Its slot in the table, or the free slot where it belongs; the operations spent.
    """
    mask = table.size - 1
    slot = np.int64(digest & np.uint64(mask))
    work = 0
    while table[slot] >= 0:
        first = item_offsets[table[slot]]
        if item_offsets[table[slot] + 1] - first == size:
            work += size
            k = 0
            while k < size and stamp[items[first + k]] == tick:
                k += 1
            if k == size:
                break
        slot = (slot + 1) & mask
    return slot, work


@njit(cache=True, nogil=True, _nrt=False)
def _go_on(
    counters, needed, offsets, order, low, high, target, silent_offsets, silent_after, items,
    item_offsets, table, row_offsets, row_low, row_high, row_target, stamp, stack, buffer, mine, seeds,
    piece_of, piece_low, piece_offsets, piece_place, max_states, max_work,
):  # fmt: skip
    """Run the subset construction in the room that there is; it counts no references, which would take half of the time.

    A subset for which there is too little room is begun again: those that it led to are known then.

    Args:
        counters: subsets made and finished, rows, the last stamp; others as in `determinise`, and memory for one subset.
        needed: written: the room that `items`, `mine` and `seeds` need, and the operations so far.

    Returns DONE, GOING, TOO_MANY_STATES or NO_ROOM.
    """
    made, done, rows, tick = counters[0], counters[1], counters[2], counters[3]
    status = DONE
    while done < made:
        counters[0], counters[1], counters[2], counters[3] = made, done, rows, tick
        if needed[3] > max_work:
            return GOING
        if (
            rows + 256 > row_low.size
            or done + 2 > row_offsets.size
            or made + 258 > item_offsets.size
            or 2 * (made + 257) > table.size
        ):
            return NO_ROOM
        # The transitions that leave the subset, and where they lead, piece by piece of the bytes.
        first, last = item_offsets[done], item_offsets[done + 1]
        edges = _transitions_of(items, first, last, offsets, order, mine)
        if edges > mine.size:
            needed[1] = edges
            return NO_ROOM
        needed[3] += edges + last - first
        pieces = 0
        if edges == 1:
            pieces = 1
            seeds[0] = target[mine[0]]
            piece_low[0] = low[mine[0]]
            piece_low[1] = high[mine[0]] + 1
            piece_offsets[0], piece_offsets[1] = 0, 1
        elif edges > 1:
            pieces = _cut_at_bounds(mine, edges, low, high, piece_of, piece_low)
            total = _targets_by_piece(
                mine, edges, low, high, target, piece_of, pieces, piece_offsets, piece_place, seeds
            )
            if total > seeds.size:
                needed[2] = total
                return NO_ROOM
            needed[3] += total + 64
        first_row = rows
        for p in range(pieces):
            if piece_offsets[p] == piece_offsets[p + 1]:
                continue
            tick += 1
            size, digest, spent = _closure(
                *(seeds, piece_offsets[p], piece_offsets[p + 1], offsets, silent_offsets, silent_after),
                *(stamp, tick, stack, buffer),
            )
            needed[3] += spent
            if size == 0:
                continue
            slot, spent = _slot_of(table, digest, size, items, item_offsets, stamp, tick)
            needed[3] += spent
            found = table[slot]
            if found < 0:
                free = item_offsets[made]
                if free + size > items.size:
                    needed[0] = free + size
                    counters[0], counters[3] = made, tick
                    return NO_ROOM
                found = table[slot] = made
                for k in range(size):
                    items[free + k] = buffer[k]
                item_offsets[made + 1] = free + size
                made += 1
            if rows > first_row and row_target[rows - 1] == found and row_high[rows - 1] + 1 == piece_low[p]:
                row_high[rows - 1] = piece_low[p + 1] - 1
            else:
                row_low[rows] = piece_low[p]
                row_high[rows] = piece_low[p + 1] - 1
                row_target[rows] = found
                rows += 1
        done += 1
        row_offsets[done] = rows
        if made > max_states or item_offsets[made] > ITEMS_PER_STATE * max_states:
            status = TOO_MANY_STATES
            break
    counters[0], counters[1], counters[2], counters[3] = made, done, rows, tick
    return status


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
    """Run the subset construction for about `max_work` elementary operations.

    Args:
        num_states ... silent_target: the NFA (start 0, final 1).
        max_states: the most subsets allowed (and, 500 times as many, states in all of them together).
        max_work: the operations after which to return with GOING.
        resume: what the last call returned after its status; first an 8-tuple of int32/int64 arrays of
            length one or more with `counters` all zero (`compiler.py` makes it).

    Returns:
        status and run = (counters, items, item_offsets, table, row_offsets, row_low, row_high, row_target):
        counters int64 [4] = subsets made, subsets finished, rows, the last stamp of this call; items the states
        of each subset, one after the other; rows the ranges of the deterministic automaton, sorted within a state. A subset
        accepts if it contains state 1.
    """
    counters, items, item_offsets, table, row_offsets, row_low, row_high, row_target = resume
    offsets, order = index_by_state(num_states, source)
    silent_offsets, silent_order = index_by_state(num_states, silent_source)
    silent_after = silent_target[silent_order]
    stamp = np.zeros(num_states, np.int64)
    stack = np.empty(num_states + 1, np.int32)
    buffer = np.empty(num_states + 1, np.int32)
    seeds = np.zeros(64, np.int32)
    mine = np.empty(64, np.int32)
    piece_of = np.zeros(257, np.int32)
    piece_low = np.zeros(257, np.int32)
    piece_offsets = np.zeros(258, np.int64)
    piece_place = np.zeros(258, np.int64)
    needed = np.zeros(4, np.int64)
    counters[3] = 0
    if counters[0] == 0:  # the first subset: the silent closure of the start
        counters[3] = 1
        size, digest, _ = _closure(
            seeds, 0, 1, offsets, silent_offsets, silent_after, stamp, 1, stack, buffer
        )
        table[np.int64(digest & np.uint64(table.size - 1))] = 0
        items = _grown(items, size)
        item_offsets = _grown(item_offsets, 2)
        for k in range(size):
            items[k] = buffer[k]
        item_offsets[1] = size
        counters[0] = 1
    status = NO_ROOM
    while status == NO_ROOM:
        status = _go_on(
            *(counters, needed, offsets, order, low, high, target, silent_offsets, silent_after),
            *(items, item_offsets, table, row_offsets, row_low, row_high, row_target),
            *(stamp, stack, buffer, mine, seeds, piece_of, piece_low, piece_offsets, piece_place),
            *(max_states, max_work),
        )
        if status == NO_ROOM:
            made = counters[0]
            items = _grown(items, needed[0])
            mine = _grown(mine, needed[1])
            seeds = _grown(seeds, needed[2])
            item_offsets = _grown(item_offsets, made + 258)
            row_offsets = _grown(row_offsets, counters[1] + 2)
            row_low = _grown(row_low, counters[2] + 256)
            row_high = _grown(row_high, counters[2] + 256)
            row_target = _grown(row_target, counters[2] + 256)
            slots = table.size
            while slots < 2 * (made + 257):
                slots *= 4
            if slots > table.size:
                table = _enlarged_table(slots, items, item_offsets, made)
    return status, (counters, items, item_offsets, table, row_offsets, row_low, row_high, row_target)
