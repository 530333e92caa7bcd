"""The pieces of each class put together: a part of the class pass.

Exponentials and the sum of a round (up to 256 pieces) are float32, of differences from the class's largest logit; what goes
from round to round is float64. Of equal logits the
token of the first piece is the best one, which has the lowest id.
"""

# Triton is optional, and what it compiles has no types for pyright:
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportCallIssue=false, reportArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUnknownArgumentType=false, reportIndexIssue=false

from __future__ import annotations

import triton
import triton.language as tl

from canvasgen.inference.triton_backend.kernel_language import (
    BLOCK,
    HEAD,
    NONE,
    first_of,
    largest_of,
    safe,
    slots_of_tile,
    sum_of,
)

__all__ = ["combine_kind"]


@triton.jit
def combine_kind(
    head, lanes, pieces, tops, totals, moments, founds, best_out, mass_out, mean_out, found_out,
    KIND: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """The partial results of the pieces of each class, put together, for the classes of one width of tiles."""
    ROWS: tl.constexpr = BLOCK // WIDTH
    row, slot = tl.arange(0, ROWS), slots_of_tile(WIDTH)
    first, last = tl.load(head + KIND), tl.load(head + KIND + 1)
    for tile in range(first, last):
        group = tl.load(lanes + (tile - first) * ROWS + row)
        start, rounds = tl.load(head + HEAD + 2 * tile), tl.load(head + HEAD + 2 * tile + 1)
        top = tl.full((ROWS,), float("-inf"), tl.float32)
        total, moment = tl.zeros((ROWS,), tl.float64), tl.zeros((ROWS,), tl.float64)
        best, several = tl.full((ROWS,), NONE, tl.int32), tl.zeros((ROWS,), tl.int32)
        for turn in range(rounds):
            piece = tl.load(pieces + start + turn * BLOCK + slot)
            there = piece >= 0
            x = tl.load(tops + piece, mask=there, other=float("-inf"))
            amount = tl.load(totals + piece, mask=there, other=0.0)
            below = tl.load(moments + piece, mask=there, other=0.0)
            candidate = tl.load(founds + piece, mask=there, other=-1)
            highest = largest_of(x)
            now = tl.maximum(top, highest)
            shift = safe(now)
            old, new = tl.exp(top - shift).to(tl.float64), tl.exp(x - shift[None, :, None])
            moved = tl.where(total > 0, (moment + (top - shift).to(tl.float64) * total) * old, 0.0)
            first_moment = tl.where(
                amount * new > 0, (below + (x - shift[None, :, None]) * amount) * new, 0.0
            )
            moment = moved + sum_of(first_moment).to(tl.float64)
            total = total * old + sum_of(amount * new).to(tl.float64)
            several += sum_of(tl.where(candidate >= 0, 1 + candidate % 2, 0))
            lowest = tl.min(first_of((x == highest[None, :, None]) & (candidate >= 0), candidate // 2, 0), 1)
            best = tl.where(highest > top, lowest, best)
            top = now
        there = group >= 0
        tl.store(best_out + group, top.to(tl.float64), mask=there)
        tl.store(mass_out + group, top.to(tl.float64) + tl.log(total), mask=there)
        tl.store(mean_out + group, tl.where(total > 0, moment / total, 0.0), mask=there)
        found = tl.where(several > 0, 2 * best + (several > 1).to(tl.int32), -1)
        tl.store(found_out + group, found, mask=there)
    return lanes + (last - first) * ROWS
