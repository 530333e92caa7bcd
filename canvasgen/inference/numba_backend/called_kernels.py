"""One step of the recurrence for states with columns: a body's S states, each with its K callers side by side.

An edge moves a line of K numbers, so that its weight is read once for all callers. Sums are taken of shares, as in
`chain_kernels`: exponentials relative to the largest value, here of each column; what is faint beside that is summed
again relative to its own largest term. The frame is the same with one column.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np

from canvasgen.inference.numba_backend.exponential import LOWEST_64, exp64, log64
from canvasgen.inference.tables import Floats, Ints, Longs
from canvasgen.jit import njit

__all__ = ["add_to", "collect", "column_shares", "pair_columns", "step_columns", "top_columns"]

_NOTHING = -40.0  # so far below, a term of two changes no float64
_LEAST = -350.0  # two shares multiplied stay normal numbers
_FAINT = 1e-128  # as in `chain_kernels`


@njit(cache=True, nogil=True)
def column_shares(values: Floats, shares: Floats, tops: Floats) -> None:
    """Fill `tops[K]` with the largest value of each column of `values[S, K]`, and `shares[S, K]` relative to it."""
    states, columns = values.shape
    tops[:] = -np.inf
    for s in range(states):
        for k in range(columns):
            tops[k] = values[s, k] if values[s, k] > tops[k] else tops[k]
    shift = np.empty(columns)
    for k in range(columns):
        shift[k] = tops[k] if tops[k] > -np.inf else 0.0
    for s in range(states):
        for k in range(columns):
            shares[s, k] = values[s, k] - shift[k]
    flat = shares.reshape(states * columns)
    for n in range(flat.shape[0]):
        below = flat[n]
        share = exp64(below if below > _LEAST else _LEAST)
        flat[n] = share if below > _LEAST else 0.0


@njit(cache=True, nogil=True)
def _exact(last, weights, other, index, k):
    """log Σ over edges of exp(last[other, k] + weights[index]), relative to the largest term."""
    top = -np.inf
    for e in range(other.shape[0]):
        top = max(top, last[other[e], k] + weights[index[e]])
    if top == -np.inf:
        return top
    total = 0.0
    for e in range(other.shape[0]):
        below = last[other[e], k] + weights[index[e]] - top
        total += exp64(below if below > LOWEST_64 else LOWEST_64)
    return top + math.log(total)


@njit(cache=True, nogil=True)
def step_columns(
    offsets: Ints,
    other: Ints,
    index: Ints,
    last: Floats,
    shares: Floats,
    tops: Floats,
    weights: Floats,
    weight_shares: Floats,
    totals: Floats,
    out: Floats,
) -> None:
    """out[g, k] = log Σ over the edges of state g of exp(last[other, k] + weights[index]).

    Args:
        offsets, other, index: edges by the state that they are summed in.
        last: `[S, K]`, with its shares and tops by `column_shares`.
        weights: `[Z + 2]`, and their exponentials (0 below e^-350).
        totals, out: `[S, K]`; filled.
    """
    states, columns = out.shape
    for g in range(states):
        for k in range(columns):
            totals[g, k] = 0.0
        for e in range(offsets[g], offsets[g + 1]):
            weight, source = weight_shares[np.uint32(index[e])], np.uint32(other[e])
            if weight > 0.0:
                for k in range(columns):
                    totals[g, k] += shares[source, k] * weight
    flat, logs = totals.reshape(states * columns), out.reshape(states * columns)
    for n in range(flat.shape[0]):
        logs[n] = log64(flat[n] if flat[n] > _FAINT else _FAINT)
    for g in range(states):
        low, high = offsets[g], offsets[g + 1]
        for k in range(columns):
            out[g, k] += tops[k]
            if not totals[g, k] > _FAINT:
                out[g, k] = -np.inf
                if tops[k] > -np.inf:
                    out[g, k] = _exact(last, weights, other[low:high], index[low:high], k)


@njit(cache=True, nogil=True)
def top_columns(offsets: Ints, other: Ints, index: Ints, last: Floats, weights: Floats, out: Floats) -> None:
    """`step_columns` in the max semiring."""
    states, columns = out.shape
    for g in range(states):
        for k in range(columns):
            out[g, k] = -np.inf
        for e in range(offsets[g], offsets[g + 1]):
            weight, source = weights[np.uint32(index[e])], np.uint32(other[e])
            for k in range(columns):
                value = last[source, k] + weight
                out[g, k] = value if value > out[g, k] else out[g, k]


@njit(cache=True, nogil=True)
def collect(values: Floats, shares: Floats, tops: Floats, states: Longs, out: Floats) -> None:
    """out[k] = log Σ over some states of exp(values[s, k]); shares and tops by `column_shares`."""
    columns = values.shape[1]
    totals = np.zeros(columns)
    for n in range(states.shape[0]):
        for k in range(columns):
            totals[k] += shares[states[n], k]
    for k in range(columns):
        if totals[k] > _FAINT:
            out[k] = tops[k] + math.log(totals[k])
            continue
        top, total = -np.inf, 0.0
        for n in range(states.shape[0]):
            top = max(top, values[states[n], k])
        if top > -np.inf:
            for n in range(states.shape[0]):
                total += math.exp(values[states[n], k] - top)
            top += math.log(total)
        out[k] = top


@njit(cache=True, nogil=True)
def add_to(values: Floats, states: Longs, more: Floats) -> None:
    """values[s, k] = log(exp(values[s, k]) + exp(more[k])) for some states s."""
    for n in range(states.shape[0]):
        for k in range(more.shape[0]):
            old, new = values[states[n], k], more[k]
            top, least = (old, new) if old > new else (new, old)
            if least > top + _NOTHING:
                top += log64(1.0 + exp64(least - top))
            values[states[n], k] = top


@njit(cache=True, nogil=True)
def pair_columns(
    offsets: Ints,
    source: Ints,
    target: Ints,
    alpha: Floats,
    alpha_shares: Floats,
    alpha_tops: Floats,
    beta: Floats,
    beta_shares: Floats,
    beta_tops: Floats,
    out: Floats,
) -> None:
    """out[z] = log Σ over the edges of set z and the columns k of exp(alpha[source, k] + beta[target, k]).

    Sets without edges are left as they are. Shares and tops by `column_shares`; `alpha_shares` is overwritten.
    """
    states, columns = alpha.shape
    top = -np.inf
    for k in range(columns):
        top = max(top, alpha_tops[k] + beta_tops[k])
    factors = np.zeros(columns)
    if top > -np.inf:
        for k in range(columns):
            factors[k] = math.exp(alpha_tops[k] + beta_tops[k] - top)
    for s in range(states):
        for k in range(columns):
            alpha_shares[s, k] *= factors[k]
    for z in range(offsets.shape[0] - 1):
        if offsets[z] == offsets[z + 1]:
            continue
        total = 0.0
        for e in range(offsets[z], offsets[z + 1]):
            left, right = np.uint32(source[e]), np.uint32(target[e])
            for k in range(columns):
                total += alpha_shares[left, k] * beta_shares[right, k]
        if total > _FAINT:
            out[z] = top + math.log(total)
            continue
        own = -np.inf
        if top > -np.inf:
            for e in range(offsets[z], offsets[z + 1]):
                for k in range(columns):
                    own = max(own, alpha[source[e], k] + beta[target[e], k])
        if own > -np.inf:
            total = 0.0
            for e in range(offsets[z], offsets[z + 1]):
                for k in range(columns):
                    below = alpha[source[e], k] + beta[target[e], k] - own
                    total += exp64(below if below > LOWEST_64 else LOWEST_64)
            own += math.log(total)
        out[z] = own
