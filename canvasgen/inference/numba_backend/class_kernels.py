"""The pass over the logits, in numba: every token once, class by class.

A row is read once in order, which looks for NaN and brings it into the cache; then its tokens go in class
order through a small buffer. Each chunk of a class gives its maximum (as integers: the bits of a float, made
monotone, vectorise without a word on NaN), then Σ exp and the first moment relative to the class's own
maximum; so a class far below the row's maximum loses nothing. Sums are float32 within a chunk and vector
lane, float64 beyond.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np

from canvasgen.inference.numba_backend.exponential import LOWEST_32, LOWEST_64, exp32, exp64, log64
from canvasgen.inference.tables import Floats, Ints, Singles, Tokens
from canvasgen.jit import njit

__all__ = [
    "CHUNK",
    "MINUS_INFINITY",
    "MINUS_INFINITY_KEY",
    "gather",
    "has_nan",
    "key_of",
    "reduce_rows",
    "segment_rows",
    "sums",
]

CHUNK = 2048
_SHORT = 256  # classes of no more tokens share a buffer
_LANES = 64  # four vectors of 16: what one turn of the vectorised loops takes
_LOW_BITS = np.int32(0x7FFFFFFF)
_SIGN = np.int32(31)
_LEAST = np.int32(-0x80000000)
_KEY_OF_INFINITY = np.int32(0x7F800000)
MINUS_INFINITY_KEY = np.int32(-0x7F800001)
MINUS_INFINITY = np.float32(-np.inf)


@njit(cache=True, nogil=True)
def key_of(bits):
    """Monotone integer of a float's bits (its own inverse); NaN lies beyond the infinities."""
    return np.int32(bits ^ np.int32(np.int32(bits >> _SIGN) & _LOW_BITS))


@njit(cache=True, nogil=True)
def has_nan(row_bits):
    """Whether any of a row's floats, given as their bits, is NaN; and the row is in the cache afterwards."""
    largest = np.int32(0)
    for v in range(row_bits.shape[0]):
        largest = max(largest, np.int32(row_bits[v] & _LOW_BITS))
    return largest > _KEY_OF_INFINITY


@njit(cache=True, nogil=True)
def gather(row, tokens, values, bits):
    """Copy a chunk into the buffer (`bits` is a view of `values`), filled up with −inf to whole vectors.

    Returns the filled length and the largest value.
    """
    count = tokens.shape[0]
    for j in range(count):
        values[j] = row[tokens[j]]
    full = (count + _LANES - 1) // _LANES * _LANES
    for j in range(count, full):
        values[j] = MINUS_INFINITY
    highest = _LEAST
    for j in range(full):
        highest = max(highest, key_of(bits[j]))
    return full, np.int32(key_of(highest)).view(np.float32)


@njit(cache=True, nogil=True)
def _below_tops(row, tokens, offsets, first, last, below, best):
    """Copy the tokens of classes `first:last` into a buffer, less their class's largest value, which goes into `best`.

    The differences are at least `LOWEST_32`; a class whose largest value is infinite has that alone.
    """
    start = offsets[first]
    for c in range(first, last):
        low, high = offsets[c] - start, offsets[c + 1] - start
        top = MINUS_INFINITY
        for j in range(low, high):
            value = row[tokens[start + j]]
            below[j] = value
            top = value if value > top else top
        best[c] = top
        if abs(top) == np.inf:
            below[low:high] = LOWEST_32
        else:
            for j in range(low, high):
                less = below[j] - top
                below[j] = less if less > LOWEST_32 else LOWEST_32


@njit(cache=True, nogil=True)
def _short_classes(row, tokens, offsets, first, last, below, weights, best, mass, mean):
    """`_long_class` for the classes `first:last`, which fit into the buffers: one run of exponentials for all."""
    _below_tops(row, tokens, offsets, first, last, below, best)
    start = offsets[first]
    count = offsets[last] - start
    for j in range(count):
        weights[j] = exp32(below[j])
    for c in range(first, last):
        total, moment = 0.0, 0.0
        for j in range(offsets[c] - start, offsets[c + 1] - start):
            total += weights[j]
            moment += np.float64(weights[j]) * below[j]
        if abs(best[c]) < np.inf:
            mass[c] = best[c] + log64(total)
            mean[c] = moment / total
        else:
            mass[c], mean[c] = best[c], 0.0


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def sums(values, count, top):
    """Σ exp(x − top) and Σ exp(x − top) · (x − top); −inf counts as 87 nats below: nothing beside 1."""
    total, moment = np.float32(0.0), np.float32(0.0)
    for j in range(count):
        below = values[j] - top
        below = below if below > LOWEST_32 else LOWEST_32
        weight = exp32(below)
        total += weight
        moment += weight * below
    return total, moment


