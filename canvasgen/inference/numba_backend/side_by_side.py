"""The pass over the logits of a small vocabulary, in numba: sixteen positions side by side, class by class.

Most classes of a small vocabulary have a few tokens, too few for vector code along the tokens; across positions every loop
is vector code, whatever the sizes of the classes.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np

from canvasgen.inference.numba_backend.class_kernels import MINUS_INFINITY, has_nan
from canvasgen.inference.numba_backend.exponential import LOWEST_32, exp32, log64
from canvasgen.inference.tables import Floats, Ints, Singles, Tokens
from canvasgen.jit import njit

__all__ = ["MOST_TOKENS", "reduce_side_by_side"]

MOST_TOKENS = 8192
"""Sixteen rows of so many logits stay in the second-level cache."""
_WIDTH = 16


@njit(cache=True, nogil=True)
def _largest(rows, members, values, tops):
    """Copy the logits of a class `[tokens, 16]`, and find the largest of each position."""
    tops[:] = MINUS_INFINITY
    for j in range(members.shape[0]):
        token = np.uint32(members[j])
        for r in range(_WIDTH):
            values[j, r] = rows[r, token]
        for r in range(_WIDTH):
            tops[r] = values[j, r] if values[j, r] > tops[r] else tops[r]


@njit(cache=True, nogil=True)
def _sums(values, count, tops, totals, moments):
    """Σ exp(x − top) and Σ exp(x − top) · (x − top); −inf counts as 87 nats below: nothing beside 1."""
    totals[:] = 0.0
    moments[:] = 0.0
    for j in range(count):
        for r in range(_WIDTH):
            below = values[j, r] - tops[r]
            below = below if below > LOWEST_32 else LOWEST_32
            weight = exp32(below)
            totals[r] += weight
            moments[r] += np.float64(weight) * below


@njit(cache=True, nogil=True, error_model="numpy")
def _class(size, tops, totals, moments, best, mass, mean):
    """What a class's sums say; each loop has few arrays, or it is no vector code."""
    for r in range(_WIDTH):
        best[r] = tops[r]
    if size <= 1:
        mass[:] = best
        mean[:] = 0.0
        return
    for r in range(_WIDTH):
        is_finite = abs(tops[r]) < np.inf
        totals[r] = totals[r] if is_finite else 1.0
        moments[r] = moments[r] if is_finite else 0.0
    for r in range(_WIDTH):
        mass[r] = best[r] + log64(totals[r])
    for r in range(_WIDTH):
        mean[r] = moments[r] / totals[r]


@njit(cache=True, nogil=True)
def _normalisers(mass, tops, below, out):
    """out = log Σ exp over the classes, of `mass[C + 2, 16]`; `tops` and `below` are overwritten."""
    tops[:] = -np.inf
    for c in range(mass.shape[0]):
        for r in range(_WIDTH):
            tops[r] = mass[c, r] if mass[c, r] > tops[r] else tops[r]
    for r in range(_WIDTH):
        out[r] = tops[r]
        tops[r] = tops[r] if abs(tops[r]) < np.inf else 0.0
    sums = np.zeros(_WIDTH)
    for c in range(mass.shape[0]):
        for r in range(_WIDTH):
            less = np.float32(mass[c, r] - tops[r])
            below[r] = less if less > LOWEST_32 else LOWEST_32
        for r in range(_WIDTH):
            sums[r] += exp32(below[r])
    for r in range(_WIDTH):
        out[r] = tops[r] + math.log(sums[r]) if abs(out[r]) < np.inf else out[r]


@njit(cache=True, nogil=True)
def _written(values, shifts, first, last, out):
    """Write the columns of `values[C + 2, 16]`, less their shifts, as rows `first:last`."""
    for r in range(last - first):
        for c in range(values.shape[0]):
            out[first + r, c] = values[c, r] - shifts[r]


@njit(cache=True, nogil=True)
def reduce_side_by_side(
    logits: Singles,
    logit_bits: Ints,
    tokens: Tokens,
    offsets: Ints,
    first: int,
    last: int,
    best: Floats,
    mass: Floats,
    mean: Floats,
    normaliser: Floats,
) -> int:
    """`class_kernels.reduce_rows`, for vocabularies of at most `MOST_TOKENS`."""
    classes, size = offsets.shape[0] - 1, logits.shape[1]
    for i in range(first, last):
        if has_nan(logit_bits[i]):
            return i
    rows, values = np.empty((_WIDTH, size), np.float32), np.empty((size, _WIDTH), np.float32)
    tops, shifts = np.empty(_WIDTH, np.float32), np.empty(_WIDTH, np.float32)
    totals, moments, zeros = np.empty(_WIDTH), np.empty(_WIDTH), np.zeros(_WIDTH)
    bests, masses, means = (
        np.empty((classes, _WIDTH)),
        np.empty((classes, _WIDTH)),
        np.empty((classes, _WIDTH)),
    )
    for low in range(first, last, _WIDTH):
        high = min(low + _WIDTH, last)
        block = logits[low:high]
        if high - low < _WIDTH:
            for r in range(_WIDTH):
                rows[r] = logits[min(low + r, last - 1)]
            block = rows
        for c in range(classes):
            members = tokens[offsets[c] : offsets[c + 1]]
            _largest(block, members, values, tops)
            if members.shape[0] > 1:
                for r in range(_WIDTH):
                    shifts[r] = tops[r] if abs(tops[r]) < np.inf else np.float32(0.0)
                _sums(values, members.shape[0], shifts, totals, moments)
            _class(members.shape[0], tops, totals, moments, bests[c], masses[c], means[c])
        _normalisers(masses, totals, shifts, moments)
        for r in range(high - low):
            normaliser[low + r] = moments[r]
        for r in range(_WIDTH):
            moments[r] = moments[r] if abs(moments[r]) < np.inf else 0.0
        _written(bests, moments, low, high, best)
        _written(masses, moments, low, high, mass)
        _written(means, zeros, low, high, mean)
    return -1
