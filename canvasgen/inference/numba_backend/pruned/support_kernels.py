"""Which class sets can stand at which position at all, in numba: the recurrence in the Boolean semiring."""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np

from canvasgen.inference.tables import Bools, Ints
from canvasgen.jit import njit

__all__ = ["class_support", "open_sets", "set_support"]


@njit(cache=True, nogil=True)
def open_sets(possible: Bools, set_offsets: Ints, set_classes: Ints, out: Bools) -> None:
    """out[i, z] = some class of set z is possible[i, c]; the last set, the tail, is left as it is."""
    for i in range(possible.shape[0]):
        for z in range(out.shape[1] - 1):
            found = False
            for k in range(set_offsets[z], set_offsets[z + 1]):
                found |= possible[i, set_classes[k]]
            out[i, z] = found


@njit(cache=True, nogil=True)
def set_support(
    offsets: Ints, target: Ints, index: Ints, open_at: Bools, start: int, final: Bools, out: Bools
) -> None:
    """out[i, z] = some way from the start to the end takes set z at position i.

    Args:
        offsets, target, index: edges by source.
        open_at: bool `[n, Z + 2]`, the sets that may stand.
        start: state before the canvas.
        final: bool `[S + 1]`, the states that the canvas may end in.
        out: bool `[n, Z + 2]`, all False; filled.
    """
    length = open_at.shape[0]
    reached = np.zeros((length + 1, final.shape[0]), dtype=np.bool_)
    reached[0, start] = True
    for i in range(length):
        for s in range(final.shape[0]):
            if reached[i, s]:
                for e in range(offsets[s], offsets[s + 1]):
                    if open_at[i, np.uint32(index[e])]:
                        reached[i + 1, np.uint32(target[e])] = True
    leads, next_leads = np.empty_like(final), final.copy()
    for i in range(length - 1, -1, -1):
        for s in range(final.shape[0]):
            leads[s] = False
            if reached[i, s]:
                for e in range(offsets[s], offsets[s + 1]):
                    z = np.uint32(index[e])
                    if next_leads[np.uint32(target[e])] and open_at[i, z]:
                        leads[s] = out[i, z] = True
        leads, next_leads = next_leads, leads


@njit(cache=True, nogil=True)
def class_support(sets: Bools, set_offsets: Ints, set_classes: Ints, out: Bools) -> None:
    """out[i, c] = class c is in a set of `sets[i]`; the last set, the tail, has all classes."""
    for i in range(sets.shape[0]):
        out[i] = sets[i, sets.shape[1] - 1]
        for z in range(sets.shape[1] - 1):
            if sets[i, z]:
                for k in range(set_offsets[z], set_offsets[z + 1]):
                    out[i, set_classes[k]] = True
