"""What all kernels share: columns of the row table, and a logarithm of a sum that goes on from block to block."""

# Triton is optional, and what it compiles has no types for pyright:
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportCallIssue=false, reportArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import triton
import triton.language as tl

from canvasgen.inference.triton_backend import row_table
from canvasgen.inference.triton_backend.slots import BLOCK as SLOTS
from canvasgen.inference.triton_backend.slots import HEAD as HEAD_SIZE
from canvasgen.inference.triton_backend.slots import WIDE_BLOCK as WIDE_SLOTS

__all__ = [
    "BLOCK",
    "FIELDS",
    "HEAD",
    "NONE",
    "WIDE_BLOCK",
    "field",
    "first_of",
    "ints",
    "largest_of",
    "part_head",
    "safe",
    "slots_of_tile",
    "sum_of",
]

FIELDS = tl.constexpr(row_table.FIELDS)
BLOCK = tl.constexpr(SLOTS)
WIDE_BLOCK = tl.constexpr(WIDE_SLOTS)
HEAD = tl.constexpr(HEAD_SIZE)
NONE = tl.constexpr(2**31 - 1)
"""No token, class or edge."""


@triton.jit
def slots_of_tile(WIDTH: tl.constexpr):
    """Places of a tile's slots, `[turns, groups, lanes]`: a thread has all turns of a lane, so most of a group is reduced
    within a thread."""
    TURNS: tl.constexpr = 4 if WIDTH == 4 else 8  # pyright: ignore[reportAssignmentType]
    LANES: tl.constexpr = WIDTH // TURNS
    turn, row, lane = tl.arange(0, TURNS), tl.arange(0, BLOCK // WIDTH), tl.arange(0, LANES)
    return row[None, :, None] * WIDTH + turn[:, None, None] * LANES + lane[None, None, :]


@triton.jit
def largest_of(values):
    """By group, of `[turns, groups, lanes]`."""
    return tl.max(tl.max(values, 0), 1)


@triton.jit
def sum_of(values):
    """By group, of `[turns, groups, lanes]`."""
    return tl.sum(tl.sum(values, 0), 1)


@triton.jit
def field(table, row, column: tl.constexpr):
    """A number of a row."""
    return tl.load(table + row * FIELDS + column)


@triton.jit
def ints(table, row, column: tl.constexpr):
    """A row's int32 array."""
    return tl.load(table + row * FIELDS + column).to(tl.pointer_type(tl.int32))


@triton.jit
def part_head(heads, part):
    """The head of a part of `Slots`."""
    return heads + tl.load(heads + part)


@triton.jit
def safe(top):
    """What to subtract before an exponential: the largest value, and 0 where that is no finite number.

    Of values that are all −inf nothing is subtracted: their exponentials are 0, where −inf − −inf would be NaN. Of +inf
    neither, so that the sum becomes infinite, which is seen.
    """
    return tl.where(tl.abs(top) < float("inf"), top, 0.0)


@triton.jit
def first_of(chosen, numbers, axis: tl.constexpr):
    """The least of the numbers that are chosen."""
    return tl.min(tl.where(chosen, numbers, NONE), axis)
