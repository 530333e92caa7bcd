"""Sums over the states that matter, in numba: forward with a beam, then backward over what the beam kept.

Values are probabilities, scaled by a power of two at each position, so a step takes no exponential and no logarithm. A
prefix that is far below the position's best one is dropped, and its mass is counted. Whatever follows a prefix has at most
the probability one (the automaton is deterministic), so the mass of all canvases that were left out is at most the mass of
the prefixes that were dropped; the caller compares it with what was found. Source of the method: beam search with a
posterior bound, as in Pal, Sutton & McCallum, "Sparse forward-backward using minimum divergence beams", ICASSP 2006.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np

from canvasgen.inference.tables import Bools, Floats, Ints, Longs
from canvasgen.jit import njit

__all__ = ["backward_sums", "forward_sums"]

_LEAST = 2.2250738585072014e-308
_ROUNDED_AWAY = 1e-300  # of a position: products that underflow, beside a largest value of 1 to 2
_UNKNOWN = -1.0
_WIDEST = 900  # powers of two; products of scaled values that count stay normal numbers
_EXPONENT = np.uint64(0x7FF)
_SHIFT = np.uint64(52)
_BIAS = np.int64(1023)


@njit(cache=True, nogil=True)
def _exponent(value):
    """k such that 2^k ≤ value < 2^(k + 1), of a positive normal number."""
    return np.int64((np.float64(value).view(np.uint64) >> _SHIFT) & _EXPONENT) - _BIAS


@njit(cache=True, nogil=True)
def _power(k):
    """2^k, for −1022 ≤ k ≤ 1023."""
    return np.uint64(np.uint64(k + _BIAS) << _SHIFT).view(np.float64)


@njit(cache=True, nogil=True)
def _set_weight(row, members, is_open):
    """The probability of a class set: of its classes `members`, four sums side by side."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = members.shape[0] // 4 * 4
    for k in range(0, whole, 4):
        a += row[np.uint32(members[k])]
        b += row[np.uint32(members[k + 1])]
        c += row[np.uint32(members[k + 2])]
        d += row[np.uint32(members[k + 3])]
    for k in range(whole, members.shape[0]):
        a += row[np.uint32(members[k])]
    return (a + b) + (c + d) if is_open else 0.0


