"""Single paths through the lattice, in numba: the best one, and exact samples.

Sampling is forward filtering, backward sampling: the last state by alpha and the final states, then, from the
last position to the first, the edge that led here by alpha at its source, and a class of its set. Source:
Frühwirth-Schnatter, "Data augmentation and dynamic linear models", J. Time Series Analysis 15(2), 1994.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np

from canvasgen.inference.tables import Floats, Ints, Longs
from canvasgen.jit import njit

__all__ = ["best_path", "choose", "sample_paths"]


@njit(cache=True, nogil=True)
def best_path(
    offsets: Ints,
    target: Ints,
    index: Ints,
    set_offsets: Ints,
    set_classes: Ints,
    sets: Floats,
    classes: Floats,
    to_go: Floats,
    start: int,
    out: Longs,
) -> None:
    """Follow the max semiring's backward values to the best canvas.

    Args:
        offsets, target, index: edges by source.
        set_offsets, set_classes: classes of each set; the tail's set has none.
        sets: `[L, Z + 2]`; classes: `[L, C + 2]`: log-probability of the best token.
        to_go: `[L + 1, S + 1]`, best weight from each state to the end.
        start: state before the canvas.
        out: int64 `[L]`, filled with the class of each position, -1 in the tail.
    """
    state, tail = start, sets.shape[1] - 1
    for i in range(sets.shape[0]):
        top, edge = -np.inf, -1
        for e in range(offsets[state], offsets[state + 1]):
            value = sets[i, index[e]] + to_go[i + 1, target[e]]
            if value > top:
                top, edge = value, e
        chosen, state = index[edge], target[edge]
        out[i] = -1
        if chosen != tail:
            top = -np.inf
            for k in range(set_offsets[chosen], set_offsets[chosen + 1]):
                value = classes[i, set_classes[k]]
                if value > top:
                    top = value
                    out[i] = set_classes[k]


@njit(cache=True, nogil=True)
def choose(weights: Floats, uniform: float) -> tuple[int, float]:
    """Index at quantile `uniform` in [0, 1) of exp(weights), never one of −inf; and its log-probability."""
    top = -np.inf
    for k in range(weights.shape[0]):
        top = max(top, weights[k])
    total = 0.0
    for k in range(weights.shape[0]):
        total += math.exp(weights[k] - top)
    wanted, reached, chosen = uniform * total, 0.0, -1
    for k in range(weights.shape[0]):
        weight = math.exp(weights[k] - top)
        if weight > 0.0:
            chosen = k
            reached += weight
            if wanted < reached:
                break
    return chosen, weights[chosen] - top - math.log(total)


@njit(cache=True, nogil=True)
def sample_paths(
    offsets: Ints,
    source: Ints,
    index: Ints,
    set_offsets: Ints,
    set_classes: Ints,
    alpha: Floats,
    sets: Floats,
    classes: Floats,
    final: Floats,
    uniforms: Floats,
    out: Longs,
    log_probs: Floats,
) -> None:
    """Exact joint samples of the classes of a canvas.

    Args:
        offsets, source, index: edges by target.
        set_offsets, set_classes: classes of each set; the tail's set has none.
        alpha: `[L + 1, S + 1]`; sets: `[L, Z + 2]`; classes: `[L, C + 2]`, log-probabilities of the classes.
        final: log-weight of each state at the end, `[S + 1]`.
        uniforms: `[N, M + 1, 3]` in [0, 1), M >= L; the last one's first number chooses the last state.
        out: int64 `[N, M']`, M' >= L, filled with the class of each position; behind L, of a token of p_i.
        log_probs: `[N]`, filled with the log-probability of the choices made up to L.
    """
    length, tail = sets.shape[0], sets.shape[1] - 1
    buffer = np.empty(max(source.shape[0], classes.shape[1]))
    for n in range(uniforms.shape[0]):
        state, log_prob = choose(alpha[length] + final, uniforms[n, -1, 0])
        for i in range(length, out.shape[1]):
            out[n, i], _ = choose(classes[i], uniforms[n, i, 1])
        for i in range(length - 1, -1, -1):
            low, high = offsets[state], offsets[state + 1]
            for e in range(low, high):
                buffer[e - low] = alpha[i, source[e]] + sets[i, index[e]]
            edge, part = choose(buffer[: high - low], uniforms[n, i, 0])
            log_prob += part
            chosen = index[low + edge]
            if chosen == tail:
                out[n, i], part = choose(classes[i], uniforms[n, i, 1])
            else:
                begin, end = set_offsets[chosen], set_offsets[chosen + 1]
                for k in range(begin, end):
                    buffer[k - begin] = classes[i, set_classes[k]]
                member, part = choose(buffer[: end - begin], uniforms[n, i, 1])
                out[n, i] = set_classes[begin + member]
            log_prob += part
            state = source[low + edge]
        log_probs[n] = log_prob
