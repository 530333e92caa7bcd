"""From the sums over states to answers about positions, in numba: entropies, allowed mass, samples."""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np

from canvasgen.inference.numba_backend.exponential import LOWEST_64, exp64, log64
from canvasgen.inference.numba_backend.path_kernels import choose
from canvasgen.inference.tables import Bools, Floats, Ints, Longs
from canvasgen.jit import njit

__all__ = ["position_answers", "sample_pruned", "shares_of"]

_FAINT = 1e-280
_LEAST = 2.2250738585072014e-308


@njit(cache=True, nogil=True)
def _exponentials(logs, out):
    for c in range(logs.shape[0]):
        value = logs[c]
        share = exp64(min(value, 0.0) if value > LOWEST_64 else LOWEST_64)
        out[c] = share if value > LOWEST_64 else 0.0


@njit(cache=True, nogil=True)
def _count_impossible(logs):
    count = 0
    for c in range(logs.shape[0]):
        count += logs[c] == -np.inf
    return count


@njit(cache=True, nogil=True)
def shares_of(mass: Floats, length: int, out: Floats) -> int:
    """out = exp(mass), 0 below e^-700; returns how many of the first `length` rows' entries are −inf."""
    count = 0
    for i in range(mass.shape[0]):
        _exponentials(mass[i], out[i])
        if i < length:
            count += _count_impossible(mass[i])
    return count


@njit(cache=True, nogil=True)
def _spread_scores(scores, set_offsets, set_classes, out):
    """out[c] = Σ of the scores of the sets that class c is in, the tail among them; the last set is the tail."""
    tail = scores.shape[0] - 1
    out[:] = scores[tail]
    for z in range(tail):
        score = scores[z]
        if score > 0.0:
            for k in range(set_offsets[z], set_offsets[z + 1]):
                out[np.uint32(set_classes[k])] += score


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _entropy(shares, best, mean, factors):
    total = 0.0
    for c in range(shares.shape[0]):
        probability = shares[c] * factors[c]
        log = best[c] + mean[c] + log64(factors[c] if factors[c] > _LEAST else 1.0)
        total -= probability * (log if probability > 0.0 else 0.0)
    return total


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _allowed_share(shares, allowed):
    total = 0.0
    for c in range(shares.shape[0]):
        total += shares[c] if allowed[c] else 0.0
    return total


@njit(cache=True, nogil=True)
def _allowed_mass(mass, allowed):
    """The log of a sum that is too faint for shares."""
    top = -np.inf
    for c in range(mass.shape[0]):
        if allowed[c]:
            top = max(top, mass[c])
    total = 0.0
    for c in range(mass.shape[0]):
        if allowed[c]:
            total += math.exp(mass[c] - top)
    return top + math.log(total)


@njit(cache=True, nogil=True)
def position_answers(
    scores: Floats,
    set_offsets: Ints,
    set_classes: Ints,
    shares: Floats,
    best: Floats,
    mass: Floats,
    mean: Floats,
    allowed: Bools,
    entropies: Floats,
    allowed_mass: Floats,
) -> None:
    """Fill `entropies` and `allowed_mass` `[L]`, of which the first n positions have scores; the others are free.

    Args:
        scores: `[n, Z + 2]`, of `backward_sums`.
        shares: `[L, C + 2]`, of `shares_of`.
        best, mass, mean: of `ClassTables`, `[L, C + 2]`.
        allowed: bool `[n, C + 2]`, the classes that can stand at each position.
    """
    factors, length = np.empty(mass.shape[1]), scores.shape[0]
    for i in range(mass.shape[0]):
        if i < length:
            _spread_scores(scores[i], set_offsets, set_classes, factors)
            share = _allowed_share(shares[i], allowed[i])
            found = math.log(share) if share > _FAINT else _allowed_mass(mass[i], allowed[i])
            allowed_mass[i] = min(found, 0.0)
        else:
            factors[:] = 1.0
            allowed_mass[i] = 0.0
        entropies[i] = max(_entropy(shares[i], best[i], mean[i], factors), 0.0)


@njit(cache=True, nogil=True)
def _choose(shares, uniform):
    """Index at quantile `uniform` in [0, 1) of weights, never one of 0; and its log-probability."""
    total = 0.0
    for k in range(shares.shape[0]):
        total += shares[k]
    wanted, reached, chosen = uniform * total, 0.0, -1
    for k in range(shares.shape[0]):
        if shares[k] > 0.0:
            chosen = k
            reached += shares[k]
            if wanted < reached:
                break
    return chosen, math.log(shares[chosen] / total)


@njit(cache=True, nogil=True)
def sample_pruned(
    offsets: Ints,
    source: Ints,
    index: Ints,
    set_offsets: Ints,
    set_classes: Ints,
    states: Ints,
    values: Floats,
    starts: Longs,
    weights: Floats,
    classes: Floats,
    final: Bools,
    uniforms: Floats,
    out: Longs,
    log_probs: Floats,
) -> None:
    """`path_kernels.sample_paths` over the states of `forward_sums`.

    Args:
        offsets, source, index: edges by target.
        states, values, starts, weights: of `forward_sums`.
        classes: `[L, C + 2]`, log-probabilities of the classes.
        final: `[S + 1]`, the states that the canvas may end in.
        uniforms, out, log_probs: as for `sample_paths`.
    """
    length, tail = weights.shape[0], weights.shape[1] - 1
    buffer, masses = (
        np.empty(max(source.shape[0], classes.shape[1], final.shape[0])),
        np.zeros(final.shape[0]),
    )
    at = np.empty(uniforms.shape[0], dtype=np.int64)
    for k in range(starts[length], starts[length + 1]):
        masses[states[k]] = values[k] if final[states[k]] else 0.0
    for n in range(uniforms.shape[0]):
        at[n], log_probs[n] = _choose(masses, uniforms[n, -1, 0])
        for i in range(length, out.shape[1]):
            out[n, i], _ = choose(classes[i], uniforms[n, i, 1])
    for i in range(length - 1, -1, -1):
        for k in range(starts[i + 1], starts[i + 2]):
            masses[states[k]] = 0.0
        for k in range(starts[i], starts[i + 1]):
            masses[states[k]] = values[k]
        for n in range(uniforms.shape[0]):
            low, high = offsets[at[n]], offsets[at[n] + 1]
            for e in range(low, high):
                weight = weights[i, index[e]]
                buffer[e - low] = masses[source[e]] * weight if weight > 0.0 else 0.0
            edge, part = _choose(buffer[: high - low], uniforms[n, i, 0])
            log_probs[n] += part
            chosen = index[low + edge]
            if chosen == tail:
                out[n, i], part = choose(classes[i], uniforms[n, i, 1])
            else:
                begin, end = set_offsets[chosen], set_offsets[chosen + 1]
                for k in range(begin, end):
                    buffer[k - begin] = classes[i, set_classes[k]]
                member, part = choose(buffer[: end - begin], uniforms[n, i, 1])
                out[n, i] = set_classes[begin + member]
            log_probs[n] += part
            at[n] = source[low + edge]
