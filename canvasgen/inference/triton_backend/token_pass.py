"""Kernel 1: the one pass over the logits.

`[B, L, V]` in bfloat16, float16 or float32 becomes, for each position and piece of a token class (`token_pieces.py`): the
largest logit, the sum of exponentials and their first moment below it, the best token, and whether there are several
possible ones. Every number has a reason:

- *One read.* A program takes one chunk (`CHUNK` token ids) of one position and goes through the pieces in it. So a line
  of logits comes from memory once, and the gathers by class are served by the first-level cache. What is gathered is
  told by `Slots`: tokens sorted by piece within the chunk, so that the ids that a group of threads reads ascend.
- *A maximum for each piece.* Sums are relative to the piece's own largest logit, not to the row's: a class that lies
  200 or 5,000 nats below the best one keeps all its digits, and float32 is enough for a sum of exponentials in [0, 1].
- *On line.* Where a piece takes several rounds, sums are rescaled when the maximum moves (Milakov & Gimelshein 2018).
- *No atomics.* Partial results of a piece have their own place, so the order of every sum is fixed.
- *What is no number is kept.* exp(NaN) and exp(+inf) make the sum NaN or infinite; nothing is compared away. The next
  kernel flags it.
- *float32.* Logits of any float type are taken with their value as float32; bfloat16 and float16 are exact in it.
- A token is chosen by its id: of equals the lowest.
"""

# Triton is optional, and what it compiles has no types for pyright:
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportCallIssue=false, reportArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUnknownArgumentType=false, reportIndexIssue=false

from __future__ import annotations

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

from canvasgen.inference.triton_backend.kernel_language import (
    BLOCK,
    HEAD,
    NONE,
    field,
    first_of,
    ints,
    part_head,
    safe,
    slots_of_tile,
)
from canvasgen.inference.triton_backend.row_table import Field
from canvasgen.inference.triton_backend.token_pieces import Pieces

__all__ = ["Partials", "read_tokens", "read_tokens_reference"]

POSITIONS = 1
"""Positions of a program. More of them share the loads of the tokens' numbers, and take more registers and cache; results
do not depend on it."""

_LOGITS, _GIVEN = tl.constexpr(int(Field.LOGITS)), tl.constexpr(int(Field.GIVEN))
_ON_POSITION, _ON_TOKEN = tl.constexpr(int(Field.POSITION_STRIDE)), tl.constexpr(int(Field.TOKEN_STRIDE))
_HEADS, _LANES = tl.constexpr(int(Field.HEADS_OF_TOKENS)), tl.constexpr(int(Field.LANES_OF_TOKENS))
_TOKENS, _FIRST_PIECE = tl.constexpr(int(Field.TOKENS_OF_PIECE)), tl.constexpr(int(Field.FIRST_PIECE))


@dataclass(frozen=True, eq=False)
class Partials:
    """`[L, Q*]` of the pieces of all rows.

    Attributes:
        top: float32, the largest logit; −inf for none.
        total: float32, Σ exp(x − top).
        moment: float32, Σ exp(x − top) · (x − top).
        found: int32, 2 · best token, and 1 more if several tokens are possible; -1 if none is.
    """

    top: Tensor
    total: Tensor
    moment: Tensor
    found: Tensor

    @classmethod
    def empty(cls, length: int, pieces: int, device: torch.device) -> Partials:
        """Without values yet."""
        shape = (length, pieces)
        top, total, moment = (torch.empty(shape, dtype=torch.float32, device=device) for _ in range(3))
        return cls(top, total, moment, torch.empty(shape, dtype=torch.int32, device=device))