@njit(cache=True, nogil=True)
def forward_sums(
    offsets: Ints,
    target: Ints,
    index: Ints,
    set_offsets: Ints,
    set_classes: Ints,
    shares: Floats,
    tail: Floats,
    closed: Bools,
    start: int,
    needed: Ints,
    left: int,
    spread: float,
    most: int,
    weights: Floats,
    states: Ints,
    values: Floats,
    starts: Longs,
    exponents: Longs,
) -> tuple[float, int]:
    """The mass of the prefixes that lead to each state, of those that matter.

    Args:
        offsets, target, index: edges by source.
        set_offsets, set_classes: classes of each set; the last set is the tail and has none.
        shares: `[n, C + 2]`, the probabilities of the classes; tail: `[n]`, of the tail's set.
        closed: `[n, Z + 2]` or `[0, 0]`: sets that may not stand.
        start: state before the canvas.
        needed: `[S + 1]`, at least so many tokens are needed from a state to an end; -1: there is none.
        left: tokens from the start on; prefixes that cannot be finished in them are no canvases.
        spread: what lies below the largest value of a position by this factor is dropped.
        most: edges to look at.
        weights: `[n, Z + 2]`, filled with the probabilities of the sets on edges that were looked at, and -1.
        states, values: filled with the states of each position and their masses; `starts[n + 2]` with the borders of the
            positions, `exponents[n + 1]` with the powers of two that the masses are to be multiplied by.

    Returns:
        The mass that was dropped, at the last position's scale; and the number of edges, or -1 if there were more than
        `most`, or -2 if nothing is left.
    """
    length, size, tail_set = weights.shape[0], needed.shape[0], weights.shape[1] - 1
    masses, touched = np.zeros(size), np.empty(size, dtype=np.int32)
    states[0], values[0], starts[0], starts[1], exponents[0] = start, 1.0, 0, 1, 0
    dropped, edges = 0.0, 0
    for i in range(length):
        count, row = 0, weights[i]
        row[:] = _UNKNOWN
        for k in range(starts[i], starts[i + 1]):
            mass, s = values[k], states[k]
            edges += offsets[s + 1] - offsets[s]
            for e in range(offsets[s], offsets[s + 1]):
                z, t = np.uint32(index[e]), np.uint32(target[e])
                if row[z] == _UNKNOWN:
                    is_open = closed.shape[0] == 0 or not closed[i, z]
                    if z == tail_set:
                        row[z] = tail[i] if is_open else 0.0
                    else:
                        row[z] = _set_weight(
                            shares[i], set_classes[set_offsets[z] : set_offsets[z + 1]], is_open
                        )
                product = mass * row[z]
                if product > 0.0:
                    if masses[t] == 0.0:
                        touched[count] = t
                        count += 1
                    masses[t] += product
        if edges > most:
            return dropped, -1
        top, room = 0.0, left - i - 1
        for k in range(count):
            t = np.uint32(touched[k])
            if needed[t] < 0 or needed[t] > room:
                masses[t] = 0.0
            top = max(top, masses[t])
        if top < _LEAST:
            return dropped, -2
        least, place = top * spread, starts[i + 1]
        power = min(_exponent(top), 1022)
        scale = _power(-power)
        for k in range(count):
            t = np.uint32(touched[k])
            if masses[t] >= least and masses[t] > 0.0:
                states[place], values[place] = t, masses[t] * scale
                place += 1
            else:
                dropped += masses[t]
            masses[t] = 0.0
        dropped = dropped * scale + _ROUNDED_AWAY
        starts[i + 2], exponents[i + 1] = place, exponents[i] + power
    return dropped, edges


@njit(cache=True, nogil=True)
def backward_sums(
    offsets: Ints,
    target: Ints,
    index: Ints,
    weights: Floats,
    final: Bools,
    states: Ints,
    values: Floats,
    starts: Longs,
    exponents: Longs,
    whole: float,
    scores: Floats,
) -> bool:
    """The mass of the ways over each set at each position, but for its own weight, as a part of the whole.

    Args:
        offsets, target, index: edges by source.
        weights, states, values, starts, exponents: of `forward_sums`.
        final: `[S + 1]`, the states that the canvas may end in.
        whole: the mass of all canvases, at the last position's scale.
        scores: `[n, Z + 2]`, filled.

    Returns:
        False if the scaled values lie too far from the whole for the result to be good.
    """
    length = weights.shape[0]
    after, found = np.zeros(final.shape[0]), np.empty(final.shape[0])
    for k in range(starts[length], starts[length + 1]):
        after[states[k]] = 1.0 if final[states[k]] else 0.0
    exponent = np.int64(0)
    for i in range(length - 1, -1, -1):
        row, scored, top = weights[i], scores[i], 0.0
        first = starts[i]
        scored[:] = 0.0
        for k in range(first, starts[i + 1]):
            mass, s, total = values[k], states[k], 0.0
            for e in range(offsets[s], offsets[s + 1]):
                rest, z = after[np.uint32(target[e])], np.uint32(index[e])
                if rest > 0.0 and row[z] > 0.0:  # the way over a set that may not stand is none
                    total += row[z] * rest
                    scored[z] += mass * rest
            found[k - first] = total
            top = max(top, total)
        power = exponents[i] + exponent - exponents[length]
        if top < _LEAST or power > _WIDEST or power < -_WIDEST:
            return False
        part = _power(power) / whole
        for z in range(scored.shape[0]):
            scored[z] *= part
        for k in range(starts[i + 1], starts[i + 2]):
            after[np.uint32(states[k])] = 0.0
        power = min(_exponent(top), 1022)
        exponent += power
        for k in range(first, starts[i + 1]):
            after[np.uint32(states[k])] = found[k - first] * _power(-power)
    return True
