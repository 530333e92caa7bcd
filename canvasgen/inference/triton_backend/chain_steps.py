"""Kernel 3 for large automata: the same recurrence, one launch a position, by several programs a row.

One program goes over 20,000 states and 140,000 edges in about 40 rounds a position. Here `PARTS` programs share the tiles of
a row, and the border between two launches is what they wait at. That needs launches that cost little: it is for CUDA
graphs (`graphs.py`), where one takes about 1.3 µs.

- *The same numbers.* A state is computed by one program in one order, as in `chain_pass`; so results are the same bit for
  bit.
- *float32 values*: each program leaves the largest of its values that can still be finished, in `tops`; the next launch
  takes the largest of these. There are two such arrays, so that no program reads what another one writes.
"""

# Triton is optional, and what it compiles has no types for pyright:
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportCallIssue=false, reportArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from canvasgen.inference.triton_backend.chain_pass import Chains, begin_chain, end_chain, step_kind, walk_best
from canvasgen.inference.triton_backend.class_pass import ClassPass, SetWeights
from canvasgen.inference.triton_backend.kernel_language import BLOCK, WIDE_BLOCK, field, ints, part_head, safe
from canvasgen.inference.triton_backend.row_table import Field
from canvasgen.inference.triton_backend.tiles.narrow_tiles import step_narrow

__all__ = ["PARTS", "chain_steps"]

PARTS = 16
"""Programs of a row and direction."""

_LENGTH, _STATE, _REMAINING = (
    tl.constexpr(int(Field.LENGTH)),
    tl.constexpr(int(Field.STATE)),
    tl.constexpr(int(Field.REMAINING)),
)
_DISTANCE, _FIRST_STATE = tl.constexpr(int(Field.DISTANCE)), tl.constexpr(int(Field.FIRST_STATE))
_STATES, _FIRST_SET = tl.constexpr(int(Field.STATES)), tl.constexpr(int(Field.FIRST_SET))
_HEADS_T, _LANES_T = tl.constexpr(int(Field.HEADS_BY_TARGET)), tl.constexpr(int(Field.LANES_BY_TARGET))
_FIRST_T, _SECOND_T = tl.constexpr(int(Field.FIRST_BY_TARGET)), tl.constexpr(int(Field.SECOND_BY_TARGET))
_HEADS_S, _LANES_S = tl.constexpr(int(Field.HEADS_BY_SOURCE)), tl.constexpr(int(Field.LANES_BY_SOURCE))
_FIRST_S, _SECOND_S = tl.constexpr(int(Field.FIRST_BY_SOURCE)), tl.constexpr(int(Field.SECOND_BY_SOURCE))


@triton.jit
def _chain_begin(table, values, offsets, length, rows, all_states):
    """A program for each way and row."""
    way, row = tl.program_id(0), tl.program_id(1)
    values += way.to(tl.int64) * (length + 1) * all_states + field(table, row, _FIRST_STATE)
    begin_chain(
        values, offsets + way * (length + 1) * rows + row, ints(table, row, _DISTANCE),
        field(table, row, _LENGTH), field(table, row, _STATE), field(table, row, _REMAINING),
        field(table, row, _STATES), way, all_states, rows,
    )  # fmt: skip


