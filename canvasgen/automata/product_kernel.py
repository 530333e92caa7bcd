"""The product of two deterministic automata, in numba: their intersection or their difference."""

# numba's functions have no types that pyright could follow:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownLambdaType=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# pyright: reportAttributeAccessIssue=false
# pyright: reportOperatorIssue=false, reportIndexIssue=false

from __future__ import annotations

import numpy as np

from canvasgen.automata.dfa import Bools, Bytes, Ints
from canvasgen.jit import njit

__all__ = ["product"]


@njit(cache=True, nogil=True)
def _spread(x):
    """Return a 64-bit hash of a pair's number."""
    z = np.uint64(x) * np.uint64(0x9E3779B97F4A7C15)
    return z ^ (z >> np.uint64(29))


@njit(cache=True, nogil=True)
def _doubled(array):
    """Return a copy of an array with as much room again."""
    larger = np.empty(2 * array.size, array.dtype)
    for i in range(array.size):
        larger[i] = array[i]
    return larger


@njit(cache=True, nogil=True)
def _slot_of(table, pairs, pair):
    """Return the slot of a pair in the hash table, or the free slot where it belongs."""
    slot = np.int64(_spread(pair) & np.uint64(table.size - 1))
    while table[slot] >= 0 and pairs[table[slot]] != pair:
        slot = (slot + 1) & (table.size - 1)
    return slot


@njit(cache=True, nogil=True)
def _enlarged_table(size, pairs, made):
    """Return a hash table of `size` slots with the pairs made so far."""
    table = np.full(size, -1, np.int32)
    for k in range(made):
        table[_slot_of(table, pairs, pairs[k])] = k
    return table


@njit(cache=True, nogil=True)
def _accepting_pairs(pairs, made, width, left_accepting, right_accepting, is_difference):
    """Return bool [made]: which pairs accept; the right state `width - 1` is the dead one."""
    accepting = np.empty(made, np.bool_)
    for k in range(made):
        b = pairs[k] % width
        in_right = b != width - 1 and right_accepting[b]
        accepting[k] = left_accepting[pairs[k] // width] and in_right != is_difference
    return accepting


@njit(cache=True, nogil=True)
def product(
    left_offsets: Ints,
    left_low: Bytes,
    left_high: Bytes,
    left_target: Ints,
    left_accepting: Bools,
    right_offsets: Ints,
    right_low: Bytes,
    right_high: Bytes,
    right_target: Ints,
    right_accepting: Bools,
    is_difference: bool,
    max_states: int,
) -> tuple[Ints, Ints, Ints, Ints, Bools]:
    """Build the product automaton: the pairs of states that are reached together.

    Args:
        left_*, right_*: the arrays of two `DFA`s.
        is_difference: False for the intersection, True for the strings of the left one that are not in the
            right one (whose missing transitions then lead to a dead state of its own).
        max_states: the most pairs allowed.

    Returns:
        offsets, low, high, target (int32), accepting of the product, not trim; offsets of length 0 if there
        are more than `max_states` pairs.
    """
    right_states = right_accepting.size
    dead = right_states
    width = np.int64(right_states + 1)
    pairs = np.zeros(64, np.int64)
    table = _enlarged_table(256, pairs, 1)
    offsets = np.zeros(65, np.int32)
    low = np.empty(256, np.int32)
    high = np.empty(256, np.int32)
    target = np.empty(256, np.int32)
    made = 1
    done = 0
    rows = 0
    while done < made:
        if made > max_states:
            return np.zeros(0, np.int32), low, high, target, np.zeros(0, np.bool_)
        a = pairs[done] // width
        b = pairs[done] % width
        j = np.int64(0)
        j_end = np.int64(0)
        if b != dead:
            j = np.int64(right_offsets[b])
            j_end = np.int64(right_offsets[b + 1])
        first_row = rows
        for i in range(left_offsets[a], left_offsets[a + 1]):
            at = np.int64(left_low[i])
            end = np.int64(left_high[i])
            while at <= end:
                # The part at..stop of the left range on which the right automaton goes to one state.
                while j < j_end and np.int64(right_high[j]) < at:
                    j += 1
                after = dead
                stop = end
                if j < j_end:
                    if np.int64(right_low[j]) <= at:
                        after = right_target[j]
                        stop = min(end, np.int64(right_high[j]))
                    else:
                        stop = min(end, np.int64(right_low[j]) - 1)
                if after != dead or is_difference:
                    pair = np.int64(left_target[i]) * width + after
                    slot = _slot_of(table, pairs, pair)
                    found = table[slot]
                    if found < 0:
                        found = table[slot] = made
                        if made == pairs.size:
                            pairs = _doubled(pairs)
                            offsets = _doubled(offsets)
                        pairs[made] = pair
                        made += 1
                        if 2 * made > table.size:
                            table = _enlarged_table(4 * table.size, pairs, made)
                    if rows > first_row and target[rows - 1] == found and high[rows - 1] + 1 == at:
                        high[rows - 1] = stop
                    else:
                        if rows == target.size:
                            low, high, target = _doubled(low), _doubled(high), _doubled(target)
                        low[rows] = at
                        high[rows] = stop
                        target[rows] = found
                        rows += 1
                at = stop + 1
        done += 1
        offsets[done] = rows
    accepting = _accepting_pairs(pairs, made, width, left_accepting, right_accepting, is_difference)
    return offsets[: made + 1], low[:rows], high[:rows], target[:rows], accepting
