"""Propagation of all relations to their common fixpoint by a worklist (AC-3: Mackworth 1977), in numba."""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit
from canvasgen.relations.kernels.all_different_kernel import filter_different, tell_peers
from canvasgen.relations.kernels.bits import single
from canvasgen.relations.kernels.literal_kernel import (
    filter_cardinality,
    filter_element,
    filter_equal,
    filter_not_count,
    filter_table,
)
from canvasgen.relations.kernels.sum_kernel import filter_not_sum, filter_sum
from canvasgen.relations.kernels.work import changed, make_work, push
from canvasgen.relations.programs.program import (
    CARDINALITY,
    DIFFERENT,
    ELEMENT,
    EQUAL,
    NOT_COUNT,
    NOT_SUM,
    SUM,
    Program,
)

Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

__all__ = ["close", "fixpoint", "from_mask", "propagate_mask", "restrict", "to_mask"]


@njit(cache=True, nogil=True)
def _run(program, work, domain, p) -> bool:
    kind = program.args[p, 0]
    if kind == DIFFERENT:
        return filter_different(program, work, domain, p)
    if kind == SUM:
        return filter_sum(program, work, domain, p)
    if kind == CARDINALITY:
        return filter_cardinality(program, work, domain, p)
    if kind == EQUAL:
        return filter_equal(program, work, domain, p)
    if kind == ELEMENT:
        return filter_element(program, work, domain, p)
    if kind == NOT_SUM:
        return filter_not_sum(program, work, domain, p)
    if kind == NOT_COUNT:
        return filter_not_count(program, work, domain, p)
    return filter_table(program, work, domain, p)


@njit(cache=True, nogil=True)
def fixpoint(program, work, domain) -> bool:
    """Run what waits until nothing does; False if a cell is left empty (then nothing waits either)."""
    marks = work.marks
    alive = True
    while alive:
        if marks[0] > 0:
            marks[0] -= 1
            alive = tell_peers(program, work, domain, work.singles[marks[0]])
            continue
        ring = 0 if marks[1] != marks[3] else 1
        head = marks[1 + ring]
        if head == marks[3 + ring]:
            return True
        p = work.queue[ring, head]
        marks[1 + ring] = head + 1 if head + 1 < work.queue.shape[1] else 0
        work.queued[p] = False
        alive = _run(program, work, domain, p)
    work.queued[:] = False
    marks[:] = 0
    return False


@njit(cache=True, nogil=True)
def close(program, work, domain) -> bool:
    """Propagate all active primitives from any domain to their fixpoint, in place; False if a cell is left empty."""
    for cell in range(domain.shape[0]):
        left = False
        for k in range(domain.shape[1]):
            left |= domain[cell, k] != 0
        if not left:
            work.marks[:] = 0
            return False
        if single(domain[cell]):
            work.singles[work.marks[0]] = cell
            work.marks[0] += 1
    for p in range(program.args.shape[0]):
        if work.active[p]:
            push(program, work, p)
    return fixpoint(program, work, domain)


@njit(cache=True, nogil=True)
def restrict(program, work, domain, cell, bit, keep) -> bool:
    """Fix a cell to a bit (`keep`) or take the bit from it, then propagate; from a fixpoint only."""
    if keep:
        domain[cell] = 0
        domain[cell, bit >> 6] = np.int64(1) << (bit & 63)
    else:
        domain[cell, bit >> 6] &= ~(np.int64(1) << (bit & 63))
    return changed(program, work, domain, cell) and fixpoint(program, work, domain)


@njit(cache=True, nogil=True)
def from_mask(program: Program, mask: Mask, words: int) -> Longs:
    """Return the domain, int64 `[n, words]`, of a mask `[n, width]`."""
    domain = np.zeros((mask.shape[0], words), np.int64)
    for n in range(mask.shape[0]):
        for v in range(mask.shape[1]):
            bit = program.bit[n, v]
            if bit >= 0 and mask[n, v]:
                domain[n, bit >> 6] |= np.int64(1) << (bit & 63)
    return domain


@njit(cache=True, nogil=True)
def to_mask(program: Program, domain: Longs) -> Mask:
    """Return the mask `[n, width]` of a domain."""
    cells, width = program.bit.shape
    mask = np.zeros((cells, width), np.bool_)
    for n in range(mask.shape[0]):
        for v in range(mask.shape[1]):
            bit = program.bit[n, v]
            if bit >= 0:
                mask[n, v] = (domain[n, bit >> 6] >> (bit & 63)) & 1
    return mask


@njit(cache=True, nogil=True)
def propagate_mask(program: Program, active: Mask, mask: Mask, words: int) -> tuple[bool, Mask]:
    """Return whether the fixpoint leaves every cell a value, and the fixpoint as a mask."""
    domain = from_mask(program, mask, words)
    alive = close(program, make_work(program, active, words), domain)
    return alive, to_mask(program, domain)
