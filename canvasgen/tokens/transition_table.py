"""The automaton as a table over byte classes, which the walk of the trie reads."""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit
from canvasgen.tokens.interning import mix

__all__ = ["transition_columns"]

Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

_BLOCK = 16  # states whose rows are transposed at a time: 64 bytes of int32


@njit(cache=True, nogil=True)
def transition_columns(offsets: Ints, low: Bytes, high: Bytes, target: Ints) -> tuple[Bytes, Ints, int]:
    """Return the automaton as a table over byte classes.

    Returns:
        uint8[256], the class of each byte; int32[K or more, S], the target for each class and state, -1 for none; K.
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
    hashes = np.zeros(count + 1, np.uint64)
    rows = np.empty((_BLOCK, count), np.int32)
    for first in range(0, states, _BLOCK):
        last = min(first + _BLOCK, states)
        for s in range(first, last):
            for k in range(count):
                rows[s - first, k] = -1
            for r in range(offsets[s], offsets[s + 1]):
                weight = mix((np.int64(s) << 32) | np.int64(target[r]))
                hashes[interval[low[r]]] += weight  # summed up below
                hashes[interval[high[r]] + 1] -= weight
                for k in range(interval[low[r]], interval[high[r]] + 1):
                    rows[s - first, k] = target[r]
        for k in range(count):
            for s in range(first, last):
                columns[k, s] = rows[s - first, k]

    for k in range(1, count):
        hashes[k] += hashes[k - 1]

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
    return byte_class, columns, classes
