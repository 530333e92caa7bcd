"""The recurrence over positions, in numba: float64 logarithms with a true −inf.

Sums are taken of *shares*, exponentials relative to the largest value of a row, so that a state takes one exponential
and one logarithm and an edge one multiplication. Shares below e^-350 are left out; a sum that is not far above what may
have been left out (`_FAINT`) is taken again relative to its own largest term, so nothing underflows whatever the range.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np

from canvasgen.inference.numba_backend.exponential import LOWEST_64, exp64, log64
from canvasgen.inference.numba_backend.extremes import largest
from canvasgen.inference.numba_backend.group_kernels import exponentials
from canvasgen.inference.tables import Floats, Ints
from canvasgen.jit import njit

__all__ = ["pair_log", "share_rows", "summarise", "sweep_log", "sweep_max"]

# Two shares multiplied stay normal numbers.
_LEAST = -350.0
# What is left out of a sum of up to 1e6 terms is less than e^-350 · 1e6 < 1e-145: nothing beside a sum of 1e-128.
_FAINT = 1e-128
# States so far below the best one are likely to give faint sums.
_FAR = -290.0


@njit(cache=True, nogil=True)
def _shares(values, shift, out):
    """out = exp(values − shift), and 0 below e^-350."""
    for n in range(values.shape[0]):
        below = values[n] - shift
        share = exp64(below if below > _LEAST else _LEAST)
        out[n] = share if below > _LEAST else 0.0


@njit(cache=True, nogil=True)
def share_rows(values: Floats, first: int, last: int, out: Floats) -> None:
    """out[i] = exp(values[i]), rows `first:last`, of values that do not exceed 0 but by rounding; 0 below e^-350."""
    for i in range(first, last):
        _shares(values[i], 0.0, out[i])


@njit(cache=True, nogil=True)
def _logs(totals, top, out):
    """out = log(totals) + top, of totals above `_FAINT`."""
    for g in range(totals.shape[0]):
        out[g] = log64(totals[g] if totals[g] > _FAINT else _FAINT) + top


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
    exponentials(terms)
    for g in range(offsets.shape[0] - 1):
        if out[g] > -np.inf:
            total = 0.0
            for e in range(offsets[g], offsets[g + 1]):
                total += terms[e]
            out[g] += math.log(total)


@njit(cache=True, nogil=True)
def _exact_pair_sum(left, right, first, second):
    """log Σ exp(left[first] + right[second]) over the edges, relative to the largest term."""
    top = -np.inf
    for e in range(first.shape[0]):
        top = max(top, left[first[e]] + right[second[e]])
    if top == -np.inf:
        return top
    total = 0.0
    for e in range(first.shape[0]):
        below = left[first[e]] + right[second[e]] - top
        total += exp64(below if below > LOWEST_64 else LOWEST_64)
    return top + math.log(total)


@njit(cache=True, nogil=True)
def _pair_sums(left, right, left_shares, right_shares, top, edges, totals, out):
    """out[g] = log Σ exp(left[first] + right[second]) over the edges of g, by their shares relative to `top`."""
    offsets, first, second = edges
    for g in range(offsets.shape[0] - 1):
        total = 0.0
        for e in range(offsets[g], offsets[g + 1]):
            total += left_shares[np.uint32(first[e])] * right_shares[np.uint32(second[e])]
        totals[g] = total
    _logs(totals, top, out)
    for g in range(offsets.shape[0] - 1):
        if not totals[g] > _FAINT:
            low, high = offsets[g], offsets[g + 1]
            out[g] = _exact_pair_sum(left, right, first[low:high], second[low:high])


@njit(cache=True, nogil=True)
def _count_far(values, top):
    far = 0
    for n in range(values.shape[0]):
        far += (values[n] < top + _FAR) & (values[n] > -np.inf)
    return far


@njit(cache=True, nogil=True)
def sweep_log(
    offsets: Ints,
    other: Ints,
    index: Ints,
    weights: Floats,
    weight_shares: Floats,
    reverse: bool,
    out: Floats,
    shares: Floats,
    tops: Floats,
) -> None:
    """One direction of the recurrence in the log semiring; the boundary row of `out[L + 1, S + 1]` is given.

    Group g's new value is ⊕ over its edges of the last value at `other` ⊗ `weights[i, index]`.

    Args:
        offsets, other, index: edges by group.
        weights: `[L, Z + 2]`, and their exponentials by `share_rows`.
        reverse: from the last row of `out` to the first.
        out: filled.
        shares, tops: `[L + 1, S + 1]` and `[L + 1]`; filled, for every row of `out` but the last one found, with the
            row's largest value and the exponentials relative to it.
    """
    terms, totals = np.empty(other.shape[0]), np.empty(offsets.shape[0] - 1)
    length = weights.shape[0]
    for n in range(length):
        i = length - 1 - n if reverse else n
        at, to = (i + 1, i) if reverse else (i, i + 1)
        last = out[at]
        top = largest(last)
        tops[at] = top
        _shares(last, top if top > -np.inf else 0.0, shares[at])
        if 8 * _count_far(last, top) > last.shape[0]:  # most sums would be taken twice
            for e in range(terms.shape[0]):
                terms[e] = last[np.uint32(other[e])] + weights[i, np.uint32(index[e])]
            _log_sums(terms, offsets, out[to])
        else:
            edges = (offsets, other, index)
            _pair_sums(last, weights[i], shares[at], weight_shares[i], top, edges, totals, out[to])


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
    offsets: Ints,
    source: Ints,
    target: Ints,
    alpha: Floats,
    alpha_shares: Floats,
    alpha_tops: Floats,
    beta: Floats,
    beta_shares: Floats,
    beta_tops: Floats,
    first: int,
    last: int,
    out: Floats,
) -> None:
    """out[i, z] = log Σ over the edges of set z of exp(alpha[i, source] + beta[i + 1, target]), rows `first:last`.

    The shares and tops are those of `sweep_log`.
    """
    totals, edges = np.empty(offsets.shape[0] - 1), (offsets, source, target)
    for i in range(first, last):
        top = alpha_tops[i] + beta_tops[i + 1]
        _pair_sums(alpha[i], beta[i + 1], alpha_shares[i], beta_shares[i + 1], top, edges, totals, out[i])


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
