"""The recurrence over *runs*, in numba: edges side by side that carry one class set.

Edge j of a run joins state `source + j` to state `target + j`, as the layers of a counted repeat are joined. So a run is
an addition of one piece of an array to another, without a look-up per edge. What is in no run is a group of edges, as
elsewhere.

Where no value is so far below the largest one that its share would be faint (`chain_kernels`), sums are taken of shares;
elsewhere each state's terms are exponentials relative to the largest of them, so that nothing underflows whatever the
range is.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np

from canvasgen.inference.numba_backend.exponential import LOWEST_64, exp64, log64
from canvasgen.inference.numba_backend.extremes import largest, largest_gap, largest_sum, least_finite
from canvasgen.inference.numba_backend.group_kernels import exponentials
from canvasgen.inference.tables import Floats, Ints
from canvasgen.jit import njit

__all__ = ["find_runs", "run_pair_log", "run_sweep_log", "run_sweep_max"]

# A product of shares above this is far above what is left out of a sum.
_CLEAR = -290.0
# Terms so far below the largest one are nothing beside it: e^-60 of up to 1e6 terms is less than 1e-20.
_NOTHING = -60.0
_BLOCK = 64  # terms that are left out together


@njit(cache=True, nogil=True)
def find_runs(offsets: Ints, target: Ints, index: Ints) -> tuple[Ints, Ints, int]:
    """Follow each edge to the one of the next source that has the same set and leads one state further.

    Args:
        offsets, target, index: edges by source, targets ascending.

    Returns:
        int32[E], the run of each edge; int32[E], the first edge of each run; the number of runs.
    """
    run = np.empty(target.shape[0], np.int32)
    first = np.empty(target.shape[0], np.int32)
    count = 0
    for s in range(offsets.shape[0] - 1):
        p = offsets[s - 1] if s > 0 else 0
        stop = offsets[s] if s > 0 else 0
        for e in range(offsets[s], offsets[s + 1]):
            while p < stop and target[p] + 1 < target[e]:
                p += 1
            if p < stop and target[p] + 1 == target[e] and index[p] == index[e]:
                run[e] = run[p]
                p += 1
            else:
                run[e] = count
                first[count] = e
                count += 1
    return run, first, count


@njit(cache=True, nogil=True)
def _shares(values, shift, out):
    """out = exp(values − shift), and 0 for −inf; of values at most 700 below the shift."""
    for n in range(values.shape[0]):
        below = values[n] - shift
        share = exp64(below if below > LOWEST_64 else LOWEST_64)
        out[n] = share if values[n] > -np.inf else 0.0


@njit(cache=True, nogil=True)
def _add(totals, shares, weight):
    for j in range(shares.shape[0]):
        totals[j] += shares[j] * weight


@njit(cache=True, nogil=True)
def _raise(tops, values, weight):
    for j in range(values.shape[0]):
        value = values[j] + weight
        tops[j] = value if value > tops[j] else tops[j]


@njit(cache=True, nogil=True)
def _add_block(totals, tops, values, weight):
    for j in range(values.shape[0]):
        below = values[j] + weight - tops[j]
        totals[j] += exp64(below if below > LOWEST_64 else LOWEST_64)


@njit(cache=True, nogil=True)
def _add_exponentials(totals, tops, values, weight):
    """Add exp(values + weight − tops) to totals, but for blocks that are nothing beside the largest terms."""
    for low in range(0, values.shape[0], _BLOCK):
        high = min(low + _BLOCK, values.shape[0])
        if largest_gap(values[low:high], tops[low:high]) + weight > _NOTHING:
            _add_block(totals[low:high], tops[low:high], values[low:high], weight)


@njit(cache=True, nogil=True)
def _log_totals(totals, top, out):
    """out = log(totals) + top, −inf for 0; other totals are normal numbers."""
    for g in range(totals.shape[0]):
        value = log64(totals[g] if totals[g] > 0.0 else 1.0) + top
        out[g] = value if totals[g] > 0.0 else -np.inf


@njit(cache=True, nogil=True)
def _sum_shares(edges, runs, shares, weights, totals):
    """totals[g] = Σ over the edges of g of share · weight."""
    offsets, other, index = edges
    here, there, run_index, lengths = runs
    for g in range(totals.shape[0]):
        total = 0.0
        for e in range(offsets[g], offsets[g + 1]):
            total += shares[np.uint32(other[e])] * weights[np.uint32(index[e])]
        totals[g] = total
    for r in range(lengths.shape[0]):
        weight = weights[run_index[r]]
        if weight > 0.0:
            n = lengths[r]
            _add(totals[here[r] : here[r] + n], shares[there[r] : there[r] + n], weight)


@njit(cache=True, nogil=True)
def _best(edges, runs, values, weights, tops):
    """tops[g] = the largest value + weight of the edges of g."""
    offsets, other, index = edges
    here, there, run_index, lengths = runs
    for g in range(tops.shape[0]):
        top = -np.inf
        for e in range(offsets[g], offsets[g + 1]):
            value = values[np.uint32(other[e])] + weights[np.uint32(index[e])]
            top = value if value > top else top
        tops[g] = top
    for r in range(lengths.shape[0]):
        weight = weights[run_index[r]]
        if weight > -np.inf:
            n = lengths[r]
            _raise(tops[here[r] : here[r] + n], values[there[r] : there[r] + n], weight)


@njit(cache=True, nogil=True)
def _sum_logs(edges, runs, values, weights, tops, totals, terms, out):
    """out[g] = log Σ exp(value + weight) over the edges of g, relative to its largest term."""
    _best(edges, runs, values, weights, tops)
    for g in range(tops.shape[0]):
        out[g] = tops[g]
        tops[g] = tops[g] if tops[g] > -np.inf else 0.0
    offsets, other, index = edges
    here, there, run_index, lengths = runs
    for g in range(totals.shape[0]):
        for e in range(offsets[g], offsets[g + 1]):
            below = values[np.uint32(other[e])] + weights[np.uint32(index[e])] - tops[g]
            terms[e] = below if below > LOWEST_64 else LOWEST_64
    exponentials(terms)
    for g in range(totals.shape[0]):
        total = 0.0
        for e in range(offsets[g], offsets[g + 1]):
            total += terms[e]
        totals[g] = total
    for r in range(lengths.shape[0]):
        weight = weights[run_index[r]]
        if weight > -np.inf:
            low, high = here[r], here[r] + lengths[r]
            part = values[there[r] : there[r] + lengths[r]]
            _add_exponentials(totals[low:high], tops[low:high], part, weight)
    for g in range(totals.shape[0]):
        value = log64(totals[g] if out[g] > -np.inf else 1.0) + tops[g]
        out[g] = value if out[g] > -np.inf else -np.inf


@njit(cache=True, nogil=True)
def run_sweep_log(
    offsets: Ints,
    other: Ints,
    index: Ints,
    here: Ints,
    there: Ints,
    run_index: Ints,
    lengths: Ints,
    weights: Floats,
    reverse: bool,
    out: Floats,
    shares: Floats,
    extents: Floats,
) -> None:
    """`chain_kernels.sweep_log` over edges and runs.

    Args:
        offsets, other, index: edges in no run, by group.
        here, there, run_index, lengths: the first group, the first other end, the set and the edges of each run.
        weights: `[L, Z + 2]`.
        reverse: from the last row of `out` to the first.
        out: `[L + 1, S + 1]`, the boundary row given; filled.
        shares, extents: `[L + 1, S + 1]` and `[L + 1, 2]`; filled, for every row of `out` but the last one found, with
            the exponentials relative to the largest value, and with the largest and the least that is not −inf. Rows
            whose range is too wide have no shares.
    """
    totals, tops = np.empty(offsets.shape[0] - 1), np.empty(offsets.shape[0] - 1)
    weight_shares, terms = np.empty(weights.shape[1]), np.empty(other.shape[0])
    edges, runs = (offsets, other, index), (here, there, run_index, lengths)
    length = weights.shape[0]
    for n in range(length):
        i = length - 1 - n if reverse else n
        at, to = (i + 1, i) if reverse else (i, i + 1)
        last = out[at]
        top, least = largest(last), least_finite(last)
        extents[at, 0], extents[at, 1] = top, least
        top = top if top > -np.inf else 0.0
        if least - top > _CLEAR:
            _shares(last, top, shares[at])
        heaviest, lightest = largest(weights[i]), least_finite(weights[i])
        if least - top + lightest - heaviest > _CLEAR:
            _shares(weights[i], heaviest, weight_shares)
            _sum_shares(edges, runs, shares[at], weight_shares, totals)
            _log_totals(totals, top + heaviest, out[to])
        else:
            _sum_logs(edges, runs, last, weights[i], tops, totals, terms, out[to])


@njit(cache=True, nogil=True)
def run_sweep_max(
    offsets: Ints,
    other: Ints,
    index: Ints,
    here: Ints,
    there: Ints,
    run_index: Ints,
    lengths: Ints,
    weights: Floats,
    reverse: bool,
    out: Floats,
) -> None:
    """`run_sweep_log` in the max semiring."""
    edges, runs = (offsets, other, index), (here, there, run_index, lengths)
    length = weights.shape[0]
    for n in range(length):
        i = length - 1 - n if reverse else n
        last, new = (out[i + 1], out[i]) if reverse else (out[i], out[i + 1])
        _best(edges, runs, last, weights[i], new)


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _dot(left, right):
    total = 0.0
    for j in range(left.shape[0]):
        total += left[j] * right[j]
    return total


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _exponentials(left, right, top):
    total = 0.0
    for j in range(left.shape[0]):
        below = left[j] + right[j] - top
        total += exp64(below if below > LOWEST_64 else LOWEST_64)
    return total


@njit(cache=True, nogil=True)
def _sum_exponentials(left, right, top):
    """Σ exp(left + right − top), but for blocks that are nothing beside the largest term."""
    total = 0.0
    for low in range(0, left.shape[0], _BLOCK):
        high = min(low + _BLOCK, left.shape[0])
        if largest_sum(left[low:high], right[low:high]) > top + _NOTHING:
            total += _exponentials(left[low:high], right[low:high], top)
    return total


@njit(cache=True, nogil=True)
def _pair_logs(edges, runs, left, right, tops, totals, out):
    """out[z] = log Σ exp(left[source] + right[target]) over the edges of z, relative to its largest term."""
    offsets, first, second = edges
    sources, targets, run_index, lengths = runs
    for z in range(tops.shape[0]):
        top = -np.inf
        for e in range(offsets[z], offsets[z + 1]):
            value = left[np.uint32(first[e])] + right[np.uint32(second[e])]
            top = value if value > top else top
        tops[z] = top
    for r in range(lengths.shape[0]):
        s, t, n, z = sources[r], targets[r], lengths[r], run_index[r]
        tops[z] = max(tops[z], largest_sum(left[s : s + n], right[t : t + n]))
    for z in range(tops.shape[0]):
        total = 0.0
        for e in range(offsets[z], offsets[z + 1]):
            below = left[np.uint32(first[e])] + right[np.uint32(second[e])] - tops[z]
            total += exp64(below if below > LOWEST_64 else LOWEST_64)
        totals[z] = total
    for r in range(lengths.shape[0]):
        s, t, n, z = sources[r], targets[r], lengths[r], run_index[r]
        if tops[z] > -np.inf:
            totals[z] += _sum_exponentials(left[s : s + n], right[t : t + n], tops[z])
    for z in range(tops.shape[0]):
        out[z] = tops[z] + math.log(totals[z]) if tops[z] > -np.inf else -np.inf


@njit(cache=True, nogil=True)
def run_pair_log(
    offsets: Ints,
    source: Ints,
    target: Ints,
    sources: Ints,
    targets: Ints,
    run_index: Ints,
    lengths: Ints,
    alpha: Floats,
    alpha_shares: Floats,
    alpha_extents: Floats,
    beta: Floats,
    beta_shares: Floats,
    beta_extents: Floats,
    first: int,
    last: int,
    out: Floats,
) -> None:
    """`chain_kernels.pair_log` over edges, by set, and runs; the shares and extents are those of `run_sweep_log`."""
    totals, tops = np.empty(offsets.shape[0] - 1), np.empty(offsets.shape[0] - 1)
    edges, runs = (offsets, source, target), (sources, targets, run_index, lengths)
    for i in range(first, last):
        top = alpha_extents[i, 0] + beta_extents[i + 1, 0]
        if not alpha_extents[i, 1] + beta_extents[i + 1, 1] - top > _CLEAR:
            _pair_logs(edges, runs, alpha[i], beta[i + 1], tops, totals, out[i])
            continue
        left, right = alpha_shares[i], beta_shares[i + 1]
        for z in range(totals.shape[0]):
            total = 0.0
            for e in range(offsets[z], offsets[z + 1]):
                total += left[np.uint32(source[e])] * right[np.uint32(target[e])]
            totals[z] = total
        for r in range(lengths.shape[0]):
            s, t, n = sources[r], targets[r], lengths[r]
            totals[run_index[r]] += _dot(left[s : s + n], right[t : t + n])
        _log_totals(totals, top, out[i])
