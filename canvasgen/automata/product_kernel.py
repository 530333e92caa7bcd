"""The product of two deterministic automata, in numba: their intersection or their difference."""

# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["product"]


@njit(cache=True, nogil=True)
def _spread(x):
    """A 64-bit hash of a pair's number."""
    z = np.uint64(x) * np.uint64(0x9E3779B97F4A7C15)
    return z ^ (z >> np.uint64(29))


@njit(cache=True, nogil=True)
def product(
    left_offsets,
    left_low,
    left_high,
    left_target,
    left_accepting,
    right_offsets,
    right_low,
    right_high,
    right_target,
    right_accepting,
    is_difference,
    max_states,
):
    """The pairs of states reachable together.

    Args:
        left_*, right_*: the arrays of two `DFA`s.
        is_difference: False for the intersection, True for the strings of the left one that are not in the right one (whose
            missing transitions then lead to a dead state of its own).
        max_states: the most pairs allowed.

    Returns:
        offsets, low, high, target (int32), accepting of the product, not trim; offsets of length 0 if there are more than
        `max_states` pairs.
    """
    right_states = right_accepting.size
    dead = right_states
    width = np.int64(right_states + 1)
    pairs = np.empty(64, np.int64)
    table = np.full(256, -1, np.int32)
    offsets = np.zeros(65, np.int32)
    low = np.empty(256, np.int32)
    high = np.empty(256, np.int32)
    target = np.empty(256, np.int32)
    pairs[0] = 0
    table[np.int64(_spread(np.int64(0)) & np.uint64(255))] = 0
    made = 1
    done = 0
    rows = 0
    while done < made:
        if made > max_states:
            return offsets[:0], low, high, target, left_accepting[:0]
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
                    slot = np.int64(_spread(pair) & np.uint64(table.size - 1))
                    while table[slot] >= 0 and pairs[table[slot]] != pair:
                        slot = (slot + 1) & (table.size - 1)
                    found = table[slot]
                    if found < 0:
                        found = made
                        table[slot] = made
                        if made == pairs.size:
                            more = np.empty(2 * made, np.int64)
                            more[:made] = pairs
                            pairs = more
                            more_offsets = np.zeros(2 * made + 1, np.int32)
                            more_offsets[: done + 1] = offsets[: done + 1]
                            offsets = more_offsets
                        pairs[made] = pair
                        made += 1
                        if 2 * made > table.size:
                            table = np.full(4 * table.size, -1, np.int32)
                            for k in range(made):
                                slot = np.int64(_spread(pairs[k]) & np.uint64(table.size - 1))
                                while table[slot] >= 0:
                                    slot = (slot + 1) & (table.size - 1)
                                table[slot] = k
                    if rows > first_row and target[rows - 1] == found and high[rows - 1] + 1 == at:
                        high[rows - 1] = stop
                    else:
                        if rows == target.size:
                            low = np.concatenate((low, low))
                            high = np.concatenate((high, high))
                            target = np.concatenate((target, target))
                        low[rows] = at
                        high[rows] = stop
                        target[rows] = found
                        rows += 1
                at = stop + 1
        done += 1
        offsets[done] = rows
    accepting = np.empty(made, np.bool_)
    for k in range(made):
        b = pairs[k] % width
        in_right = b != dead and right_accepting[b]
        accepting[k] = left_accepting[pairs[k] // width] and in_right != is_difference
    return offsets[: made + 1], low[:rows], high[:rows], target[:rows], accepting
