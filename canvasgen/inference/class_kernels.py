"""The pass over the logits, in numba: every token once, class by class.

Tokens come in class order through a small buffer that stays in the first-level cache. Each chunk of a class gives its
maximum (as integers: the bits of a float, made monotone, also show NaN), then Σ exp and the first moment relative to
the class's own maximum; so a class far below the row's maximum loses nothing. Sums are float32 within a chunk and
vector lane, float64 beyond.
"""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np
from numba import njit

from canvasgen.inference.exponential import LOWEST_32, exp32

__all__ = ["draw_token", "reduce_rows", "spread_rows", "support_rows", "top_of_class"]

_CHUNK = 2048
_LANES = 64  # four vectors of 16: what one turn of the vectorised loops takes
_LOW_BITS = np.int32(0x7FFFFFFF)
_SIGN = np.int32(31)
_LEAST = np.int32(-0x80000000)
_KEY_OF_INFINITY = np.int32(0x7F800000)
_KEY_OF_MINUS_INFINITY = np.int32(-0x7F800001)
_MINUS_INFINITY = np.float32(-np.inf)


@njit(cache=True, nogil=True)
def _key(bits):
    """Monotone integer of a float's bits (its own inverse); NaN lies beyond the infinities."""
    return np.int32(bits ^ np.int32(np.int32(bits >> _SIGN) & _LOW_BITS))


@njit(cache=True, nogil=True)
def _gather(row, tokens, values, bits):
    """Copy a chunk into the buffer (`bits` is a view of `values`), filled up with −inf to whole vectors.

    Returns the filled length, and the largest and smallest key.
    """
    count = tokens.shape[0]
    for j in range(count):
        values[j] = row[tokens[j]]
    lowest = _LOW_BITS
    full = (count + _LANES - 1) // _LANES * _LANES
    for j in range(count, full):
        values[j] = _MINUS_INFINITY
    highest = _LEAST
    for j in range(full):
        key = _key(bits[j])
        highest = max(highest, key)
        lowest = min(lowest, key)
    return full, highest, lowest


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _sums(values, count, top):
    """Σ exp(x − top) and Σ exp(x − top) · (x − top); −inf counts as 87 nats below, which is nothing beside 1."""
    total, moment = np.float32(0.0), np.float32(0.0)
    for j in range(count):
        below = values[j] - top
        below = below if below > LOWEST_32 else LOWEST_32
        weight = exp32(below)
        total += weight
        moment += weight * below
    return total, moment


@njit(cache=True, nogil=True)
def reduce_rows(logits, tokens, offsets, first, last, best, mass, mean):
    """Fill rows `first:last` of `best`, `mass` (log Σ exp) and `mean` (see `ClassTables`); a row with NaN, or -1."""
    values = np.empty(_CHUNK, dtype=np.float32)
    bits = values.view(np.int32)
    for i in range(first, last):
        row = logits[i]
        for c in range(offsets.shape[0] - 1):
            top, total, moment = _MINUS_INFINITY, 0.0, 0.0
            low = offsets[c]
            while low < offsets[c + 1]:
                high = min(low + _CHUNK, offsets[c + 1])
                count, highest, lowest = _gather(row, tokens[low:high], values, bits)
                if highest > _KEY_OF_INFINITY or lowest < _KEY_OF_MINUS_INFINITY:
                    return i
                chunk_top = np.int32(_key(highest)).view(np.float32)
                if chunk_top > top:
                    if total > 0.0:
                        drop = np.float64(top) - np.float64(chunk_top)
                        scale = math.exp(drop)
                        moment = scale * (moment + total * drop)
                        total *= scale
                    top = chunk_top
                if top > _MINUS_INFINITY and top < np.inf:
                    part, part_moment = _sums(values, count, top)
                    total += part
                    moment += part_moment
                low = high
            best[i, c] = top
            if total > 0.0:
                mass[i, c] = top + math.log(total)
                mean[i, c] = moment / total
            else:
                mass[i, c] = top
                mean[i, c] = 0.0
    return -1


@njit(cache=True, nogil=True)
def spread_rows(logits, class_of_token, bias, first, last, out):
    """out[i, v] = logits[i, v] + bias[i, class of v]."""
    for i in range(first, last):
        for v in range(logits.shape[1]):
            out[i, v] = np.float32(logits[i, v] + bias[i, np.uint32(class_of_token[v])])


@njit(cache=True, nogil=True)
def support_rows(logits, class_of_token, allowed, first, last, out):
    """out[i, v] = allowed[i, class of v] and logits[i, v] > −inf."""
    for i in range(first, last):
        for v in range(logits.shape[1]):
            out[i, v] = allowed[i, np.uint32(class_of_token[v])] & (logits[i, v] > _MINUS_INFINITY)


@njit(cache=True, nogil=True)
def top_of_class(row, tokens, ids, values):
    """Fill `ids` and `values` with the best tokens of a class, decreasing, ties by id; returns how many."""
    count = 0
    for j in range(tokens.shape[0]):
        value = row[tokens[j]]
        if count == ids.shape[0] and not value > values[count - 1]:
            continue
        place = min(count, ids.shape[0] - 1)
        while place > 0 and value > values[place - 1]:
            ids[place], values[place] = ids[place - 1], values[place - 1]
            place -= 1
        ids[place], values[place] = tokens[j], value
        count = min(count + 1, ids.shape[0])
    return count


@njit(cache=True, nogil=True)
def _place_in_chunk(values, count, top, wanted):
    """First index where Σ exp(x − top) exceeds `wanted`, never one of −inf; else the last index that is possible."""
    chosen, reached = -1, 0.0
    for j in range(count):
        if values[j] > _MINUS_INFINITY:
            chosen = j
            reached += exp32(max(values[j] - top, LOWEST_32))
            if wanted < reached:
                break
    return chosen


@njit(cache=True, nogil=True)
def draw_token(row, tokens, top, total, uniform):
    """The token at quantile `uniform` in [0, 1) of its class, in id order.

    `top` is the class's largest logit, `total` = Σ exp(x − top) over the class.
    """
    values = np.empty(_CHUNK, dtype=np.float32)
    bits = values.view(np.int32)
    wanted, reached, chosen, low = uniform * total, 0.0, -1, 0
    while low < tokens.shape[0]:
        high = min(low + _CHUNK, tokens.shape[0])
        count, highest, _ = _gather(row, tokens[low:high], values, bits)
        if highest > _KEY_OF_MINUS_INFINITY:
            part, _ = _sums(values, count, top)
            chosen = low + _place_in_chunk(values, high - low, top, wanted - reached)
            if wanted < reached + part:
                break
            reached += part
        low = high
    return tokens[chosen]
