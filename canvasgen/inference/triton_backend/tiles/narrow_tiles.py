"""One step of the recurrence for states with few edges: four slots a round, written out.

A tile has 512 states, one a thread, and its slots lie column by column (`slots_of(chain=True)`). So nothing is reduced
across threads: as a two-dimensional tile, the compiler spreads the four columns over four threads, and a round takes 309
instructions a thread, many of them to put the threads' parts together. Written out it takes less than half of that for sums,
and a third for the best (counted by `benchmarks/compile_kernels.py --loops`). Sums find no place of their largest term, and
the best has no exponentials.
"""

# Triton is optional, and what it compiles has no types for pyright:
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportCallIssue=false, reportArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUnknownArgumentType=false, reportIndexIssue=false

from __future__ import annotations

import triton
import triton.language as tl

from canvasgen.inference.triton_backend.kernel_language import BLOCK, HEAD, safe

__all__ = ["step_narrow"]

_ROWS = tl.constexpr(BLOCK.value // 4)


@triton.jit
def _term(ends, sets, before, weights, shift, PLAIN: tl.constexpr):
    """The log-weight of a slot's edge; −inf where there is none (there the set is 0: a weight that is finite or −inf)."""
    end = tl.load(ends)
    x = tl.load(weights + tl.load(sets))
    old = tl.load(before + end, mask=end >= 0, other=float("-inf"))
    if PLAIN:
        x = old + x
    else:
        x = (old - shift) + x
    return x


@triton.jit
def _alive(group, value, distance, left):
    """The largest value of a state that can still be finished."""
    needed = tl.load(distance + group, mask=group >= 0, other=-1)
    return tl.max(tl.where((needed >= 0) & (needed <= left), value, float("-inf")), 0)


@triton.jit
def _sums(
    head, first, last, lanes, other, index, before, weights, after, distance, shift, left, highest, part,
    PARTS: tl.constexpr, PLAIN: tl.constexpr,
):  # fmt: skip
    VALUE: tl.constexpr = after.dtype.element_ty
    row = tl.arange(0, _ROWS)
    for tile in range(first + part, last, PARTS):
        group = tl.load(lanes + (tile - first) * _ROWS + row)
        start, rounds = tl.load(head + HEAD + 2 * tile), tl.load(head + HEAD + 2 * tile + 1)
        ends, sets = other + start + row, index + start + row
        top, total = tl.full((_ROWS,), float("-inf"), VALUE), tl.zeros((_ROWS,), tl.float32)
        for _ in range(rounds):
            a = _term(ends, sets, before, weights, shift, PLAIN)
            b = _term(ends + _ROWS, sets + _ROWS, before, weights, shift, PLAIN)
            c = _term(ends + 2 * _ROWS, sets + 2 * _ROWS, before, weights, shift, PLAIN)
            d = _term(ends + 3 * _ROWS, sets + 3 * _ROWS, before, weights, shift, PLAIN)
            now = tl.maximum(top, tl.maximum(tl.maximum(a, b), tl.maximum(c, d)))
            base = safe(now)
            share = tl.exp((a - base).to(tl.float32)) + tl.exp((b - base).to(tl.float32))
            share += tl.exp((c - base).to(tl.float32)) + tl.exp((d - base).to(tl.float32))
            total = total * tl.exp((top - base).to(tl.float32)) + share
            top = now
            ends += BLOCK
            sets += BLOCK
        value = top + tl.log(total).to(VALUE)
        tl.store(after + group, value, mask=group >= 0)
        if not PLAIN:
            highest = tl.maximum(highest, _alive(group, value, distance, left))
    return highest


@triton.jit
def _best(
    head, first, last, lanes, other, index, before, weights, after, pointers, distance, shift, left, highest, part,
    PARTS: tl.constexpr, PLAIN: tl.constexpr,
):  # fmt: skip
    VALUE: tl.constexpr = after.dtype.element_ty
    row = tl.arange(0, _ROWS)
    for tile in range(first + part, last, PARTS):
        group = tl.load(lanes + (tile - first) * _ROWS + row)
        start, rounds = tl.load(head + HEAD + 2 * tile), tl.load(head + HEAD + 2 * tile + 1)
        ends, sets = other + start + row, index + start + row
        top, pointer = tl.full((_ROWS,), float("-inf"), VALUE), tl.zeros((_ROWS,), tl.int32)
        for turn in range(rounds):
            for column in tl.static_range(4):
                x = _term(ends + column * _ROWS, sets + column * _ROWS, before, weights, shift, PLAIN)
                pointer = tl.where(x > top, turn * 4 + column, pointer)  # of equals the first
                top = tl.maximum(top, x)
            ends += BLOCK
            sets += BLOCK
        tl.store(pointers + group, pointer, mask=group >= 0)
        tl.store(after + group, top, mask=group >= 0)
        if not PLAIN:
            highest = tl.maximum(highest, _alive(group, top, distance, left))
    return highest


@triton.jit
def step_narrow(
    head, first, last, lanes, other, index, before, weights, after, pointers, distance, shift, left, highest,
    best, part, PARTS: tl.constexpr, PLAIN: tl.constexpr,
):  # fmt: skip
    """`chain_pass.step_kind` for the tiles of width 4."""
    if best:
        highest = _best(
            head, first, last, lanes, other, index, before, weights, after, pointers, distance, shift, left, highest,
            part, PARTS, PLAIN,
        )  # fmt: skip
    else:
        highest = _sums(
            head, first, last, lanes, other, index, before, weights, after, distance, shift, left, highest, part,
            PARTS, PLAIN,
        )  # fmt: skip
    return highest
