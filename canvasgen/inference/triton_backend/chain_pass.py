"""Kernel 3: the recurrence, forward, backward and for the best canvas, of all rows in one launch.

    alpha[i + 1, t] = ⊕ over edges (s, t, z) of alpha[i, s] ⊗ weight[i, z]
    beta[i, s]      = ⊕ over edges (s, t, z) of weight[i, z] ⊗ beta[i + 1, t]

A program takes one row in one of three ways: alpha and beta in the log semiring, beta in the max semiring. It goes over
the positions by itself: a step depends on the one before, and a launch for each would cost more than the step.
Numerical decisions:

- *Logarithms.* Shares of one scale a step underflow where the only valid path lies e^-200 below the best prefix. Here a
  state's sum is relative to its own largest term, so no state is ever lost, and a true −inf stays one.
- *Two kinds of values.* `float64` values and float32 exponentials are exact to about 1e-7 nats a step, whatever the
  spread; additions of float64 run at half speed on an H100 or A100. `float32` values are for devices where float64 is
  slow (1/64 on an RTX 4090). There a value's rounding grows with its distance from zero, so each step's maximum is
  subtracted, and the offset carried in float64. The maximum is taken of the states that can still be *finished* within
  the budget: the best prefix may be a dead end, and would push the values that count away from zero. (Without that they
  drift by 2e-3 nats in 256 positions at a spread of 10.)
- *The shift is applied when values are read*, a step later: so the maximum needs no second pass over the states.
- *Fixed slots, no atomics.* Edges are in `Slots` by target, or by source, so the order of each sum depends on the
  automaton alone. Results do not depend on the batch, and are the same in every run.
- *Back-pointers* of the max semiring are places in the state's list of edges; of equals the first. In float64 nothing
  is subtracted there, so ties are what they are in the reference.
- *The walk along them*, one dependent load after another, is done by the program that has written them. Edges by source
  have fewer slots than edges by target (a state has as many targets as another, but some states have many sources), so that
  program is done before the forward one, and the walk takes no time of its own.
- *Loads are not moved* over the barrier between two steps: `num_stages=1` keeps the compiler from fetching ahead what
  another thread is about to store.
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

from canvasgen.inference.layout import Groups, Layout
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
from canvasgen.inference.triton_backend.tiles.narrow_tiles import step_narrow

__all__ = ["Chains", "recurrence", "recurrence_reference"]

_LENGTH, _STATE, _REMAINING = (
    tl.constexpr(int(Field.LENGTH)),
    tl.constexpr(int(Field.STATE)),
    tl.constexpr(int(Field.REMAINING)),
)
_FAILED, _DISTANCE = tl.constexpr(int(Field.FAILED)), tl.constexpr(int(Field.DISTANCE))
_FIRST_STATE, _STATES = tl.constexpr(int(Field.FIRST_STATE)), tl.constexpr(int(Field.STATES))
_FIRST_SET = tl.constexpr(int(Field.FIRST_SET))
_HEADS_T, _LANES_T = tl.constexpr(int(Field.HEADS_BY_TARGET)), tl.constexpr(int(Field.LANES_BY_TARGET))
_FIRST_T, _SECOND_T = tl.constexpr(int(Field.FIRST_BY_TARGET)), tl.constexpr(int(Field.SECOND_BY_TARGET))
_HEADS_S, _LANES_S = tl.constexpr(int(Field.HEADS_BY_SOURCE)), tl.constexpr(int(Field.LANES_BY_SOURCE))
_FIRST_S, _SECOND_S = tl.constexpr(int(Field.FIRST_BY_SOURCE)), tl.constexpr(int(Field.SECOND_BY_SOURCE))
_OFFSETS, _TARGETS = tl.constexpr(int(Field.SOURCE_OFFSETS)), tl.constexpr(int(Field.SOURCE_FIRST))
_EDGE_SETS = tl.constexpr(int(Field.SOURCE_SECOND))
_STATE_BLOCK = tl.constexpr(1024)


@dataclass(frozen=True, eq=False)
class Chains:
    """What the recurrence leaves: values of the states, less offsets.

    Attributes:
        values: `[3, L + 1, S*]` in float64 or float32: alpha, beta, and beta in the max semiring; nothing is written
            behind a row's n positions.
        offsets: float64 `[3, L + 1, B]`, to be added to all of a row's values.
        pointers: int32 `[L, S*]`, the best edge of each state, as a place in its list.
        path: int32 `[B, L]`, the class set of each position of a row's best canvas within its budget.
        log_partition, best_weight: float64 `[B]`; −inf for a row that is impossible.
        wrong: int64 `[B]`, the first position whose logits are no distribution; -1: none.
    """

    values: Tensor
    offsets: Tensor
    pointers: Tensor
    path: Tensor
    log_partition: Tensor
    best_weight: Tensor
    wrong: Tensor

    @classmethod
    def empty(cls, length: int, rows: int, states: int, dtype: torch.dtype, device: torch.device) -> Chains:
        """Without values yet."""

        def make(*shape: int, of: torch.dtype = torch.float64) -> Tensor:
            return torch.empty(shape, dtype=of, device=device)

        return cls(
            make(3, length + 1, states, of=dtype),
            make(3, length + 1, rows),
            make(length, states, of=torch.int32),
            make(rows, length, of=torch.int32),
            make(rows),
            make(rows),
            make(rows, of=torch.int64),
        )


@triton.jit
def step_kind(
    head,
    first,
    last,
    lanes,
    other,
    index,
    before,
    weights,
    after,
    pointers,
    distance,
    shift,
    left,
    highest,
    best,
    part,
    PARTS: tl.constexpr,
    PLAIN: tl.constexpr,
    WIDTH: tl.constexpr,
):
    """One step of the states in the tiles of one width, `first` to `last`; returns the largest value so far.

    Of `PARTS` programs that share a row each takes every `PARTS`-th tile.
    """
    ROWS: tl.constexpr = WIDE_BLOCK // WIDTH
    VALUE: tl.constexpr = after.dtype.element_ty
    for tile in range(first + part, last, PARTS):
        row, column = tl.arange(0, ROWS), tl.arange(0, WIDTH)
        group = tl.load(lanes + (tile - first) * ROWS + row)
        start, rounds = tl.load(head + HEAD + 2 * tile), tl.load(head + HEAD + 2 * tile + 1)
        top = tl.full((ROWS,), float("-inf"), VALUE)
        total = tl.zeros((ROWS,), tl.float32)
        pointer = tl.zeros((ROWS,), tl.int32)
        for turn in range(rounds):
            at = start + turn * WIDE_BLOCK + row[:, None] * WIDTH + column[None, :]
            end = tl.load(other + at)
            there = end >= 0
            old = tl.load(before + end, mask=there, other=float("-inf"))
            x = tl.load(weights + tl.load(index + at), mask=there, other=float("-inf"))
            if PLAIN:
                x = old + x
            else:
                x = (old - shift) + x
            largest = tl.max(x, 1)
            now = tl.maximum(top, largest)
            base = safe(now)
            share = tl.exp((x - base[:, None]).to(tl.float32))
            total = total * tl.exp((top - base).to(tl.float32)) + tl.sum(share, 1)
            if best:
                place = first_of((x == largest[:, None]) & there, turn * WIDTH + column[None, :], 1)
                pointer = tl.where(largest > top, place, pointer)
            top = now
        there = group >= 0
        if best:
            value = top
            tl.store(pointers + group, pointer, mask=there)
        else:
            value = top + tl.log(total).to(VALUE)
        tl.store(after + group, value, mask=there)
        if not PLAIN:
            needed = tl.load(distance + group, mask=there, other=-1)
            alive = there & (needed >= 0) & (needed <= left)
            highest = tl.maximum(highest, tl.max(tl.where(alive, value, float("-inf")), 0))
    return highest


@triton.jit
def begin_chain(values, offsets, distance, n, state, remaining, states, way, all_states, rows):
    """The values before the first step: of the start going forward, of all ends going backward."""
    at = n
    if way == 0:
        at = n * 0
    lane = tl.arange(0, _STATE_BLOCK)
    for low in range(0, states, _STATE_BLOCK):
        there = low + lane < states
        needed = tl.load(distance + low + lane, mask=there, other=-1)
        begins = tl.where(way == 0, low + lane == state, (needed >= 0) & (needed <= remaining))
        begin = tl.where(begins, 0.0, float("-inf"))
        tl.store(values + at * all_states + low + lane, begin.to(values.dtype.element_ty), mask=there)
    tl.store(offsets + at * rows, tl.full([], 0.0, tl.float64))


@triton.jit
def end_chain(table, row, whole, wrong_in, log_partition, best_weight, wrong_out, length, rows, way):
    """log Z, or the weight of the best canvas; −inf where the row is impossible or its logits are no distribution."""
    bad, lane = tl.full([], NONE, tl.int32), tl.arange(0, _STATE_BLOCK)
    for begin_at in range(0, length, _STATE_BLOCK):
        places = begin_at + lane
        flags = tl.load(wrong_in + places * rows + row, mask=places < length, other=0)
        bad = tl.minimum(bad, first_of(flags != 0, places, 0))
    impossible = (bad != NONE) | (field(table, row, _FAILED) != 0)
    whole = tl.where(impossible, float("-inf"), whole)
    if way == 1:
        tl.store(log_partition + row, whole)
        tl.store(wrong_out + row, tl.where(bad == NONE, -1, bad).to(tl.int64))
    else:
        tl.store(best_weight + row, whole)


@triton.jit
def walk_best(table, row, pointers, path, n, length, all_states):
    """Follow the back-pointers from a row's state; a row that is impossible has some that mean nothing, but no wild ones."""
    state = field(table, row, _STATE).to(tl.int32)
    edges, targets, edge_sets = (
        ints(table, row, _OFFSETS),
        ints(table, row, _TARGETS),
        ints(table, row, _EDGE_SETS),
    )
    for position in range(n):
        edge = tl.load(edges + state) + tl.load(pointers + position * all_states + state)
        tl.store(path + row * length + position, tl.load(edge_sets + edge))
        state = tl.load(targets + edge)


