"""Kernel 5: the tokens of every row's best canvas.

The recurrence has followed its back-pointers (`chain_pass`). Which class of each edge's set, and which token, is chosen here
for all positions at once.

- *Ties*: of equal edges the first, of equal classes the lowest, of equal tokens the lowest id, as in the reference. A
  class is found by equality with the set's weight, which is a maximum of the same numbers, so no rounding comes
  between.
- *The token of a class* was found in the pass over the logits; they are not read again.
- A row that is impossible has a path that means nothing; it is kept inside of the arrays.
"""

# Triton is optional, and what it compiles has no types for pyright:
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportCallIssue=false, reportArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUnknownArgumentType=false, reportIndexIssue=false

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from canvasgen.inference.layout import Layout
from canvasgen.inference.triton_backend.chain_pass import Chains
from canvasgen.inference.triton_backend.class_pass import ClassPass, SetWeights
from canvasgen.inference.triton_backend.kernel_language import NONE, field, first_of, ints
from canvasgen.inference.triton_backend.row_table import Field

__all__ = ["best_path", "best_path_reference"]

_LENGTH, _FILLER = tl.constexpr(int(Field.LENGTH)), tl.constexpr(int(Field.FILLER))
_FIRST_SET = tl.constexpr(int(Field.FIRST_SET))
_FIRST_CLASS, _SETS = tl.constexpr(int(Field.FIRST_CLASS)), tl.constexpr(int(Field.SETS))
_SET_OFFSETS = tl.constexpr(int(Field.SET_OFFSETS))
_SET_CLASSES = tl.constexpr(int(Field.SET_CLASSES))
_MEMBERS = tl.constexpr(256)


@triton.jit
def _best_tokens(
    table, sets_in, best, best_sets, found, fixed, ids_out,
    length, all_sets, all_classes,
    FIXED: tl.constexpr,
):  # fmt: skip
    """A program for each position and row."""
    position, row = tl.program_id(0).to(tl.int64), tl.program_id(1)
    token = field(table, row, _FILLER)
    if position < field(table, row, _LENGTH):
        index = tl.load(sets_in + row * length + position)
        if index < field(table, row, _SETS) - 1:
            best += position * all_classes + field(table, row, _FIRST_CLASS)
            highest = tl.load(best_sets + position * all_sets + field(table, row, _FIRST_SET) + index)
            offsets, members = ints(table, row, _SET_OFFSETS), ints(table, row, _SET_CLASSES)
            chosen, lane = tl.full([], NONE, tl.int32), tl.arange(0, _MEMBERS)
            behind = tl.load(offsets + index + 1)
            for low in range(tl.load(offsets + index), behind, _MEMBERS):
                there = low + lane < behind
                member = tl.load(members + low + lane, mask=there, other=0)
                value = tl.load(best + member, mask=there, other=float("-inf"))
                chosen = tl.minimum(chosen, first_of(there & (value == highest), member, 0))
            if (chosen != NONE) & (highest > float("-inf")):
                place = position * all_classes + field(table, row, _FIRST_CLASS) + chosen
                token = (tl.load(found + place) // 2).to(tl.int64)
    if FIXED:
        held = tl.load(fixed + row * length + position).to(tl.int64)
        token = tl.where(held >= 0, held, token)
    tl.store(ids_out + row * length + position, token)


def best_path(
    table: Tensor, tables: ClassPass, sets: SetWeights, chains: Chains, fixed: Tensor | None
) -> Tensor:
    """int64 `[B, L]`, in one launch; arguments as for the passes before."""
    length, rows = tables.normaliser.shape
    device = tables.normaliser.device
    ids = torch.empty((rows, length), dtype=torch.int64, device=device)
    _best_tokens[(length, rows)](
        table, chains.path, tables.best, sets.best, tables.found, chains.path if fixed is None else fixed, ids,
        length, sets.best.shape[1], tables.best.shape[1],
        FIXED=fixed is not None, num_warps=4, num_stages=1,
    )  # fmt: skip
    return ids


def best_path_reference(
    layout: Layout, tables: ClassPass, sets: SetWeights, best: Tensor, state: int, filler: int
) -> list[int]:
    """The same for one row within its budget, plainly: the first best edge, class and token of each position.

    Args:
        layout: of the row.
        tables, sets: of `class_pass_reference`.
        best: `[n + 1, S + 1]`, beta in the max semiring.
        state: before the canvas.
        filler: token of the tail.
    """
    ids, edges = list[int](), layout.by_source
    for i in range(len(sets.best)):
        own = range(int(edges.offsets[state]), int(edges.offsets[state + 1]))
        edge = max(own, key=lambda e: float(sets.best[i, edges.second[e]] + best[i + 1, edges.first[e]]))
        index = int(edges.second[edge])
        state = int(edges.first[edge])
        if index == layout.tail_set:
            ids.append(filler)
            continue
        of_set = layout.set_classes[layout.set_offsets[index] : layout.set_offsets[index + 1]].tolist()
        ids.append(int(tables.found[i, max(of_set, key=lambda c: float(tables.best[i, c]))]) // 2)
    return ids
