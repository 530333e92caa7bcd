"""What the propagators share: the state of a propagation, and what follows when a cell loses values."""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from canvasgen.jit import njit
from canvasgen.relations.kernels.bits import single
from canvasgen.relations.programs.program import TABLE

__all__ = ["Work", "changed", "clear_bit", "has_bit", "intersect", "make_work"]

Ints = NDArray[np.int64]


class Work(NamedTuple):
    """Buffers of a propagation; P primitives, n cells, words W, U = 64 W bits.

    numba's caches on disk name this class by its module: where the module moves, old caches cannot be read.

    Attributes:
        active: whether each primitive counts, `[P]`.
        queued: whether each primitive waits, `[P]`.
        queue: the waiting ones, cheap and costly, in two rings, `[2, P + 1]`.
        marks: number of single cells that wait, and the two heads and tails of the rings, `[5]`.
        singles: cells left with one value whose peers are not told yet, `[n]`.
        match: the bit that the last matching gave each entry's cell; -1 if none, `[E]`.
        owner: scratch by bit, `[2, U]`.
        scratch: scratch by cell and word, `[n + 1, W]`.
        order: scratch by cell, `[2, n]`.
    """

    active: NDArray[np.bool_]
    queued: NDArray[np.bool_]
    queue: Ints
    marks: Ints
    singles: Ints
    match: Ints
    owner: Ints
    scratch: Ints
    order: Ints


@njit(cache=True, nogil=True)
def make_work(program, active, words) -> Work:
    """Return fresh buffers; `active` is kept, not copied."""
    count, cells = program.args.shape[0], program.start.shape[0]
    return Work(
        active,
        np.zeros(count, np.bool_),
        np.empty((2, count + 1), np.int64),
        np.zeros(5, np.int64),
        np.empty(cells, np.int64),
        np.full(program.cells.shape[0], -1, np.int64),
        np.empty((2, 64 * words), np.int64),
        np.empty((cells + 1, words), np.int64),
        np.empty((2, cells), np.int64),
    )


@njit(cache=True, nogil=True)
def has_bit(words, bit) -> bool:
    """Return whether a bit is set."""
    return (words[bit >> 6] >> (bit & 63)) & 1 != 0


@njit(cache=True, nogil=True)
def clear_bit(words, bit) -> None:
    """Clear a bit."""
    words[bit >> 6] &= ~(np.int64(1) << (bit & 63))


@njit(cache=True, nogil=True)
def changed(program, work, domain, cell) -> bool:
    """Wake what watches a cell that has lost values; False if it has none left."""
    empty = True
    for k in range(domain.shape[1]):
        if domain[cell, k] != 0:
            empty = False
    if empty:
        return False
    marks = work.marks
    if single(domain[cell]):
        work.singles[marks[0]] = cell
        marks[0] += 1
    for k in range(program.watch_start[cell], program.watch_start[cell + 1]):
        p = program.watch[k]
        if not work.queued[p] and work.active[p]:
            push(program, work, p)
    return True


@njit(cache=True, nogil=True)
def push(program, work, p) -> None:
    """Put a primitive in its queue."""
    ring = 1 if program.args[p, 0] >= TABLE else 0
    work.queued[p] = True
    tail = work.marks[3 + ring]
    work.queue[ring, tail] = p
    work.marks[3 + ring] = tail + 1 if tail + 1 < work.queue.shape[1] else 0


@njit(cache=True, nogil=True)
def intersect(program, work, domain, cell, words) -> bool:
    """Keep a cell's values that are among `words`; False if none is left."""
    less = False
    for k in range(domain.shape[1]):
        new = domain[cell, k] & words[k]
        if new != domain[cell, k]:
            domain[cell, k] = new
            less = True
    return changed(program, work, domain, cell) if less else True
