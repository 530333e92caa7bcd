"""Kernels that write an automaton with more layers, and number its states by breadth first."""
# numba's functions have no types that pyright could follow:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportReturnType=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit

__all__ = ["breadth_first_order", "comes_back", "first_difference", "stretched_rows"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def stretched_rows(
    offsets: Ints,
    target: Ints,
    group: Ints,
    layer: Ints,
    place: Ints,
    pivot: Ints,
    depth: Ints,
    base: Ints,
    outside: Ints,
    core: Ints,
    shift: Ints,
) -> tuple[Longs, Ints, Ints]:
    """Write the transitions of an automaton with more layers.

    Args:
        offsets, target: of the core; row r leads to `target[r]`.
        group, layer, place: int32[S], see `Layers`.
        pivot: int32[G]: the layer that is repeated.
        depth: int32[G]: layers afterwards.
        base: int32[G]: the number of each group's first state afterwards.
        outside: int32[S]: the number of each state outside of the groups afterwards.
        core: int32[T], for each state afterwards the one of the core that it is a copy of.
        shift: int32[T], how many layers ahead of that one it is.

    Returns:
        int64[T + 1] offsets; the row of the core, and the target, of each row.
    """
    out = np.zeros(core.size + 1, np.int64)
    for t in range(core.size):
        out[t + 1] = out[t] + offsets[core[t] + 1] - offsets[core[t]]
    rows = np.empty(out[-1], np.int32)
    targets = np.empty(out[-1], np.int32)
    for t in range(core.size):
        s = core[t]
        n = out[t]
        mine = group[s]
        moves = mine >= 0 and layer[s] >= pivot[mine]
        for r in range(offsets[s], offsets[s + 1]):
            after = target[r]
            g = group[after]
            rows[n] = r
            if g < 0:
                targets[n] = outside[after]
            else:
                at = layer[after]
                if moves and g == mine and at >= pivot[g]:
                    at += shift[t]
                targets[n] = base[g] + place[after] * depth[g] + at
            n += 1
    return out, rows, targets


@njit(cache=True, nogil=True)
def first_difference(
    offsets: Ints,
    target: Ints,
    first_label: Ints,
    second_label: Ints,
    group: Ints,
    layer: Ints,
    place: Ints,
    pivot: Ints,
    ones: Ints,
    others: Ints,
) -> int:
    """Return the first k for which `others[k]` does not do what `ones[k]` does, a layer ahead; -1 if there is none.

    A target at or behind the pivot, in the same group, is a layer ahead; every other target is the same.
    """
    for k in range(ones.size):
        a, b = ones[k], others[k]
        count = offsets[a + 1] - offsets[a]
        if offsets[b + 1] - offsets[b] != count:
            return k
        for i in range(count):
            r, q = offsets[a] + i, offsets[b] + i
            if first_label[r] != first_label[q] or second_label[r] != second_label[q]:
                return k
            s, t = target[r], target[q]
            if group[s] == group[a] and layer[s] >= pivot[group[a]]:
                if group[t] != group[s] or layer[t] != layer[s] + 1 or place[t] != place[s]:
                    return k
            elif s != t:
                return k
    return -1


@njit(cache=True, nogil=True)
def comes_back(offsets: Ints, target: Ints, group: Ints, layer: Ints, last: int, wanted: int) -> bool:
    """Return whether a way leads from layer `last` of group `wanted` back to the group's layer 0."""
    states = group.size
    seen = np.zeros(states, np.bool_)
    stack = np.empty(states, np.int32)
    top = 0
    for s in range(states):
        if group[s] == wanted and layer[s] == last:
            seen[s] = True
            stack[top] = s
            top += 1
    while top > 0:
        top -= 1
        s = stack[top]
        for r in range(offsets[s], offsets[s + 1]):
            t = target[r]
            if group[t] == wanted and layer[t] == 0:
                return True
            if not seen[t]:
                seen[t] = True
                stack[top] = t
                top += 1
    return False


@njit(cache=True, nogil=True)
def breadth_first_order(offsets: Longs, target: Ints) -> tuple[Ints, Ints]:
    """Number states by breadth first over rows in order, from state 0, which reaches all.

    Returns:
        int32[S] each: the new number of each state, and the state of each new number.
    """
    states = offsets.size - 1
    number = np.full(states, -1, np.int32)
    order = np.empty(states, np.int32)
    number[0] = 0
    order[0] = 0
    made = 1
    done = 0
    while done < made:
        s = order[done]
        for r in range(offsets[s], offsets[s + 1]):
            t = target[r]
            if number[t] < 0:
                number[t] = made
                order[made] = t
                made += 1
        done += 1
    return number, order
