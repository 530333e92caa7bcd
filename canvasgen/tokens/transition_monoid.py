"""One walk of the byte trie that finds what every token does to every state at once.

What a byte string does to the states of an automaton is a partial function; appending a byte composes it with
one letter of the automaton's *transition monoid* (Pin, "Mathematical Foundations of Automata Theory", chapter
IV). The walk carries at each trie node the number of its function, and remembers (function, byte class) ->
function, so that a node costs one table look-up and each distinct function is computed once. Tokens with one
function act alike.

A function on all states would be long: every literal that a token may touch would be a new function on all
the states of all strings as well. So states are put into *groups* (those with the same set of possible byte
classes), and a function is a list of *parts*, one for each group where it is not empty; parts are remembered
in the same way. Any grouping is correct; this one keeps what varies together in one part.

Lists (parts are lists of packed (source, target) pairs, functions are lists of parts) are hash-consed: equal
lists have one number. Number 0 is the empty list.
"""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit

__all__ = [
    "DONE",
    "FUNCTIONS_FULL",
    "PAIRS_FULL",
    "UNFINISHED",
    "Store",
    "intern",
    "transition_columns",
    "walk",
]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

Count = int | np.int64 | np.uint64
Store = tuple[Ints, Words, Longs, Longs]
"""Distinct lists for `intern`: table, hashes, offsets, data. Zeros at first; the sizes are the capacities."""

DONE = 0
UNFINISHED = 1
FUNCTIONS_FULL = -1
PAIRS_FULL = -2

_LOW = (1 << 32) - 1  # the target of a packed pair
_BLOCK = 16  # states whose rows are transposed at a time: 64 bytes of int32


@njit(cache=True, nogil=True)
def _mix(value: Count) -> np.uint64:
    """Return a bijection of 64 bits that spreads every input bit (the finaliser of SplitMix64)."""
    z = np.uint64(value) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True)
def intern(table: Ints, hashes: Words, offsets: Longs, data: Longs, count: Count, stop: Count) -> Count:
    """Return the number of the list `data[offsets[count]:stop]`: `count` if it is new, and then it is kept.

    `table` (zeros at first, a power of two long and never full) is open addressing over number + 1.
    """
    start = offsets[count]
    total = np.uint64(stop - start)
    for k in range(start, stop):
        total += _mix(data[k])
    total = _mix(total)
    mask = table.shape[0] - 1
    slot = np.int64(total & np.uint64(mask))
    while table[slot] != 0:
        other = np.int64(table[slot]) - 1
        if hashes[other] == total and offsets[other + 1] - offsets[other] == stop - start:
            at = offsets[other] - start
            k = start
            while k < stop and data[at + k] == data[k]:
                k += 1
            if k == stop:
                return other
        slot = (slot + 1) & mask
    table[slot] = count + 1
    hashes[count] = total
    offsets[count + 1] = stop
    return count


@njit(cache=True, nogil=True)
def transition_columns(
    offsets: Ints, low: Bytes, high: Bytes, target: Ints
) -> tuple[Bytes, Ints, int, Words]:
    """Return the automaton as a table over byte classes, and its states in groups.

    Returns:
        uint8[256], the class of each byte; int32[K or more, S], the target for each class and state, -1 for
        none; K; uint64[S], equal for states in which the same classes are possible.
    """
    states = offsets.shape[0] - 1
    border = np.zeros(257, np.bool_)
    border[0] = True
    for r in range(low.shape[0]):
        border[np.int64(low[r])] = True
        border[np.int64(high[r]) + 1] = True
    interval = np.empty(256, np.int64)
    count = 0
    for b in range(256):
        count += border[b]
        interval[b] = count - 1
    columns = np.empty((count, states), np.int32)
    hashes = np.zeros(count, np.uint64)
    rows = np.empty((_BLOCK, count), np.int32)
    for first in range(0, states, _BLOCK):
        last = min(first + _BLOCK, states)
        for s in range(first, last):
            for k in range(count):
                rows[s - first, k] = -1
            for r in range(offsets[s], offsets[s + 1]):
                for k in range(interval[low[r]], interval[high[r]] + 1):
                    rows[s - first, k] = target[r]
                    hashes[k] += _mix((np.int64(s) << 32) | np.int64(target[r]))
        for k in range(count):
            for s in range(first, last):
                columns[k, s] = rows[s - first, k]

    # Intervals with equal columns are one class.
    class_of_interval = np.empty(count, np.int64)
    classes = 0
    for k in range(count):
        found = -1
        for c in range(classes):
            if hashes[c] == hashes[k]:
                equal = True
                for s in range(states):
                    if columns[c, s] != columns[k, s]:
                        equal = False
                        break
                if equal:
                    found = c
                    break
        if found < 0:
            found = classes
            classes += 1
            if found != k:
                hashes[found] = hashes[k]
                for s in range(states):
                    columns[found, s] = columns[k, s]
        class_of_interval[k] = found
    byte_class = np.empty(256, np.uint8)
    for b in range(256):
        byte_class[b] = class_of_interval[interval[b]]
    group = np.zeros(states, np.uint64)
    for c in range(classes):
        weight = _mix(c)
        for s in range(states):
            if columns[c, s] >= 0:
                group[s] += weight
    return byte_class, columns, classes, group