@njit(cache=True, nogil=True)
def _many(row, tokens, values, bits):
    """Largest value, Σ exp(x − top) and Σ exp(x − top) · (x − top) of tokens, in chunks through the buffer."""
    top, total, moment, low = MINUS_INFINITY, 0.0, 0.0, 0
    while low < tokens.shape[0]:
        count, chunk_top = gather(row, tokens[low : low + CHUNK], values, bits)
        if chunk_top > top:
            if total > 0.0:
                drop = np.float64(top) - np.float64(chunk_top)
                scale = math.exp(drop)
                moment = scale * (moment + total * drop)
                total *= scale
            top = chunk_top
        if top > MINUS_INFINITY and top < np.inf:
            part, part_moment = sums(values, count, top)
            total += part
            moment += part_moment
        low += CHUNK
    return top, total, moment


@njit(cache=True, nogil=True)
def _log_sum(values):
    top = -np.inf
    for c in range(values.shape[0]):
        top = max(top, values[c])
    if abs(top) == np.inf:
        return top
    total = 0.0
    for c in range(values.shape[0]):
        below = values[c] - top
        total += exp64(below if below > LOWEST_64 else LOWEST_64)
    return top + math.log(total)


@njit(cache=True, nogil=True)
def _long_class(row, members, values, bits, c, best, mass, mean):
    """The largest value, the log mass and the mean below the largest, of class c."""
    top, total, moment = _many(row, members, values, bits)
    best[c] = top
    if total > 0.0:
        mass[c] = top + math.log(total)
        mean[c] = moment / total
    else:
        mass[c] = top
        mean[c] = 0.0


@njit(cache=True, nogil=True)
def _row(row, tokens, offsets, values, bits, weights, best, mass, mean):
    """The largest value, the log mass and the mean below the largest, of each segment of `tokens`."""
    c = 0
    while c < offsets.shape[0] - 1:
        if offsets[c + 1] - offsets[c] > _SHORT:
            _long_class(row, tokens[offsets[c] : offsets[c + 1]], values, bits, c, best, mass, mean)
            c += 1
            continue
        first = c
        while (
            c < offsets.shape[0] - 1
            and offsets[c + 1] - offsets[c] <= _SHORT
            and offsets[c + 1] - offsets[first] <= CHUNK
        ):
            c += 1
        _short_classes(row, tokens, offsets, first, c, values, weights, best, mass, mean)


@njit(cache=True, nogil=True)
def reduce_rows(
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
    """Fill rows `first:last` of the fields of `ClassTables`; `logit_bits` is `logits` seen as int32.

    Returns a row with NaN, or -1. Where the normaliser is infinite the row is not normalised.
    """
    values = np.empty(CHUNK, dtype=np.float32)
    weights, bits = np.empty_like(values), values.view(np.int32)
    for i in range(first, last):
        if has_nan(logit_bits[i]):
            return i
        _row(logits[i], tokens, offsets, values, bits, weights, best[i], mass[i], mean[i])
        normaliser[i] = _log_sum(mass[i])
        if abs(normaliser[i]) < np.inf:
            for c in range(offsets.shape[0] - 1):
                best[i, c] -= normaliser[i]
                mass[i, c] -= normaliser[i]
    return -1


@njit(cache=True, nogil=True)
def segment_rows(
    logits: Singles,
    tokens: Tokens,
    offsets: Ints,
    first: int,
    last: int,
    best: Floats,
    mass: Floats,
    mean: Floats,
) -> None:
    """Fill rows `first:last` of the three by segment of `tokens`, not normalised; of logits that hold no NaN."""
    values = np.empty(CHUNK, dtype=np.float32)
    weights, bits = np.empty_like(values), values.view(np.int32)
    for i in range(first, last):
        _row(logits[i], tokens, offsets, values, bits, weights, best[i], mass[i], mean[i])
