"""Lists of numbers, each kept once: equal lists have one number (hash-consing)."""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit

__all__ = ["Count", "Store", "intern", "intern_summed", "mix"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

Count = int | np.int64 | np.uint64
Store = tuple[Ints, Words, Longs, Longs]
"""Distinct lists for `intern`: table, hashes, offsets, data. Zeros at first; the sizes are the capacities."""


@njit(cache=True, nogil=True, inline="always")
def mix(value: Count) -> np.uint64:
    """Return a bijection of 64 bits that spreads every input bit (the finaliser of SplitMix64)."""
    z = np.uint64(value) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True, _nrt=False)
def intern(table: Ints, hashes: Words, offsets: Longs, data: Longs, count: Count, stop: Count) -> Count:
    """Return the number of the list `data[offsets[count]:stop]`: `count` if it is new, and then it is kept.

    `table` (zeros at first, a power of two long and never full) is open addressing over number + 1.
    """
    total = np.uint64(0)
    for k in range(offsets[count], stop):
        total += mix(data[k])
    return intern_summed(table, hashes, offsets, data, count, stop, total)


@njit(cache=True, nogil=True, _nrt=False)
def intern_summed(
    table: Ints, hashes: Words, offsets: Longs, data: Longs, count: Count, stop: Count, total: np.uint64
) -> Count:
    """Do what `intern` does for who knows the sum `total` of the `mix` of the list's numbers."""
    start = offsets[count]
    total = mix(total + np.uint64(stop - start))
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
