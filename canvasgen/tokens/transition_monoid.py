"""What byte strings do to the states of an automaton, all at once: functions, and what a byte makes of them.

What a byte string does to the states of an automaton is a partial function; appending a byte composes it with
one letter of the automaton's *transition monoid* (Pin, "Mathematical Foundations of Automata Theory", chapter
IV). The walk carries at each trie node the number of its function, and remembers (function, byte class) ->
function, so that a node costs one table look-up and each distinct function is computed once. Tokens with one
function act alike.

A function on all states would be long: every literal that a token may touch would be a new function on all
the states of all strings as well. So states are put into *groups* (those that tell the same bytes apart, see
`part_shapes`), and a function is a list of *parts*, one for each group where it is not empty; parts are remembered
in the same way. Any grouping is correct; this one keeps what varies together in one part. Bytes that the
targets of a part do not tell apart have one result.

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
from canvasgen.tokens.interning import Count, Store, intern, intern_summed, mix
from canvasgen.tokens.part_shapes import Shapes, shape_of

__all__ = ["FUNCTIONS_FULL", "PAIRS_FULL", "begin", "make_part", "then"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

FUNCTIONS_FULL = -1
PAIRS_FULL = -2

_LOW = (1 << 32) - 1  # the target of a packed pair


@njit(cache=True, nogil=True, _nrt=False)
def make_part(
    part: Count,
    byte: Count,
    columns: Ints,
    shapes: Shapes,
    part_shape: Ints,
    part_store: Store,
    counts: Longs,
    most: int,
    most_pairs: int,
) -> Count:
    """Return the number of a part followed by a byte class, and keep it if it is new; arguments and errors as in `then`."""
    table, hashes, offsets, data = part_store
    parts = counts[0]
    if parts >= most:
        return FUNCTIONS_FULL
    first, last = offsets[part], offsets[part + 1]
    free = offsets[parts]
    if free + last - first > most_pairs:
        return PAIRS_FULL
    end = free
    total = np.uint64(0)
    for i in range(first, last):
        target = columns[byte, data[i] & _LOW]
        if target >= 0:
            pair = (data[i] & ~_LOW) | np.int64(target)
            total += mix(pair)
            data[end] = pair
            end += 1
    if end == free:  # most lead nowhere
        return 0
    made = np.int64(intern_summed(table, hashes, offsets, data, parts, end, total))
    if made == parts:
        part_shape[made] = shape_of(data, free, end, shapes)
        counts[0] += 1
    return made


@njit(cache=True, nogil=True, _nrt=False)
def then(
    function: Count,
    byte: Count,
    columns: Ints,
    classes: int,
    shapes: Shapes,
    part_shape: Ints,
    part_memo: Ints,
    part_store: Store,
    memo: Ints,
    store: Store,
    counts: Longs,
    most: int,
    most_pairs: int,
) -> Count:
    """Return the number of a function followed by a byte class, remembered.

    Args:
        function, byte: the numbers of a function and of a byte class.
        columns, classes: the automaton, from `transition_columns`.
        shapes: its shapes; see `part_shapes`.
        part_shape: int32[most + 1], the shape of the targets of each part.
        part_memo, memo: zeros; at part · K + class and function · K + class: number + 1 of the result.
        part_store, store: stores of parts and of functions, empty before `begin`.
        counts: int64[2], the parts and functions so far.
        most: parts, and functions, that may be made; memos and stores have room for that many and one more.
        most_pairs: pairs, and parts of functions, that may be kept; the stores have room for that many.

    Returns:
        Negative: FUNCTIONS_FULL or PAIRS_FULL.
    """
    place = function * classes + byte
    if memo[place] == 0:
        table, hashes, offsets, data = store
        functions = counts[1]
        if functions >= most:
            return FUNCTIONS_FULL
        start, stop = offsets[function], offsets[function + 1]
        n = offsets[functions]
        if n + stop - start > most_pairs:
            return PAIRS_FULL
        first_of_cell = shapes[1]
        for k in range(start, stop):
            part = data[k]
            like = byte
            shape = part_shape[part]
            if shape >= 0:
                like = np.int64(first_of_cell[shape, byte])
                if like < 0:
                    continue
            known = np.int64(part_memo[part * classes + like])
            if known == 0:
                made = np.int64(
                    make_part(part, like, columns, shapes, part_shape, part_store, counts, most, most_pairs)
                )
                if made < 0:
                    return made
                known = made + 1
                part_memo[part * classes + like] = known
            if known > 1:
                data[n] = known - 1
                n += 1
        known = np.int64(intern(table, hashes, offsets, data, functions, n))
        if known == functions:
            counts[1] += 1
        memo[place] = known + 1
    return memo[place] - 1


@njit(cache=True, nogil=True, _nrt=False)
def begin(
    order: Ints,
    group_offsets: Longs,
    part_shape: Ints,
    part_store: Store,
    store: Store,
    counts: Longs,
    most: int,
    most_pairs: int,
) -> Count:
    """Keep the empty part and function, and return the number of the identity; arguments and errors as in `then`.

    Args:
        order, group_offsets: see `Groups`.
    """
    part_table, part_hashes, part_offsets, part_data = part_store
    table, hashes, offsets, data = store
    counts[0] = intern(part_table, part_hashes, part_offsets, part_data, 0, 0) + 1
    counts[1] = intern(table, hashes, offsets, data, 0, 0) + 1
    groups = group_offsets.shape[0] - 1
    if most_pairs < order.shape[0]:
        return PAIRS_FULL
    if most < groups + 2:
        return FUNCTIONS_FULL
    stop = 0
    for g in range(groups):
        n = np.int64(part_offsets[counts[0]])
        for k in range(group_offsets[g], group_offsets[g + 1]):
            s = np.int64(order[k])
            part_data[n] = (s << 32) | s
            n += 1
        data[stop] = intern(part_table, part_hashes, part_offsets, part_data, counts[0], np.int64(n))
        part_shape[counts[0]] = g
        counts[0] += 1
        stop += 1
    whole = np.int64(intern(table, hashes, offsets, data, counts[1], stop))
    counts[1] += 1
    return whole
