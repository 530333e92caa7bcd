"""From classes to tokens, in numba: the best, the k best, a drawn one, and `[L, V]` results."""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np

from canvasgen.inference.numba_backend.class_kernels import (
    CHUNK,
    MINUS_INFINITY,
    MINUS_INFINITY_KEY,
    gather,
    key_of,
    sums,
)
from canvasgen.inference.numba_backend.exponential import LOWEST_32, exp32
from canvasgen.inference.tables import Bools, Floats, Ints, Longs, Singles, Tokens
from canvasgen.jit import njit

__all__ = [
    "draw_token",
    "draw_tokens",
    "first_best",
    "forced_rows",
    "spread_rows",
    "support_rows",
    "top_of_class",
]


_KEPT_DIGITS = 1e-6
_LARGE_PART = 8
"""A class with more than this part of the vocabulary is looked for in the whole row."""


@njit(cache=True, nogil=True)
def spread_rows(
    logits: Singles, class_of_token: Ints, bias: Floats, first: int, last: int, out: Singles
) -> None:
    """out[i, v] = logits[i, v] + bias[i, class of v]."""
    for i in range(first, last):
        for v in range(logits.shape[1]):
            out[i, v] = np.float32(logits[i, v] + bias[i, np.uint32(class_of_token[v])])


@njit(cache=True, nogil=True)
def support_rows(
    logits: Singles, class_of_token: Ints, allowed: Bools, first: int, last: int, out: Bools
) -> None:
    """out[i, v] = allowed[i, class of v] and logits[i, v] > −inf."""
    for i in range(first, last):
        for v in range(logits.shape[1]):
            out[i, v] = allowed[i, np.uint32(class_of_token[v])] & (logits[i, v] > MINUS_INFINITY)


@njit(cache=True, nogil=True)
def _first_of_members(row, members):
    """The first of the most probable tokens of a class; -1 if none is possible."""
    top, chosen = MINUS_INFINITY, -1
    for k in range(members.shape[0]):
        value = row[members[k]]
        if value > top:
            top, chosen = value, np.int64(members[k])
    return chosen


@njit(cache=True, nogil=True)
def _largest(bits, classes, wanted):
    """The largest logit of the tokens of a class, given as bits; −inf of none."""
    highest = MINUS_INFINITY_KEY
    for v in range(bits.shape[0]):
        highest = max(highest, key_of(bits[v]) if classes[v] == wanted else MINUS_INFINITY_KEY)
    return np.int32(key_of(highest)).view(np.float32)


@njit(cache=True, nogil=True)
def _first_in_order(row, bits, classes, wanted, expected):
    """`_first_of_members`, for a class with a large part of all tokens: the row is read in order, not gathered, up to the
    block that has the expected largest value (NaN: it is not known)."""
    size = bits.shape[0]
    top, block = MINUS_INFINITY, -1
    for low in range(0, size, CHUNK):
        found = _largest(bits[low : low + CHUNK], classes[low : low + CHUNK], wanted)
        if found > top:
            top, block = found, low
            if top == expected:
                break
    if block < 0:
        return -1
    for v in range(block, size):
        if classes[v] == wanted and row[v] == top:  # as floats: both zeros are equal
            return v
    return -1


@njit(cache=True, nogil=True)
def first_best(
    logits: Singles,
    logit_bits: Ints,
    class_of_token: Ints,
    tokens: Tokens,
    offsets: Ints,
    best: Floats,
    normaliser: Floats,
    classes: Longs,
    out: Longs,
) -> None:
    """out[i] = the best token of class `classes[i]` at position i, of equals the lowest; nothing for -1.

    `logit_bits` is `logits`, which hold no NaN, seen as int32; `best` and `normaliser` are those of `ClassTables`.
    """
    for i in range(classes.shape[0]):
        c = classes[i]
        if c >= 0:
            members = tokens[offsets[c] : offsets[c + 1]]
            if members.shape[0] * _LARGE_PART > logits.shape[1]:
                top = best[i, c] + normaliser[i]
                # Known as a float32 unless the sum has lost its digits
                expected = np.float32(top if abs(top) > _KEPT_DIGITS * abs(normaliser[i]) else np.nan)
                found = _first_in_order(logits[i], logit_bits[i], class_of_token, np.int32(c), expected)
            else:
                found = _first_of_members(logits[i], members)
            if found >= 0:
                out[i] = found


@njit(cache=True, nogil=True)
def top_of_class(row: Singles, tokens: Tokens, ids: Longs, values: Floats) -> int:
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
    """First index where Σ exp(x − top) exceeds `wanted`, else the last; never one of −inf."""
    chosen, reached = -1, 0.0
    for j in range(count):
        if values[j] > MINUS_INFINITY:
            chosen = j
            reached += exp32(max(values[j] - top, LOWEST_32))
            if wanted < reached:
                break
    return chosen


@njit(cache=True, nogil=True)
def draw_token(
    row: Singles, tokens: Tokens, top: np.float32, total: float, uniform: float, values: Singles
) -> int:
    """The token at quantile `uniform` in [0, 1) of its class, in id order.

    `top` is the class's largest logit, `total` = Σ exp(x − top) over the class; `values` a buffer of `CHUNK`.
    """
    bits = values.view(np.int32)
    wanted, reached, chosen, low = uniform * total, 0.0, -1, 0
    while low < tokens.shape[0]:
        high = min(low + CHUNK, tokens.shape[0])
        count, chunk_top = gather(row, tokens[low:high], values, bits)
        if chunk_top > MINUS_INFINITY:
            part, _ = sums(values, count, top)
            chosen = low + _place_in_chunk(values, high - low, top, wanted - reached)
            if wanted < reached + part:
                break
            reached += part
        low = high
    return tokens[chosen]


@njit(cache=True, nogil=True)
def draw_tokens(
    logits: Singles,
    tokens: Tokens,
    offsets: Ints,
    best: Floats,
    mass: Floats,
    normaliser: Floats,
    classes: Longs,
    uniforms: Floats,
    first: int,
    last: int,
    out: Longs,
) -> None:
    """out[n, i] = a token of class `classes[n, i]` by `uniforms[n, i, 2]`, i in `first:last`; nothing for -1.

    `best`, `mass` and `normaliser` are those of `ClassTables`.
    """
    values = np.empty(CHUNK, dtype=np.float32)
    for i in range(first, last):
        for n in range(classes.shape[0]):
            c = classes[n, i]
            if c >= 0:
                top = np.float32(best[i, c] + normaliser[i])
                total = math.exp(mass[i, c] - best[i, c])
                members = tokens[offsets[c] : offsets[c + 1]]
                out[n, i] = draw_token(logits[i], members, top, total, uniforms[n, i, 2], values)


@njit(cache=True, nogil=True)
def forced_rows(
    logits: Singles, tokens: Tokens, offsets: Ints, allowed: Bools, pinned: Bools, out: Bools
) -> None:
    """out[i] = only one token is possible at i: one class of `allowed[i]`, and one token of it unless it is pinned."""
    for i in range(pinned.shape[0]):
        classes, chosen, count = 0, 0, 0
        for c in range(allowed.shape[1]):
            classes += allowed[i, c]
        if classes == 1:
            while not allowed[i, chosen]:
                chosen += 1
        if classes == 1 and not pinned[i]:
            for k in range(offsets[chosen], offsets[chosen + 1]):
                count += logits[i, tokens[k]] > MINUS_INFINITY
        out[i] = classes == 1 and (pinned[i] or count == 1)