@triton.jit
def _recurrence(
    table,
    values,
    offsets,
    pointers,
    path,
    log_partition,
    best_weight,
    wrong_out,
    mass,
    best_mass,
    centres,
    wrong_in,
    length,
    rows,
    all_states,
    all_sets,
    PLAIN: tl.constexpr,
):
    """A program for each way (0: forward, 1: backward, 2: the best) and row."""
    way, row = tl.program_id(0), tl.program_id(1)
    n, state, remaining = field(table, row, _LENGTH), field(table, row, _STATE), field(table, row, _REMAINING)
    states, first_state = field(table, row, _STATES), field(table, row, _FIRST_STATE)
    distance = ints(table, row, _DISTANCE)
    values += way.to(tl.int64) * (length + 1) * all_states + first_state
    offsets += way * (length + 1) * rows + row
    pointers += first_state
    weights = mass + field(table, row, _FIRST_SET)
    centres += row
    if way == 2:
        weights = best_mass + field(table, row, _FIRST_SET)
        centres += length * rows
    if way == 0:
        heads, all_lanes = ints(table, row, _HEADS_T), ints(table, row, _LANES_T)
        other, index = ints(table, row, _FIRST_T), ints(table, row, _SECOND_T)
    else:
        heads, all_lanes = ints(table, row, _HEADS_S), ints(table, row, _LANES_S)
        other, index = ints(table, row, _FIRST_S), ints(table, row, _SECOND_S)
    head = part_head(heads, 0)
    end0, end1 = tl.load(head), tl.load(head + 1)  # the tiles of each width, and where their lanes begin
    end2, end3 = tl.load(head + 2), tl.load(head + 3)
    lanes0 = all_lanes
    lanes1 = lanes0 + (end1 - end0) * (BLOCK // 4)
    lanes2 = lanes1 + (end2 - end1) * (WIDE_BLOCK // 32)
    begin_chain(values, offsets, distance, n, state, remaining, states, way, all_states, rows)
    offset, shift = tl.full([], 0.0, tl.float64), tl.full([], 0.0, values.dtype.element_ty)
    tl.debug_barrier()
    for step in range(n):
        position, old, new, left = n - 1 - step, n - step, n - 1 - step, remaining + n
        if way == 0:
            position, old, new, left = step + n * 0, step + n * 0, step + 1 + n * 0, remaining + n - 1 - step
        before, after = values + old * all_states, values + new * all_states
        at_weights, at_pointers = weights + position * all_sets, pointers + position * all_states
        highest = tl.full([], float("-inf"), values.dtype.element_ty)
        highest = step_narrow(
            head, end0, end1, lanes0, other, index, before, at_weights, after, at_pointers, distance,
            shift, left, highest, way == 2, 0, 1, PLAIN,
        )  # fmt: skip
        highest = step_kind(
            head, end1, end2, lanes1, other, index, before, at_weights, after, at_pointers, distance,
            shift, left, highest, way == 2, 0, 1, PLAIN, 32,
        )  # fmt: skip
        highest = step_kind(
            head, end2, end3, lanes2, other, index, before, at_weights, after, at_pointers, distance,
            shift, left, highest, way == 2, 0, 1, PLAIN, 256,
        )  # fmt: skip
        if not PLAIN:
            offset += shift.to(tl.float64) + tl.load(centres + position * rows)
            shift = safe(highest)
        tl.store(offsets + new * rows, offset)
        tl.debug_barrier()
    if way > 0:
        whole = tl.load(values + state).to(tl.float64) + offset
        end_chain(table, row, whole, wrong_in, log_partition, best_weight, wrong_out, length, rows, way)
    if way == 2:
        walk_best(table, row, pointers, path, n, length, all_states)


def recurrence(table: Tensor, tables: ClassPass, sets: SetWeights, out: Chains) -> None:
    """All rows, in all three ways, in one launch.

    Args:
        table: int64 `[B, FIELDS]`.
        tables, sets: of `class_pass`.
        out: where to write; values are float32 if the weights are relative, else float64.
    """
    length, rows = tables.normaliser.shape
    mass, best, centres, plain = sets.mass, sets.best, out.offsets, sets.relative is None
    if sets.relative is not None and sets.centres is not None:
        mass, best, centres = sets.relative[0], sets.relative[1], sets.centres
    _recurrence[(3, rows)](
        table, out.values, out.offsets, out.pointers, out.path, out.log_partition, out.best_weight, out.wrong,
        mass, best, centres, tables.wrong, length, rows, out.values.shape[2], mass.shape[1],
        PLAIN=plain, num_warps=16, num_stages=1,
    )  # fmt: skip


def recurrence_reference(
    layout: Layout, sets: SetWeights, state: int, final: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Alpha, beta and the best, float64 `[n + 1, S + 1]`, and pointers `[n, S + 1]`, of one row, plainly.

    Args:
        layout: of the row.
        sets: `[n, Z + 2]`.
        state: before the canvas.
        final: float64 `[S + 1]`, 0 or −inf.
    """
    start = torch.full_like(final, -torch.inf)
    start[state] = 0.0
    alpha, beta, best, pointers = [start], [final], [final], list[Tensor]()
    for weights in sets.mass:
        alpha.append(_reference_step(layout.by_target, alpha[-1], weights)[0])
    for i in reversed(range(len(sets.mass))):
        beta.insert(0, _reference_step(layout.by_source, beta[0], sets.mass[i])[0])
        _, largest, place = _reference_step(layout.by_source, best[0], sets.best[i])
        best.insert(0, largest)
        pointers.insert(0, place)
    return torch.stack(alpha), torch.stack(beta), torch.stack(best), torch.stack(pointers)


def _reference_step(groups: Groups, old: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of each group the log-sum, the largest term and its place."""
    size = len(groups.offsets) - 1
    total, largest = torch.full_like(old, -torch.inf), torch.full_like(old, -torch.inf)
    place = torch.zeros(size, dtype=torch.int32)
    for g in range(size):
        edges = slice(int(groups.offsets[g]), int(groups.offsets[g + 1]))
        terms = old[torch.as_tensor(groups.first[edges])] + weights[torch.as_tensor(groups.second[edges])]
        if len(terms):
            total[g], largest[g] = terms.logsumexp(dim=0), terms.max()
            place[g] = int(terms.argmax()) if largest[g] > -torch.inf else 0
    return total, largest, place
