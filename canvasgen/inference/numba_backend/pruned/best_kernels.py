"""The best canvas over the states that matter, in numba: forward with a bound, backward over what it kept.

From a state at least so many tokens are needed to an end, and each weighs no more than its position's best token of any
class that is text. So a prefix has a bound on what it can become (an admissible heuristic, as in A*), and one whose bound
lies below the weight of a whole canvas is in no best one. The states kept hold every best canvas, so that the choice among
equals is that of the whole lattice.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np

from canvasgen.inference.tables import Bools, Floats, Ints, Longs
from canvasgen.jit import njit

__all__ = ["backward_best", "forward_best"]

_UNKNOWN = 1.0
_FAINTEST = -1e4
"""Nats of a position's best token in bounds, at least: their sums stay exact enough, and a larger bound is one, too."""


@njit(cache=True, nogil=True)
def _set_weight(row, members, is_open):
    """The log-probability of the best token of a class set; four classes side by side."""
    a, b, c, d = -np.inf, -np.inf, -np.inf, -np.inf
    whole = members.shape[0] // 4 * 4
    for k in range(0, whole, 4):
        u, v = row[np.uint32(members[k])], row[np.uint32(members[k + 1])]
        w, x = row[np.uint32(members[k + 2])], row[np.uint32(members[k + 3])]
        a, b = u if u > a else a, v if v > b else b
        c, d = w if w > c else c, x if x > d else d
    for k in range(whole, members.shape[0]):
        u = row[np.uint32(members[k])]
        a = u if u > a else a
    a, c = b if b > a else a, d if d > c else c
    return (c if c > a else a) if is_open else -np.inf


@njit(cache=True, nogil=True)
def _passed(best, ahead):
    """ahead[i] = the most that text can weigh on the positions before i, all but the last class being text or an end."""
    ahead[0] = 0.0
    for i in range(best.shape[0]):
        top = _FAINTEST
        for c in range(best.shape[1] - 1):
            top = max(top, best[i, c])
        ahead[i + 1] = ahead[i] + top


@njit(cache=True, nogil=True)
def forward_best(
    offsets: Ints,
    target: Ints,
    index: Ints,
    set_offsets: Ints,
    set_classes: Ints,
    best: Floats,
    tail: Floats,
    closed: Bools,
    start: int,
    needed: Ints,
    left: int,
    final: Bools,
    spread: float,
    floor: float,
    most: int,
    weights: Floats,
    states: Ints,
    starts: Longs,
) -> tuple[float, float, int]:
    """The states on the way of the best canvases.

    Args:
        best: `[n, C + 2]`, log-probability of each class's best token; tail: `[n]`, of the tail's set.
        final: `[S + 1]`, the states that the canvas may end in.
        spread, floor: prefixes whose bound is more than `spread` nats below their position's best bound, or below `floor`,
            are dropped.
        weights: `[n, Z + 2]`, filled with the log-weights of the sets on edges that were looked at, and 1.
        states, starts: filled as by `forward_sums`, which has the other arguments.

    Returns:
        The best canvas that was found, −inf if none was; the best bound of a prefix that was dropped; and the number of
        edges, or -1 if there were more than `most`.
    """
    length, size, tail_set = weights.shape[0], needed.shape[0], weights.shape[1] - 1
    tops, touched = np.full(size, -np.inf), np.empty(size, dtype=np.int32)
    last, bounds, ahead, kept = np.empty(size), np.empty(size), np.empty(length + 1), 1
    _passed(best[:length], ahead)  # the tables may be those of a longer canvas
    states[0], last[0], starts[0], starts[1] = start, 0.0, 0, 1
    dropped, edges = -np.inf, 0
    for i in range(length):
        count, row, first = 0, weights[i], starts[i]
        row[:] = _UNKNOWN
        for k in range(kept):
            value, s = last[k], states[first + k]
            edges += int(offsets[s + 1] - offsets[s])
            for e in range(offsets[s], offsets[s + 1]):
                z, t = np.uint32(index[e]), np.uint32(target[e])
                if row[z] == _UNKNOWN:
                    is_open = closed.shape[0] == 0 or not closed[i, z]
                    if z == tail_set:
                        row[z] = tail[i] if is_open else -np.inf
                    else:
                        row[z] = _set_weight(
                            best[i], set_classes[set_offsets[z] : set_offsets[z + 1]], is_open
                        )
                total = value + row[z]
                if total > tops[t]:
                    if tops[t] == -np.inf:
                        touched[count] = t
                        count += 1
                    tops[t] = total
        if edges > most:
            return -np.inf, dropped, -1
        top, room = -np.inf, left - i - 1
        for k in range(count):
            t = np.uint32(touched[k])
            if needed[t] < 0 or needed[t] > room:
                bounds[k] = -np.inf
            else:
                bounds[k] = tops[t] + (ahead[min(i + 1 + needed[t], length)] - ahead[i + 1])
            top = max(top, bounds[k])
        least, kept = max(top - spread, floor), 0
        for k in range(count):
            t = np.uint32(touched[k])
            if bounds[k] >= least and bounds[k] > -np.inf:
                states[starts[i + 1] + kept], last[kept] = t, tops[t]
                kept += 1
            else:
                dropped = max(dropped, bounds[k])
            tops[t] = -np.inf
        starts[i + 2] = starts[i + 1] + kept
    found = -np.inf
    for k in range(kept):
        if final[states[starts[length] + k]]:
            found = max(found, last[k])
    return found, dropped, edges


@njit(cache=True, nogil=True)
def backward_best(
    offsets: Ints,
    target: Ints,
    index: Ints,
    set_offsets: Ints,
    set_classes: Ints,
    best: Floats,
    weights: Floats,
    final: Bools,
    states: Ints,
    starts: Longs,
    edges: Ints,
    classes: Longs,
) -> float:
    """Follow the best canvas over the states of `forward_best`, which has the other arguments.

    Of equals it is the first by target state, class and token, as in `path_kernels.best_path`.

    Args:
        edges: as long as `states`; overwritten.
        classes: int64 `[n]`, filled with the class of each position, -1 in the tail.

    Returns:
        The log-weight of the canvas.
    """
    length, tail_set = weights.shape[0], weights.shape[1] - 1
    after, found = np.full(final.shape[0], -np.inf), np.empty(final.shape[0])
    for k in range(starts[length], starts[length + 1]):
        after[states[k]] = 0.0 if final[states[k]] else -np.inf
    for i in range(length - 1, -1, -1):
        for k in range(starts[i], starts[i + 1]):
            s, top, chosen = states[k], -np.inf, -1
            for e in range(offsets[s], offsets[s + 1]):
                rest = after[np.uint32(target[e])]
                if rest > -np.inf:
                    value = weights[i, np.uint32(index[e])] + rest
                    if value > top:
                        top, chosen = value, e
            found[k - starts[i]], edges[k] = top, chosen
        for k in range(starts[i + 1], starts[i + 2]):
            after[np.uint32(states[k])] = -np.inf
        for k in range(starts[i], starts[i + 1]):
            after[np.uint32(states[k])] = found[k - starts[i]]
    place = starts[0]
    for i in range(length):
        edge = edges[place]
        z, state = index[edge], target[edge]
        classes[i] = -1
        if z != tail_set:
            top = -np.inf
            for k in range(set_offsets[z], set_offsets[z + 1]):
                if best[i, set_classes[k]] > top:
                    top = best[i, set_classes[k]]
                    classes[i] = set_classes[k]
        place = starts[i + 1]
        while i + 1 < length and states[place] != state:
            place += 1
    return float(after[states[starts[0]]])