@triton.jit(do_not_specialize=["step"])
def _chain_step(
    table, values, offsets, pointers, tops, mass, best_mass, centres,
    step, length, rows, all_states, all_sets,
    PARTS: tl.constexpr, PLAIN: tl.constexpr,
):  # fmt: skip
    """A program for each part, way and row: the `step`-th position, from the end in the ways that go backward."""
    part, way, row = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    n, remaining = field(table, row, _LENGTH), field(table, row, _REMAINING)
    if step < n:
        distance = ints(table, row, _DISTANCE)
        values += way.to(tl.int64) * (length + 1) * all_states + field(table, row, _FIRST_STATE)
        offsets += way * (length + 1) * rows + row
        pointers += field(table, row, _FIRST_STATE)
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
        end0, end1 = tl.load(head), tl.load(head + 1)
        end2, end3 = tl.load(head + 2), tl.load(head + 3)
        lanes0 = all_lanes
        lanes1 = lanes0 + (end1 - end0) * (BLOCK // 4)
        lanes2 = lanes1 + (end2 - end1) * (WIDE_BLOCK // 32)
        position, old, new, left = n - 1 - step, n - step, n - 1 - step, remaining + n
        if way == 0:
            position, old, new, left = step + n * 0, step + n * 0, step + 1 + n * 0, remaining + n - 1 - step
        before, after = values + old * all_states, values + new * all_states
        at_weights, at_pointers = weights + position * all_sets, pointers + position * all_states
        shift = tl.full([], 0.0, values.dtype.element_ty)
        if not PLAIN:
            mine = tops + (way * rows + row) * PARTS
            half = 3 * rows * PARTS
            if step > 0:
                shift = safe(tl.max(tl.load(mine + step % 2 * half + tl.arange(0, PARTS)), 0))
        highest = tl.full([], float("-inf"), values.dtype.element_ty)
        highest = step_narrow(
            head, end0, end1, lanes0, other, index, before, at_weights, after, at_pointers, distance,
            shift, left, highest, way == 2, part, PARTS, PLAIN,
        )  # fmt: skip
        highest = step_kind(
            head, end1, end2, lanes1, other, index, before, at_weights, after, at_pointers, distance,
            shift, left, highest, way == 2, part, PARTS, PLAIN, 32,
        )  # fmt: skip
        highest = step_kind(
            head, end2, end3, lanes2, other, index, before, at_weights, after, at_pointers, distance,
            shift, left, highest, way == 2, part, PARTS, PLAIN, 256,
        )  # fmt: skip
        offset = tl.load(offsets + old * rows)
        if not PLAIN:
            tl.store(mine + (step + 1) % 2 * half + part, highest)
            offset += shift.to(tl.float64) + tl.load(centres + position * rows)
        if part == 0:
            tl.store(offsets + new * rows, offset)


@triton.jit
def _chain_end(
    table, values, offsets, pointers, path, log_partition, best_weight, wrong_out, wrong_in, length, rows, all_states
):  # fmt: skip
    """A program for each backward way and row."""
    way, row = tl.program_id(0) + 1, tl.program_id(1)
    values += way.to(tl.int64) * (length + 1) * all_states + field(table, row, _FIRST_STATE)
    whole = tl.load(values + field(table, row, _STATE)).to(tl.float64)
    whole += tl.load(offsets + way * (length + 1) * rows + row)
    end_chain(table, row, whole, wrong_in, log_partition, best_weight, wrong_out, length, rows, way)
    if way == 2:
        n = field(table, row, _LENGTH)
        walk_best(table, row, pointers + field(table, row, _FIRST_STATE), path, n, length, all_states)


def chain_steps(table: Tensor, tables: ClassPass, sets: SetWeights, tops: Tensor, out: Chains) -> None:
    """All rows, in all three ways, in two launches and one for each position.

    Args:
        table: int64 `[B, FIELDS]`.
        tables, sets: of `class_pass`.
        tops: `[2, 3, B, PARTS]` of the values' type, to work with.
        out: where to write; as in `chain_pass.recurrence`.
    """
    length, rows = tables.normaliser.shape
    mass, best, centres, plain = sets.mass, sets.best, out.offsets, sets.relative is None
    if sets.relative is not None and sets.centres is not None:
        mass, best, centres = sets.relative[0], sets.relative[1], sets.centres
    states, all_sets = out.values.shape[2], mass.shape[1]
    _chain_begin[(3, rows)](table, out.values, out.offsets, length, rows, states, num_warps=8)
    for step in range(length):
        _chain_step[(PARTS, 3, rows)](
            table, out.values, out.offsets, out.pointers, tops, mass, best, centres,
            step, length, rows, states, all_sets,
            PARTS=PARTS, PLAIN=plain, num_warps=8, num_stages=1,
        )  # fmt: skip
    _chain_end[(2, rows)](
        table, out.values, out.offsets, out.pointers, out.path, out.log_partition, out.best_weight, out.wrong,
        tables.wrong, length, rows, states, num_warps=4,
    )  # fmt: skip
