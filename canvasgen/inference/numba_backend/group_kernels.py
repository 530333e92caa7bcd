"""Sums over groups of columns, in numba: from classes to class sets, and back.

Exponentials are taken relative to the row's maximum; where a sum is too faint beside it for float64, it is taken again
relative to its own largest term.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np

from canvasgen.inference.numba_backend.exponential import LOWEST_64, exp64
from canvasgen.inference.tables import Floats, Ints
from canvasgen.jit import njit

__all__ = ["exponentials", "gather_log", "gather_max"]

_FAINT = 1e-280  # of a sum of terms of which those below e^-700 were set to that
_WIDTH = 32  # positions side by side where sums run over many members


@njit(cache=True, nogil=True)
def exponentials(terms):
    """Each term's exponential, in place."""
    for e in range(terms.shape[0]):
        terms[e] = exp64(terms[e])


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
            exponentials(linear[n])
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
