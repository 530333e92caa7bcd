"""Kernel 10: answers over the whole vocabulary, `[R, L, V]`, only when they are asked for.

    log P(x_i = v | valid) = logits[i, v] − normaliser[i] + bias[i, class(v)]

One read of the logits and one write. The bias of a position's classes (4 KB) stays in the first-level cache while the
program goes over the tokens. The sum is float64 and rounded once; a fixed token has 0 and all others −inf, as a
distribution must.
"""

# Triton is optional, and what it compiles has no types for pyright:
# pyright: reportMissingImports=false, reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUnknownArgumentType=false, reportIndexIssue=false

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from canvasgen.inference.layout import Layout
from canvasgen.inference.triton_backend.kernel_language import field, ints
from canvasgen.inference.triton_backend.row_table import Field

__all__ = ["over_vocabulary", "over_vocabulary_reference"]

_LOGITS, _GIVEN = tl.constexpr(int(Field.LOGITS)), tl.constexpr(int(Field.GIVEN))
_ON_POSITION, _ON_TOKEN = tl.constexpr(int(Field.POSITION_STRIDE)), tl.constexpr(int(Field.TOKEN_STRIDE))
_FILLER, _FIRST_CLASS = tl.constexpr(int(Field.FILLER)), tl.constexpr(int(Field.FIRST_CLASS))
_CLASS_OF_TOKEN = tl.constexpr(int(Field.CLASS_OF_TOKEN))
_TOKENS = 4096


@triton.jit
def _over_vocabulary(
    table, like, bias, normaliser, fixed, out, first_row, length, rows, size, all_classes,
    FIXED: tl.constexpr, SUPPORT: tl.constexpr, TOKENS: tl.constexpr,
):  # fmt: skip
    """A program for each block of tokens, position and row."""
    position, at = tl.program_id(1).to(tl.int64), tl.program_id(2).to(tl.int64)
    row = first_row + at
    token = tl.program_id(0) * TOKENS + tl.arange(0, TOKENS)
    inside = token < size
    given = position < field(table, row, _GIVEN)
    logits = field(table, row, _LOGITS).to(tl.pointer_type(like.dtype.element_ty))
    logits += position * field(table, row, _ON_POSITION)
    readable = token < tl.where(given, size, 0)
    x = tl.load(logits + token * field(table, row, _ON_TOKEN), mask=readable, other=float("-inf"))
    x = tl.where(given, x.to(tl.float32), tl.where(token == field(table, row, _FILLER), 0.0, float("-inf")))
    c = tl.load(ints(table, row, _CLASS_OF_TOKEN) + token, mask=inside, other=0)
    place = position * all_classes + field(table, row, _FIRST_CLASS)
    shift = tl.load(bias + place + c, mask=inside, other=float("-inf"))
    value = x.to(tl.float64) + (shift - tl.load(normaliser + position * rows + row))
    held = tl.full([], -1, tl.int32)
    if FIXED:
        held = tl.load(fixed + row * length + position)
    value = tl.where(held >= 0, tl.where(token == held, 0.0, float("-inf")), value)
    out += (at * length + position) * size + token
    if SUPPORT:
        possible = (x > float("-inf")) & (shift > float("-inf"))
        possible = tl.where(held >= 0, token == held, possible)
        tl.store(out, possible.to(tl.int8), mask=inside)
    else:
        tl.store(out, value.to(tl.float32), mask=inside)


def over_vocabulary(
    table: Tensor,
    like: Tensor,
    bias: Tensor,
    normaliser: Tensor,
    fixed: Tensor | None,
    rows: range,
    size: int,
    support: bool,
) -> Tensor:
    """Marginals float32, or the support bool, `[R, L, V]`, in one launch.

    Args:
        table: int64 `[B, FIELDS]`.
        like: a tensor of the logits' type.
        bias: float64 `[L, C*]`.
        normaliser: float64 `[L, B]`.
        fixed: int32 `[B, L]`, the token that stands there, or -1.
        rows: which R rows, one after the other.
        size: V.
        support: which of the two.
    """
    length, all_rows = normaliser.shape
    kind = torch.int8 if support else torch.float32
    out = torch.empty((len(rows), length, size), dtype=kind, device=bias.device)
    _over_vocabulary[(-(-size // _TOKENS), length, len(rows))](
        table, like, bias, normaliser, table if fixed is None else fixed, out,
        rows.start, length, all_rows, size, bias.shape[1],
        FIXED=fixed is not None, SUPPORT=support, TOKENS=_TOKENS, num_warps=8,
    )  # fmt: skip
    return out.view(torch.bool) if support else out


def over_vocabulary_reference(
    layout: Layout, logits: Tensor, bias: Tensor, normaliser: Tensor, fixed: dict[int, int]
) -> Tensor:
    """The marginals of one row `[L, V]`, plainly."""
    classes = torch.as_tensor(layout.class_of_token).long()
    out = logits.float().double() - normaliser[:, None] + bias[:, classes]
    for position, token in fixed.items():
        out[position] = -torch.inf
        out[position, token] = 0.0
    return out.float()
