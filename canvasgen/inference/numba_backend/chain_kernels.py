"""The recurrence over positions, in numba: float64 logarithms with a true −inf.

Sums of exponentials are taken relative to the largest term of each sum, so nothing underflows whatever the
range.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np
from numba import njit

from canvasgen.inference.numba_backend.exponential import LOWEST_64, exp64
from canvasgen.inference.tables import Floats, Ints

__all__ = ["gather_log", "gather_max", "pair_log", "summarise", "sweep_log", "sweep_max"]

# A sum of terms relative to the row's maximum is exact in float64 down to here; below it is taken again by
# itself.
_FAINT = 1e-280
_WIDTH = 32  # positions side by side where sums run over many members


@njit(cache=True, nogil=True)
def _exact_log_sum(row, members):
    top = -np.inf
    for k in range(members.shape[0]):
        top = max(top, row[members[k]])
    if top == -np.inf:
        return top
    total = 0.0
    for k in range(members.shape[0]):
        total += math.exp(row[members[k]] - top)
    return top + math.log(total)


@njit(cache=True, nogil=True)
def _transposed(values, first, last, out):
    """Rows `first:last` of `values` as columns of `out`; what is left of its width repeats the last row."""
    for j in range(out.shape[1]):
        row = values[min(first + j, last - 1)]
        for n in range(row.shape[0]):
            out[n, j] = row[n]


@njit(cache=True, nogil=True)
def gather_log(values: Floats, offsets: Ints, members: Ints, first: int, last: int, out: Floats) -> None:
    """out[i, g] = log Σ over members n of group g of exp(values[i, n]), rows `first:last`."""
    linear, tops, totals = np.empty((values.shape[1], _WIDTH)), np.empty(_WIDTH), np.empty(_WIDTH)
    for low in range(first, last, _WIDTH):
        high = min(low + _WIDTH, last)
        _transposed(values, low, high, linear)
        tops[:] = -np.inf
        for n in range(linear.shape[0]):
            for j in range(_WIDTH):
                tops[j] = linear[n, j] if linear[n, j] > tops[j] else tops[j]
        for j in range(_WIDTH):
            tops[j] = tops[j] if tops[j] > -np.inf else 0.0
        for n in range(linear.shape[0]):
            for j in range(_WIDTH):
                below = linear[n, j] - tops[j]
                linear[n, j] = below if below > LOWEST_64 else LOWEST_64
            _exponentials(linear[n])
        for g in range(offsets.shape[0] - 1):
            totals[:] = 0.0
            for k in range(offsets[g], offsets[g + 1]):
                n = np.uint32(members[k])
                for j in range(_WIDTH):
                    totals[j] += linear[n, j]
            for j in range(high - low):
                if totals[j] > _FAINT:
                    out[low + j, g] = tops[j] + math.log(totals[j])
                else:
                    out[low + j, g] = _exact_log_sum(values[low + j], members[offsets[g] : offsets[g + 1]])


@njit(cache=True, nogil=True)
def gather_max(values: Floats, offsets: Ints, members: Ints, first: int, last: int, out: Floats) -> None:
    """out[i, g] = max over members n of group g of values[i, n], rows `first:last`."""
    columns, tops = np.empty((values.shape[1], _WIDTH)), np.empty(_WIDTH)
    for low in range(first, last, _WIDTH):
        high = min(low + _WIDTH, last)
        _transposed(values, low, high, columns)
        for g in range(offsets.shape[0] - 1):
            tops[:] = -np.inf
            for k in range(offsets[g], offsets[g + 1]):
                n = np.uint32(members[k])
                for j in range(_WIDTH):
                    tops[j] = columns[n, j] if columns[n, j] > tops[j] else tops[j]
            for j in range(high - low):
                out[low + j, g] = tops[j]


@njit(cache=True, nogil=True)
def _exponentials(terms):
    for e in range(terms.shape[0]):
        terms[e] = exp64(terms[e])


@njit(cache=True, nogil=True)
def _log_sums(terms, offsets, out):
    """out[g] = log Σ exp(terms of g); overwrites `terms`."""
    for g in range(offsets.shape[0] - 1):
        top = -np.inf
        for e in range(offsets[g], offsets[g + 1]):
            top = max(top, terms[e])
        out[g] = top
        shift = top if top > -np.inf else 0.0
        for e in range(offsets[g], offsets[g + 1]):
            terms[e] = max(terms[e] - shift, LOWEST_64)
    _exponentials(terms)
    for g in range(offsets.shape[0] - 1):
        if out[g] > -np.inf:
            total = 0.0
            for e in range(offsets[g], offsets[g + 1]):
                total += terms[e]
            out[g] += math.log(total)


@njit(cache=True, nogil=True)
def sweep_log(offsets: Ints, other: Ints, index: Ints, weights: Floats, reverse: bool, out: Floats) -> None:
    """One direction of the recurrence in the log semiring; the boundary row of `out[L + 1, S + 1]` is given.

    Group g's new value is ⊕ over its edges of the last value at `other` ⊗ `weights[i, index]`.
    """
    terms = np.empty(other.shape[0])
    length = weights.shape[0]
    for n in range(length):
        i = length - 1 - n if reverse else n
        last, new = (out[i + 1], out[i]) if reverse else (out[i], out[i + 1])
        for e in range(terms.shape[0]):
            terms[e] = last[np.uint32(other[e])] + weights[i, np.uint32(index[e])]
        _log_sums(terms, offsets, new)


@njit(cache=True, nogil=True)
def sweep_max(offsets: Ints, other: Ints, index: Ints, weights: Floats, reverse: bool, out: Floats) -> None:
    """`sweep_log` in the max semiring."""
    length = weights.shape[0]
    for n in range(length):
        i = length - 1 - n if reverse else n
        last, new = (out[i + 1], out[i]) if reverse else (out[i], out[i + 1])
        for g in range(offsets.shape[0] - 1):
            top = -np.inf
            for e in range(offsets[g], offsets[g + 1]):
                top = max(top, last[np.uint32(other[e])] + weights[i, np.uint32(index[e])])
            new[g] = top


@njit(cache=True, nogil=True)
def pair_log(
    offsets: Ints, source: Ints, target: Ints, alpha: Floats, beta: Floats, first: int, last: int, out: Floats
) -> None:
    """out[i, z] = log Σ over the edges of set z of exp(alpha[i, source] + beta[i + 1, target])."""
    terms = np.empty(source.shape[0])
    for i in range(first, last):
        for e in range(terms.shape[0]):
            terms[e] = alpha[i, np.uint32(source[e])] + beta[i + 1, np.uint32(target[e])]
        _log_sums(terms, offsets, out[i])


@njit(cache=True, nogil=True)
def summarise(
    best: Floats,
    mass: Floats,
    mean: Floats,
    bias: Floats,
    marginals: Floats,
    entropies: Floats,
    allowed: Floats,
) -> None:
    """Class-level answers at each position, all in logarithms.

    Args:
        best, mass, mean: of `ClassTables`, `[L, C + 2]`.
        bias: log of the factor from p_i to the constrained marginal, `[L, C + 2]`.
        marginals: filled with the classes' constrained log-probabilities, `[L, C + 2]`.
        entropies: filled with the entropies of the tokens' constrained marginals, `[L]`; 0 · log 0 = 0.
        allowed: filled with the log of the mass that p_i puts on classes that are possible, `[L]`.
    """
    for i in range(mass.shape[0]):
        entropy, top = 0.0, -np.inf
        for c in range(mass.shape[1]):
            value = mass[i, c] + bias[i, c]
            marginals[i, c] = value
            if value > -np.inf:
                top = max(top, mass[i, c])
                if value > LOWEST_64:
                    entropy -= math.exp(value) * (best[i, c] + mean[i, c] + bias[i, c])
        total = 0.0
        for c in range(mass.shape[1]):
            if marginals[i, c] > -np.inf:
                total += exp64(max(mass[i, c] - top, LOWEST_64))
        entropies[i] = max(entropy, 0.0)
        allowed[i] = min(top + math.log(total), 0.0)