@triton.jit
def _read_kind(
    head,
    lanes,
    tokens,
    logits,
    on_token,
    position,
    given,
    out,
    top_out,
    total_out,
    moment_out,
    found_out,
    KIND: tl.constexpr,
    WIDTH: tl.constexpr,
    POSITIONS: tl.constexpr,
):
    """All tiles of one width; `logits` and `out` are the positions' addresses and places in the results.

    A tile is an array of turns × groups × lanes, so that a thread has several members of one group.
    """
    ROWS: tl.constexpr = BLOCK // WIDTH
    row, slot = tl.arange(0, ROWS), slots_of_tile(WIDTH)
    first, last = tl.load(head + KIND), tl.load(head + KIND + 1)
    for tile in range(first, last):
        group = tl.load(lanes + (tile - first) * ROWS + row)
        start, rounds = tl.load(head + HEAD + 2 * tile), tl.load(head + HEAD + 2 * tile + 1)
        top = tl.full((POSITIONS, ROWS), float("-inf"), tl.float32)
        total = tl.zeros((POSITIONS, ROWS), tl.float32)
        moment = tl.zeros((POSITIONS, ROWS), tl.float32)
        count = tl.zeros((POSITIONS, ROWS), tl.int32)
        best = tl.full((POSITIONS, ROWS), NONE, tl.int32)
        for turn in range(rounds):
            token = tl.load(tokens + start + turn * BLOCK + slot)[None, :, :, :]
            there = (token >= 0) & (position < given)
            x = tl.load(logits + token * on_token, mask=there, other=float("-inf")).to(tl.float32)
            highest = tl.max(tl.max(x, 1), 2)
            now = tl.maximum(top, highest)
            shift = safe(now)
            scale = tl.exp(top - shift)
            below = x - shift[:, None, :, None]
            share = tl.exp(below)
            moved = tl.where(total > 0, (moment + (top - shift) * total) * scale, 0.0)
            moment = moved + tl.sum(tl.sum(tl.where(share > 0, share * below, 0.0), 1), 2)
            total = total * scale + tl.sum(tl.sum(share, 1), 2)
            count += tl.sum(tl.sum((x > float("-inf")).to(tl.int32), 1), 2)
            lowest = tl.min(first_of((x == highest[:, None, :, None]) & there, token, 1), 2)
            best = tl.where(highest > top, lowest, best)
            top = now
        place, kept = (
            out + group[None, :],
            (group >= 0)[None, :] & (tl.reshape(position, (POSITIONS, 1)) < given),
        )
        tl.store(top_out + place, top, mask=kept)
        tl.store(total_out + place, total, mask=kept)
        tl.store(moment_out + place, moment, mask=kept)
        found = tl.where(count > 0, 2 * best + (count > 1).to(tl.int32), -1)
        tl.store(found_out + place, found, mask=kept)
    return lanes + (last - first) * ROWS


@triton.jit
def _read_tokens(
    table,
    top_out,
    total_out,
    moment_out,
    found_out,
    all_pieces,
    dtype_of,
    POSITIONS: tl.constexpr,
):
    """A program for each few positions, chunk and row; `dtype_of` is any array of the logits' type."""
    part, row = tl.program_id(1), tl.program_id(2)
    position = tl.program_id(0) * POSITIONS + tl.arange(0, POSITIONS)[:, None, None, None]
    given = field(table, row, _GIVEN)
    logits = field(table, row, _LOGITS).to(tl.pointer_type(dtype_of.dtype.element_ty))
    logits = logits + position * field(table, row, _ON_POSITION)
    on_token = field(table, row, _ON_TOKEN)
    flat = tl.reshape(position, (POSITIONS, 1)).to(tl.int64)
    out = flat * all_pieces + field(table, row, _FIRST_PIECE)
    head = part_head(ints(table, row, _HEADS), part)
    lanes = ints(table, row, _LANES) + tl.load(head + 4)
    tokens = ints(table, row, _TOKENS)
    lanes = _read_kind(
        head, lanes, tokens, logits, on_token, position, given, out,
        top_out, total_out, moment_out, found_out, 0, 4, POSITIONS,
    )  # fmt: skip
    lanes = _read_kind(
        head, lanes, tokens, logits, on_token, position, given, out,
        top_out, total_out, moment_out, found_out, 1, 32, POSITIONS,
    )  # fmt: skip
    _read_kind(
        head, lanes, tokens, logits, on_token, position, given, out,
        top_out, total_out, moment_out, found_out, 2, 256, POSITIONS,
    )  # fmt: skip


def read_tokens(table: Tensor, like: Tensor, partials: Partials, rows: int, chunks: int) -> None:
    """Fill the partial results of all rows in one launch.

    Args:
        table: int64 `[B, FIELDS]`.
        like: a tensor of the logits' type.
        partials: where to write them.
        rows: B.
        chunks: P.
    """
    length, pieces = partials.top.shape
    grid = (-(-length // POSITIONS), chunks, rows)
    _read_tokens[grid](
        table, partials.top, partials.total, partials.moment, partials.found, pieces, like,
        POSITIONS=POSITIONS, num_warps=8,
    )  # fmt: skip


def read_tokens_reference(pieces: Pieces, logits: Tensor) -> Partials:
    """The same for one row `[L, V]`, plainly."""
    length = len(logits)
    partials = Partials.empty(length, pieces.number, logits.device)
    for piece in range(pieces.number):
        mine = torch.as_tensor(pieces.tokens[pieces.offsets[piece] : pieces.offsets[piece + 1]]).long()
        values = logits[:, mine].float()
        top = values.amax(dim=1)
        shift = torch.where(top.abs() < torch.inf, top, 0.0)
        below = values - shift[:, None]
        share = below.exp()
        count = (values > -torch.inf).sum(dim=1)
        best = torch.where(count > 0, mine[values.argmax(dim=1)], 0)
        partials.top[:, piece] = top
        partials.total[:, piece] = share.sum(dim=1)
        partials.moment[:, piece] = torch.where(share > 0, share * below, 0.0).sum(dim=1)
        partials.found[:, piece] = torch.where(count > 0, 2 * best + (count > 1).long(), -1).int()
    return partials
