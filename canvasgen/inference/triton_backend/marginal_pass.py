"""Kernel 4: the marginals of the token classes, and what a step asks of them, in one launch.

    bias[i, c]   = log Σ over sets z with c, and the tail, of Σ over edges (s, t, z) of alpha[i, s] · beta[i + 1, t] / Z
    entropy[i]   = −Σ_c P(c) · (best[c] + mean[c] + bias[c]),     P(c) = exp(mass[c] + bias[c])

since a token v of class c has log P(x_i = v | valid) = log p_i(v) + bias, and best + mean is the class's expected log
p_i(v). A program takes one position of one row; positions do not depend on each other here.

- *Sums in float64 but for the exponentials*, as in the class pass, which has the reasons.
- *The offsets of alpha, beta and Z are put together in float64* and added to each sum: what is far from zero cancels there.
- *0 · log 0 = 0*: classes that are impossible are left out, by −inf and not by size.
- *The allowed mass* is taken relative to its own largest class: it may be e^-5000.
- *Behind the budget* the canvas is free: the bias is 0, and the entropy the model's own.
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

from canvasgen.inference.layout import Layout
from canvasgen.inference.triton_backend.chain_pass import Chains
from canvasgen.inference.triton_backend.class_pass import ClassPass
from canvasgen.inference.triton_backend.kernel_language import (
    BLOCK,
    HEAD,
    field,
    ints,
    largest_of,
    part_head,
    safe,
    slots_of_tile,
    sum_of,
)
from canvasgen.inference.triton_backend.row_table import Field

__all__ = ["Marginals", "marginal_pass", "marginal_pass_reference"]

_LENGTH = tl.constexpr(int(Field.LENGTH))
_FIRST_STATE, _FIRST_SET = tl.constexpr(int(Field.FIRST_STATE)), tl.constexpr(int(Field.FIRST_SET))
_FIRST_CLASS, _CLASSES = tl.constexpr(int(Field.FIRST_CLASS)), tl.constexpr(int(Field.CLASSES))
_HEADS_Z, _LANES_Z = tl.constexpr(int(Field.HEADS_BY_SET)), tl.constexpr(int(Field.LANES_BY_SET))
_FIRST_Z, _SECOND_Z = tl.constexpr(int(Field.FIRST_BY_SET)), tl.constexpr(int(Field.SECOND_BY_SET))
_HEADS_C, _LANES_C = tl.constexpr(int(Field.HEADS_OF_SETS)), tl.constexpr(int(Field.LANES_OF_SETS))
_SETS_C = tl.constexpr(int(Field.SETS_OF_CLASS))
_CLASS_BLOCK = tl.constexpr(1024)


@dataclass(frozen=True, eq=False)
class Marginals:
    """What the pass leaves.

    Attributes:
        bias: float64 `[L, C*]`, log P(x_i = v | valid) − log p_i(v) of the tokens v of each class.
        scores: float64 `[L, Z*]`, of the class sets.
        entropies, allowed_mass: float64 `[B, L]`.
        forced: int8 `[B, L]`, 1: only one token is possible.
    """

    bias: Tensor
    scores: Tensor
    entropies: Tensor
    allowed_mass: Tensor
    forced: Tensor

    @classmethod
    def empty(cls, length: int, rows: int, sets: int, classes: int, device: torch.device) -> Marginals:
        """Without values yet."""

        def make(*shape: int, of: torch.dtype = torch.float64) -> Tensor:
            return torch.empty(shape, dtype=of, device=device)

        return cls(
            bias=make(length, classes),
            scores=make(length, sets),
            entropies=make(rows, length),
            allowed_mass=make(rows, length),
            forced=make(rows, length, of=torch.int8),
        )


@triton.jit
def _score_kind(
    head, lanes, sources, targets, alpha, beta, constant, closed, out,
    CLOSED: tl.constexpr, KIND: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """log Σ of alpha · beta over the edges of each set."""
    ROWS: tl.constexpr = BLOCK // WIDTH
    row, slot = tl.arange(0, ROWS), slots_of_tile(WIDTH)
    first, last = tl.load(head + KIND), tl.load(head + KIND + 1)
    for tile in range(first, last):
        group = tl.load(lanes + (tile - first) * ROWS + row)
        start, rounds = tl.load(head + HEAD + 2 * tile), tl.load(head + HEAD + 2 * tile + 1)
        top, total = tl.full((ROWS,), float("-inf"), tl.float64), tl.zeros((ROWS,), tl.float32)
        for turn in range(rounds):
            at = start + turn * BLOCK + slot
            source = tl.load(sources + at)
            there = source >= 0
            x = tl.load(alpha + source, mask=there, other=float("-inf")).to(tl.float64)
            x += tl.load(beta + tl.load(targets + at), mask=there, other=float("-inf")).to(tl.float64)
            now = tl.maximum(top, largest_of(x))
            shift = safe(now)
            share = tl.exp((x - shift[None, :, None]).to(tl.float32))
            total = total * tl.exp((top - shift).to(tl.float32)) + sum_of(share)
            top = now
        score = top + tl.log(total).to(tl.float64) + constant
        there = group >= 0
        if CLOSED:
            shut = tl.load(closed + group, mask=there, other=0) != 0
            score = tl.where(shut, float("-inf"), score)
        tl.store(out + group, score, mask=there)
    return lanes + (last - first) * ROWS


@triton.jit
def _bias_kind(head, lanes, sets, scores, out, KIND: tl.constexpr, WIDTH: tl.constexpr):
    """log Σ of the scores of the sets that hold each class."""
    ROWS: tl.constexpr = BLOCK // WIDTH
    row, slot = tl.arange(0, ROWS), slots_of_tile(WIDTH)
    first, last = tl.load(head + KIND), tl.load(head + KIND + 1)
    for tile in range(first, last):
        group = tl.load(lanes + (tile - first) * ROWS + row)
        start, rounds = tl.load(head + HEAD + 2 * tile), tl.load(head + HEAD + 2 * tile + 1)
        top, total = tl.full((ROWS,), float("-inf"), tl.float64), tl.zeros((ROWS,), tl.float32)
        for turn in range(rounds):
            index = tl.load(sets + start + turn * BLOCK + slot)
            x = tl.load(scores + index, mask=index >= 0, other=float("-inf"))
            now = tl.maximum(top, largest_of(x))
            shift = safe(now)
            share = tl.exp((x - shift[None, :, None]).to(tl.float32))
            total = total * tl.exp((top - shift).to(tl.float32)) + sum_of(share)
            top = now
        tl.store(out + group, top + tl.log(total).to(tl.float64), mask=group >= 0)
    return lanes + (last - first) * ROWS


@triton.jit
def _marginal_pass(
    table, values, offsets, log_partition, best, mass, mean, found,
    bias_out, scores_out, entropies_out, allowed_out, forced_out, closed,
    length, rows, all_states, all_sets, all_classes,
    CLOSED: tl.constexpr,
):  # fmt: skip
    """A program for each position and row."""
    position, row = tl.program_id(0).to(tl.int64), tl.program_id(1)
    n, classes = field(table, row, _LENGTH), field(table, row, _CLASSES)
    mine = position * all_classes + field(table, row, _FIRST_CLASS)
    lane = tl.arange(0, _CLASS_BLOCK)
    if position < n:
        alpha = values + position * all_states + field(table, row, _FIRST_STATE)
        beta = alpha + (length + 2).to(tl.int64) * all_states
        whole = tl.load(log_partition + row)
        constant = tl.load(offsets + position * rows + row) - safe(whole)
        constant += tl.load(offsets + (length + 2 + position) * rows + row)
        first_set = position * all_sets + field(table, row, _FIRST_SET)
        head = part_head(ints(table, row, _HEADS_Z), 0)
        lanes, one, two = ints(table, row, _LANES_Z), ints(table, row, _FIRST_Z), ints(table, row, _SECOND_Z)
        scores, shut = scores_out + first_set, closed + first_set
        lanes = _score_kind(head, lanes, one, two, alpha, beta, constant, shut, scores, CLOSED, 0, 4)
        lanes = _score_kind(head, lanes, one, two, alpha, beta, constant, shut, scores, CLOSED, 1, 32)
        _score_kind(head, lanes, one, two, alpha, beta, constant, shut, scores, CLOSED, 2, 256)
        tl.debug_barrier()
        head = part_head(ints(table, row, _HEADS_C), 0)
        lanes, sets = ints(table, row, _LANES_C), ints(table, row, _SETS_C)
        lanes = _bias_kind(head, lanes, sets, scores, bias_out + mine, 0, 4)
        lanes = _bias_kind(head, lanes, sets, scores, bias_out + mine, 1, 32)
        _bias_kind(head, lanes, sets, scores, bias_out + mine, 2, 256)
    else:
        for low in range(0, classes, _CLASS_BLOCK):
            tl.store(bias_out + mine + low + lane, lane.to(tl.float64) * 0.0, mask=low + lane < classes)
    tl.debug_barrier()
    entropy, possibles = tl.full([], 0.0, tl.float64), tl.full([], 0, tl.int32)
    top, total = tl.full([], float("-inf"), tl.float64), tl.full([], 0.0, tl.float64)
    for begin in range(0, classes, _CLASS_BLOCK):
        there, at = begin + lane < classes, mine + begin + lane
        x = tl.load(mass + at, mask=there, other=float("-inf"))
        bias = tl.load(bias_out + at, mask=there, other=float("-inf"))
        possible = x + bias > float("-inf")
        expected = (
            tl.load(best + at, mask=there, other=0.0) + tl.load(mean + at, mask=there, other=0.0) + bias
        )
        share = tl.exp((x + bias).to(tl.float32)).to(tl.float64)
        entropy -= tl.sum(tl.where(possible, share * expected, 0.0), 0)
        allowed = tl.where(possible, x, float("-inf"))
        now = tl.maximum(top, tl.max(allowed, 0))
        shift = safe(now)
        total = total * tl.exp(top - shift) + tl.sum(
            tl.exp((allowed - shift).to(tl.float32)).to(tl.float64), 0
        )
        top = now
        tokens = tl.load(found + at, mask=there, other=0)
        possibles += tl.sum(tl.where(possible, 1 + tokens % 2, 0), 0)
    place = row * length + position
    tl.store(entropies_out + place, tl.maximum(entropy, 0.0))
    tl.store(allowed_out + place, tl.minimum(top + tl.log(total), 0.0))
    tl.store(forced_out + place, ((possibles == 1) & (position < n)).to(tl.int8))


def marginal_pass(
    table: Tensor, tables: ClassPass, chains: Chains, closed: Tensor | None, out: Marginals
) -> None:
    """All rows in one launch.

    Args:
        table: int64 `[B, FIELDS]`.
        tables, chains: of the passes before.
        closed: int8 `[L, Z*]`, 1 where a set may not stand.
        out: where to write.
    """
    rows, length = out.entropies.shape
    _marginal_pass[(length, rows)](
        table, chains.values[:2], chains.offsets, chains.log_partition,
        tables.best, tables.mass, tables.mean, tables.found,
        out.bias, out.scores, out.entropies, out.allowed_mass, out.forced,
        out.forced if closed is None else closed,
        length, rows, chains.values.shape[2], out.scores.shape[1], out.bias.shape[1],
        CLOSED=closed is not None, num_warps=8, num_stages=1,
    )  # fmt: skip


def marginal_pass_reference(
    layout: Layout, tables: ClassPass, alpha: Tensor, beta: Tensor, whole: Tensor, closed: Tensor | None
) -> Marginals:
    """The same for one row within its budget, plainly, in float64.

    Args:
        layout: of the row.
        tables: of `class_pass_reference`.
        alpha, beta: `[n + 1, S + 1]`.
        whole: log Z.
        closed: bool `[n, Z + 2]`.
    """
    length, classes = tables.mass.shape
    out = Marginals.empty(length, 1, layout.num_sets + 2, classes, tables.mass.device)
    groups = layout.by_set
    for z in range(layout.num_sets + 2):
        edges = slice(int(groups.offsets[z]), int(groups.offsets[z + 1]))
        source, target = torch.as_tensor(groups.first[edges]), torch.as_tensor(groups.second[edges])
        out.scores[:, z] = (alpha[:-1, source] + beta[1:, target]).logsumexp(dim=1) - whole
    if closed is not None:
        out.scores[closed] = -torch.inf
    for c in range(classes):
        holders = layout.class_sets[layout.class_set_offsets[c] : layout.class_set_offsets[c + 1]]
        out.bias[:, c] = out.scores[:, torch.as_tensor(holders)].logsumexp(dim=1)
    marginals = tables.mass + out.bias
    possible = marginals > -torch.inf
    expected = torch.where(possible, tables.best + tables.mean + out.bias, 0.0)
    out.entropies[0] = -(marginals.exp() * expected).sum(dim=1)
    out.allowed_mass[0] = torch.where(possible, tables.mass, -torch.inf).logsumexp(dim=1)
    out.forced[0] = torch.where(possible, 1 + tables.found % 2, 0).sum(dim=1) == 1
    return out