@njit(cache=True, nogil=True)
def _part_then(
    part: Count, byte: Count, columns: Ints, part_store: Store, parts: Count, most: int, most_pairs: int
) -> Count:
    """Return the number of a part followed by a byte class: `parts` if it is new; or FUNCTIONS_FULL or PAIRS_FULL."""
    table, hashes, offsets, data = part_store
    if parts >= most:
        return FUNCTIONS_FULL
    first, last = offsets[part], offsets[part + 1]
    n = offsets[parts]
    if n + last - first > most_pairs:
        return PAIRS_FULL
    for k in range(first, last):
        target = columns[byte, data[k] & _LOW]
        if target >= 0:
            data[n] = (data[k] & ~_LOW) | np.int64(target)
            n += 1
    return intern(table, hashes, offsets, data, parts, n)


@njit(cache=True, nogil=True)
def _function_then(
    function: Count,
    byte: Count,
    columns: Ints,
    classes: int,
    part_memo: Ints,
    part_store: Store,
    store: Store,
    parts: Count,
    functions: Count,
    most: int,
    most_pairs: int,
) -> tuple[Count, Count]:
    """Return the number of a function followed by a byte class, and the number of parts then; arguments as in `walk`.

    The number is `functions` if the function is new; or it is FUNCTIONS_FULL or PAIRS_FULL.
    """
    table, hashes, offsets, data = store
    if functions >= most:
        return FUNCTIONS_FULL, parts
    start, stop = offsets[function], offsets[function + 1]
    n = offsets[functions]
    if n + stop - start > most_pairs:
        return PAIRS_FULL, parts
    for k in range(start, stop):
        place = data[k] * classes + byte
        if part_memo[place] == 0:
            made = _part_then(data[k], byte, columns, part_store, parts, most, most_pairs)
            if made < 0:
                return made, parts
            if made == parts:
                parts += 1
            part_memo[place] = made + 1
        if part_memo[place] != 1:
            data[n] = part_memo[place] - 1
            n += 1
    return intern(table, hashes, offsets, data, functions, n), parts


@njit(cache=True, nogil=True)
def _begin(
    order: Ints,
    group_offsets: Longs,
    part_store: Store,
    store: Store,
    most: int,
    most_pairs: int,
    at: Longs,
) -> int:
    """Keep the empty part and function, and the identity; arguments and status as in `walk`."""
    part_table, part_hashes, part_offsets, part_data = part_store
    table, hashes, offsets, data = store
    parts = intern(part_table, part_hashes, part_offsets, part_data, 0, 0) + 1
    functions = intern(table, hashes, offsets, data, 0, 0) + 1
    groups = group_offsets.shape[0] - 1
    if most_pairs < order.shape[0]:
        return PAIRS_FULL
    if most < groups + 2:
        return FUNCTIONS_FULL
    stop = 0
    for g in range(groups):
        n = part_offsets[parts]
        for k in range(group_offsets[g], group_offsets[g + 1]):
            s = np.int64(order[k])
            part_data[n] = (s << 32) | s
            n += 1
        data[stop] = intern(part_table, part_hashes, part_offsets, part_data, parts, n)
        parts += 1
        stop += 1
    intern(table, hashes, offsets, data, functions, stop)
    at[0], at[1], at[2] = 1, parts, functions + 1
    return DONE


@njit(cache=True, nogil=True)
def walk(
    depth: Ints,
    byte: Bytes,
    end: Ints,
    byte_class: Bytes,
    columns: Ints,
    classes: int,
    order: Ints,
    group_offsets: Longs,
    path: Longs,
    node_function: Ints,
    part_memo: Ints,
    part_store: Store,
    memo: Ints,
    store: Store,
    most: int,
    most_pairs: int,
    at: Longs,
    work: int,
) -> int:
    """Number the function of every trie node; 0 is the empty one. It stops after some work, to go on when called again.

    Args:
        depth, byte, end: the trie (see `canvasgen.vocabulary.Trie`).
        byte_class, columns, classes: the automaton, from `transition_columns`.
        order, group_offsets: the states, sorted by group and ascending in each; where each group starts.
        path: int64[depth of the trie + 1] of anything: for each prefix of a node its function, times K.
        node_function: int32[N], filled.
        part_memo, memo: zeros; at part · K + class and function · K + class: number + 1 of the result.
        part_store, store: empty stores of parts and of functions.
        most: parts, and functions, that may be made; memos and stores have room for that many and one more.
        most_pairs: pairs, and parts of functions, that may be kept; the stores have room for that many.
        at: int64[3]: the next node, and the number of parts and of functions so far; zeros at first.
        work: states that new functions may look at before the walk stops.

    Returns:
        DONE, UNFINISHED, FUNCTIONS_FULL or PAIRS_FULL.
    """
    if at[0] == 0:
        status = _begin(order, group_offsets, part_store, store, most, most_pairs, at)
        if status != DONE:
            return status
        node_function[0] = at[2] - 1
        path[0] = (at[2] - 1) * classes
    node, parts, functions = at[0], at[1], at[2]
    states = order.shape[0]
    while node < depth.shape[0]:
        c = np.int64(byte_class[byte[node]])
        place = path[depth[node] - 1] + c
        known = memo[place]
        if known == 0:
            if work <= 0:
                at[0], at[1], at[2] = node, parts, functions
                return UNFINISHED
            work -= states
            made, parts = _function_then(
                *(np.int64(place // classes), c, columns, classes, part_memo, part_store, store),
                *(parts, functions, most, most_pairs),
            )
            if made < 0:
                return made
            if made == functions:
                functions += 1
            known = memo[place] = made + 1
        if known == 1:
            after = end[node]
            while node < after:
                node_function[node] = 0
                node += 1
        else:
            node_function[node] = known - 1
            path[depth[node]] = np.int64(known - 1) * classes
            node += 1
    at[0], at[1], at[2] = node, parts, functions
    return DONE
