"""Kernels 7 to 9: exact joint samples of the canvas, by forward filtering and backward sampling, on the device.

Given uniform numbers, every choice is the inverse of a cumulative sum, so the same numbers give the same canvas on
every backend, but where a number falls on a border within rounding. Numbers come from the host's counter-based
generator by the row's seed (24 bytes a position), before anything runs.

1. *Edges of all states at once.* At position i each state draws the edge that it was reached by, with the same uniform
   number: only one state will be visited, so numbers are not used twice. All positions are independent, and the walk
   that follows is one load a position, not a sum.
2. *The walk*, from a last state drawn by alpha · final, to the first position.
3. *Class and token* of each position. A class is drawn from its set by mass; a token from its class in order of ids:
   first a piece of it, by the partial sums of the pass over the logits, then within the piece. So of the logits only the
   tokens of one piece are read again.

Cumulative sums are float64 of float32 exponentials. What has no share is never chosen: a number that lies behind the
last sum by rounding takes the last choice that has one.
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

from canvasgen.inference.triton_backend.chain_pass import Chains
from canvasgen.inference.triton_backend.class_pass import ClassPass, SetWeights
from canvasgen.inference.triton_backend.kernel_language import (
    BLOCK,
    HEAD,
    NONE,
    WIDE_BLOCK,
    field,
    first_of,
    ints,
    part_head,
    safe,
)
from canvasgen.inference.triton_backend.row_table import Field
from canvasgen.inference.triton_backend.token_pass import Partials

__all__ = ["Read", "joint_samples"]

_LOGITS, _GIVEN = tl.constexpr(int(Field.LOGITS)), tl.constexpr(int(Field.GIVEN))
_ON_POSITION, _ON_TOKEN = tl.constexpr(int(Field.POSITION_STRIDE)), tl.constexpr(int(Field.TOKEN_STRIDE))
_LENGTH, _REMAINING = tl.constexpr(int(Field.LENGTH)), tl.constexpr(int(Field.REMAINING))
_FILLER, _DISTANCE = tl.constexpr(int(Field.FILLER)), tl.constexpr(int(Field.DISTANCE))
_FIRST_STATE, _FIRST_SET = tl.constexpr(int(Field.FIRST_STATE)), tl.constexpr(int(Field.FIRST_SET))
_FIRST_CLASS, _STATES = tl.constexpr(int(Field.FIRST_CLASS)), tl.constexpr(int(Field.STATES))
_SETS, _CLASSES = tl.constexpr(int(Field.SETS)), tl.constexpr(int(Field.CLASSES))
_HEADS, _LANES = tl.constexpr(int(Field.HEADS_BY_TARGET)), tl.constexpr(int(Field.LANES_BY_TARGET))
_FIRST, _SECOND = tl.constexpr(int(Field.FIRST_BY_TARGET)), tl.constexpr(int(Field.SECOND_BY_TARGET))
_OFFSETS, _SOURCES = tl.constexpr(int(Field.TARGET_OFFSETS)), tl.constexpr(int(Field.TARGET_FIRST))
_EDGE_SETS = tl.constexpr(int(Field.TARGET_SECOND))
_SET_OFFSETS, _SET_CLASSES = tl.constexpr(int(Field.SET_OFFSETS)), tl.constexpr(int(Field.SET_CLASSES))
_PIECE_OFFSETS, _FIRST_PIECE = tl.constexpr(int(Field.PIECE_OFFSETS)), tl.constexpr(int(Field.FIRST_PIECE))
_TOKEN_OFFSETS, _TOKENS = tl.constexpr(int(Field.TOKEN_OFFSETS)), tl.constexpr(int(Field.TOKENS))
_LANE = tl.constexpr(1024)
_PIECE_LANE = tl.constexpr(256)

_MOST_POINTERS = 1 << 26
"""Back-pointers of samples that are drawn in one launch; they take 4 bytes each."""


@dataclass(frozen=True, eq=False)
class Read:
    """What samples are drawn from."""

    table: Tensor
    like: Tensor
    partials: Partials
    tables: ClassPass
    sets: SetWeights
    chains: Chains
    fixed: Tensor | None


@triton.jit
def _draw_kind(
    head, lanes, sources, index, alpha, weights, uniform, out, KIND: tl.constexpr, WIDTH: tl.constexpr
):  # fmt: skip
    """The edge that each state was reached by, as a place in its list."""
    SLOTS: tl.constexpr = BLOCK if KIND == 0 else WIDE_BLOCK
    ROWS: tl.constexpr = SLOTS // WIDTH
    row, column = tl.arange(0, ROWS), tl.arange(0, WIDTH)
    slot = row[:, None] * WIDTH + column[None, :]
    if KIND == 0:  # column by column
        slot = row[:, None] + column[None, :] * ROWS
    first, last = tl.load(head + KIND), tl.load(head + KIND + 1)
    for tile in range(first, last):
        group = tl.load(lanes + (tile - first) * ROWS + row)
        start, rounds = tl.load(head + HEAD + 2 * tile), tl.load(head + HEAD + 2 * tile + 1)
        top, total = tl.full((ROWS,), float("-inf"), tl.float64), tl.zeros((ROWS,), tl.float64)
        for turn in range(rounds):
            at = start + turn * SLOTS + slot
            source = tl.load(sources + at)
            there = source >= 0
            x = tl.load(alpha + source, mask=there, other=float("-inf")).to(tl.float64)
            x += tl.load(weights + tl.load(index + at), mask=there, other=float("-inf"))
            now = tl.maximum(top, tl.max(x, 1))
            shift = safe(now)
            share = tl.exp((x - shift[:, None]).to(tl.float32)).to(tl.float64)
            total = total * tl.exp((top - shift).to(tl.float32)).to(tl.float64) + tl.sum(share, 1)
            top = now
        shift, behind, passed = safe(top), uniform * total, tl.zeros((ROWS,), tl.float64)
        pointer, latest = tl.full((ROWS,), NONE, tl.int32), tl.zeros((ROWS,), tl.int32)
        for turn in range(rounds):
            at = start + turn * SLOTS + slot
            source = tl.load(sources + at)
            there = source >= 0
            x = tl.load(alpha + source, mask=there, other=float("-inf")).to(tl.float64)
            x += tl.load(weights + tl.load(index + at), mask=there, other=float("-inf"))
            share = tl.exp((x - shift[:, None]).to(tl.float32)).to(tl.float64)
            sums = passed[:, None] + tl.cumsum(share, 1)
            place = turn * WIDTH + column[None, :] + tl.zeros((ROWS, WIDTH), tl.int32)
            pointer = tl.minimum(pointer, first_of((share > 0) & (sums > behind[:, None]), place, 1))
            latest = tl.maximum(latest, tl.max(tl.where(share > 0, place, 0), 1))
            passed += tl.sum(share, 1)
        tl.store(out + group, tl.where(pointer == NONE, latest, pointer), mask=group >= 0)
    return lanes + (last - first) * ROWS


@triton.jit
def _draw_edges(
    table, rows_of, uniforms, values, mass, pointers_out, length, all_states, all_sets, width
):  # fmt: skip
    """A program for each position and sample."""
    position, sample = tl.program_id(0).to(tl.int64), tl.program_id(1).to(tl.int64)
    row = tl.load(rows_of + sample)
    if position < field(table, row, _LENGTH):
        uniform = tl.load(uniforms + (sample * (length + 1) + position) * 3)
        alpha = values + position * all_states + field(table, row, _FIRST_STATE)
        weights = mass + position * all_sets + field(table, row, _FIRST_SET)
        head = part_head(ints(table, row, _HEADS), 0)
        lanes, sources, index = ints(table, row, _LANES), ints(table, row, _FIRST), ints(table, row, _SECOND)
        out = pointers_out + (sample * length + position) * width
        lanes = _draw_kind(head, lanes, sources, index, alpha, weights, uniform, out, 0, 4)
        lanes = _draw_kind(head, lanes, sources, index, alpha, weights, uniform, out, 1, 32)
        _draw_kind(head, lanes, sources, index, alpha, weights, uniform, out, 2, 256)


@triton.jit
def _draw_walk(table, rows_of, uniforms, values, pointers, sets_out, length, all_states, width):
    """A program for each sample: the last state, then the class set of each position within the budget."""
    sample = tl.program_id(0).to(tl.int64)
    row = tl.load(rows_of + sample)
    n, remaining, states = (
        field(table, row, _LENGTH),
        field(table, row, _REMAINING),
        field(table, row, _STATES),
    )
    last = values + n * all_states + field(table, row, _FIRST_STATE)
    distance, lane = ints(table, row, _DISTANCE), tl.arange(0, _LANE)
    top, total = tl.full([], float("-inf"), tl.float64), tl.full([], 0.0, tl.float64)
    for low in range(0, states, _LANE):
        needed = tl.load(distance + low + lane, mask=low + lane < states, other=-1)
        ends = (needed >= 0) & (needed <= remaining)
        x = tl.load(last + low + lane, mask=ends, other=float("-inf")).to(tl.float64)
        now = tl.maximum(top, tl.max(x, 0))
        shift = safe(now)
        share = tl.exp((x - shift).to(tl.float32)).to(tl.float64)
        total = total * tl.exp((top - shift).to(tl.float32)).to(tl.float64) + tl.sum(share, 0)
        top = now
    behind = tl.load(uniforms + (sample * (length + 1) + length) * 3) * total
    passed, base = tl.full([], 0.0, tl.float64), safe(top)
    chosen, latest = tl.full([], NONE, tl.int32), tl.full([], 0, tl.int32)
    for low in range(0, states, _LANE):
        needed = tl.load(distance + low + lane, mask=low + lane < states, other=-1)
        ends = (needed >= 0) & (needed <= remaining)
        x = tl.load(last + low + lane, mask=ends, other=float("-inf")).to(tl.float64)
        share = tl.exp((x - base).to(tl.float32)).to(tl.float64)
        place = (low + lane).to(tl.int32)
        sums = passed + tl.cumsum(share, 0)
        chosen = tl.minimum(chosen, first_of((share > 0) & (sums > behind), place, 0))
        latest = tl.maximum(latest, tl.max(tl.where(share > 0, place, 0), 0))
        passed += tl.sum(share, 0)
    state = tl.where(chosen == NONE, latest, chosen)
    offsets = ints(table, row, _OFFSETS)
    sources, edge_sets = ints(table, row, _SOURCES), ints(table, row, _EDGE_SETS)
    for step in range(n):
        position = n - 1 - step
        place = tl.load(pointers + (sample * length + position) * width + state)
        edge = tl.minimum(tl.load(offsets + state) + place, tl.load(offsets + states) - 1)
        tl.store(sets_out + sample * length + position, tl.load(edge_sets + edge))
        state = tl.load(sources + edge)


@triton.jit
def _draw_piece(tops, totals, first, behind, uniform):
    """The piece at which the cumulative sum passes `uniform` of the whole; how far into it, and the scale of that."""
    lane = tl.arange(0, _PIECE_LANE)
    top, total = tl.full([], float("-inf"), tl.float32), tl.full([], 0.0, tl.float64)
    for low in range(first, behind, _PIECE_LANE):
        x = tl.load(tops + low + lane, mask=low + lane < behind, other=float("-inf"))
        top = tl.maximum(top, tl.max(x, 0))
    highest = safe(top)
    for low in range(first, behind, _PIECE_LANE):
        there = low + lane < behind
        x = tl.load(tops + low + lane, mask=there, other=float("-inf"))
        amount = tl.load(totals + low + lane, mask=there, other=0.0)
        total += tl.sum((amount * tl.exp(x - highest)).to(tl.float64), 0)
    threshold, passed = uniform * total, tl.full([], 0.0, tl.float64)
    chosen, latest = tl.full([], NONE, tl.int32), first
    before, before_latest = tl.full([], 0.0, tl.float64), tl.full([], 0.0, tl.float64)
    for low in range(first, behind, _PIECE_LANE):
        there = low + lane < behind
        x = tl.load(tops + low + lane, mask=there, other=float("-inf"))
        amount = tl.load(totals + low + lane, mask=there, other=0.0)
        share = (amount * tl.exp(x - highest)).to(tl.float64)
        sums = passed + tl.cumsum(share, 0)
        place = low + lane
        here = first_of((share > 0) & (sums > threshold), place, 0)
        last = tl.max(tl.where(share > 0, place, -1), 0)
        if (chosen == NONE) & (here != NONE):
            before = passed + tl.sum(tl.where(place < here, share, 0.0), 0)
        if last >= 0:
            before_latest = passed + tl.sum(tl.where(place < last, share, 0.0), 0)
            latest = last
        chosen = tl.minimum(chosen, here)
        passed += tl.sum(share, 0)
    is_there = chosen != NONE
    return tl.where(is_there, chosen, latest), threshold - tl.where(is_there, before, before_latest), highest


@triton.jit
def _draw_token(logits, tokens, first, behind, base, threshold, on_token):
    """The token at which the cumulative sum passes the threshold; -1 if none has a share."""
    passed, lane = tl.full([], 0.0, tl.float64), tl.arange(0, _LANE)
    chosen, latest = tl.full([], NONE, tl.int32), tl.full([], -1, tl.int32)
    for low in range(first, behind, _LANE):
        there = low + lane < behind
        token = tl.load(tokens + low + lane, mask=there, other=0)
        x = tl.load(logits + token * on_token, mask=there, other=float("-inf")).to(tl.float32)
        share = tl.exp(x - base).to(tl.float64)
        sums = passed + tl.cumsum(share, 0)
        chosen = tl.minimum(chosen, first_of((share > 0) & (sums > threshold), token, 0))
        latest = tl.maximum(latest, tl.max(tl.where(share > 0, token, -1), 0))
        passed += tl.sum(share, 0)
    return tl.where(chosen == NONE, latest, chosen)


@triton.jit
def _draw_tokens(
    table, rows_of, uniforms, sets_in, mass, set_mass, tops, totals, fixed, like, ids_out, logs_out,
    length, all_sets, all_classes, all_pieces,
    FIXED: tl.constexpr,
):  # fmt: skip
    """A program for each position and sample."""
    position, sample = tl.program_id(0).to(tl.int64), tl.program_id(1).to(tl.int64)
    row = tl.load(rows_of + sample)
    classes, last = field(table, row, _CLASSES), field(table, row, _SETS) - 1
    at_uniforms = uniforms + (sample * (length + 1) + position) * 3
    inside = position < field(table, row, _LENGTH)
    index = last
    if inside:
        index = tl.load(sets_in + sample * length + position).to(tl.int64)
    text = index < last
    offsets, members = ints(table, row, _SET_OFFSETS), ints(table, row, _SET_CLASSES)
    first = tl.load(offsets + index, mask=text, other=0)
    behind = tl.where(text, tl.load(offsets + index + 1, mask=text, other=0), classes)
    listed = tl.where(text, behind, 0)
    mass += position * all_classes + field(table, row, _FIRST_CLASS)
    # The class
    lane = tl.arange(0, _LANE)
    top, total = tl.full([], float("-inf"), tl.float64), tl.full([], 0.0, tl.float64)
    for low in range(first, behind, _LANE):
        there = low + lane < behind
        member = tl.where(text, tl.load(members + low + lane, mask=low + lane < listed, other=0), low + lane)
        x = tl.load(mass + member, mask=there, other=float("-inf"))
        now = tl.maximum(top, tl.max(x, 0))
        shift = safe(now)
        share = tl.exp((x - shift).to(tl.float32)).to(tl.float64)
        total = total * tl.exp((top - shift).to(tl.float32)).to(tl.float64) + tl.sum(share, 0)
        top = now
    threshold, base = tl.load(at_uniforms + 1) * total, safe(top)
    passed = tl.full([], 0.0, tl.float64)
    chosen, latest = tl.full([], NONE, tl.int32), tl.full([], 0, tl.int32)
    for low in range(first, behind, _LANE):
        there = low + lane < behind
        member = tl.where(text, tl.load(members + low + lane, mask=low + lane < listed, other=0), low + lane)
        member = member.to(tl.int32)
        x = tl.load(mass + member, mask=there, other=float("-inf"))
        share = tl.exp((x - base).to(tl.float32)).to(tl.float64)
        sums = passed + tl.cumsum(share, 0)
        chosen = tl.minimum(chosen, first_of((share > 0) & (sums > threshold), member, 0))
        latest = tl.maximum(latest, tl.max(tl.where(share > 0, member, 0), 0))
        passed += tl.sum(share, 0)
    chosen = tl.where(chosen == NONE, latest, chosen)
    # Of a text the share of the class in its set cancels the set's weight; in the tail the set is every class
    log = tl.load(mass + chosen)
    if ~text:
        log += tl.load(set_mass + position * all_sets + field(table, row, _FIRST_SET) + index) - (
            top + tl.log(total)
        )
    tl.store(logs_out + sample * length + position, tl.where(inside, log, 0.0))
    # The token
    token = field(table, row, _FILLER)
    if position < field(table, row, _GIVEN):
        pieces = ints(table, row, _PIECE_OFFSETS)
        first_piece, behind_piece = tl.load(pieces + chosen), tl.load(pieces + chosen + 1)
        place = position * all_pieces + field(table, row, _FIRST_PIECE)
        here, threshold, highest = _draw_piece(
            tops + place, totals + place, first_piece, behind_piece, tl.load(at_uniforms + 2)
        )
        segments, tokens = ints(table, row, _TOKEN_OFFSETS), ints(table, row, _TOKENS)
        logits = field(table, row, _LOGITS).to(tl.pointer_type(like.dtype.element_ty))
        logits += position * field(table, row, _ON_POSITION)
        begin, end = tl.load(segments + here), tl.load(segments + here + 1)
        found = _draw_token(logits, tokens, begin, end, highest, threshold, field(table, row, _ON_TOKEN))
        token = tl.where(found >= 0, found.to(tl.int64), token)
    if FIXED:
        held = tl.load(fixed + row * length + position).to(tl.int64)
        token = tl.where(held >= 0, held, token)
    tl.store(ids_out + sample * length + position, token)


def joint_samples(read: Read, rows_of: Tensor, uniforms: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Samples in three launches.

    Args:
        read: what the passes have left.
        rows_of: int64 `[M]`, the row of each sample.
        uniforms: float64 `[M, L + 1, 3]`, see `Lattice.sample`.
        width: states of the row that has most.

    Returns:
        int64 `[M, L]` ids, and float64 `[M]` log-probabilities of their classes, Z not yet divided out.
    """
    several, (length, _) = len(rows_of), read.tables.normaliser.shape
    step = max(1, _MOST_POINTERS // (length * width))
    if several > step:
        parts = [
            joint_samples(read, rows_of[low : low + step], uniforms[low : low + step], width)
            for low in range(0, several, step)
        ]
        ids, logs = zip(*parts, strict=True)
        return torch.cat(ids), torch.cat(logs)
    device, states = rows_of.device, read.chains.pointers.shape[1]
    sets, classes, pieces = read.sets.mass.shape[1], read.tables.mass.shape[1], read.partials.top.shape[1]
    pointers = torch.empty((several, length, width), dtype=torch.int32, device=device)
    chosen = torch.empty((several, length), dtype=torch.int32, device=device)
    ids = torch.empty((several, length), dtype=torch.int64, device=device)
    logs = torch.empty((several, length), dtype=torch.float64, device=device)
    _draw_edges[(length, several)](
        read.table, rows_of, uniforms, read.chains.values[0], read.sets.mass, pointers,
        length, states, sets, width, num_warps=8, num_stages=1,
    )  # fmt: skip
    _draw_walk[(several,)](
        read.table, rows_of, uniforms, read.chains.values[0], pointers, chosen, length, states, width,
        num_warps=4, num_stages=1,
    )  # fmt: skip
    _draw_tokens[(length, several)](
        read.table, rows_of, uniforms, chosen, read.tables.mass, read.sets.mass,
        read.partials.top, read.partials.total, chosen if read.fixed is None else read.fixed, read.like,
        ids, logs, length, sets, classes, pieces,
        FIXED=read.fixed is not None, num_warps=4, num_stages=1,
    )  # fmt: skip
    return ids, logs.sum(dim=1)
