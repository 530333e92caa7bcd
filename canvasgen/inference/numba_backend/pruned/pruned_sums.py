"""Sums and best canvases of one row over the states that matter, and the proof that no other state does."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

import numpy as np

from canvasgen.inference.batch import Row
from canvasgen.inference.layout import Layout
from canvasgen.inference.numba_backend.pruned.answer_kernels import shares_of
from canvasgen.inference.numba_backend.pruned.best_kernels import backward_best, forward_best
from canvasgen.inference.numba_backend.pruned.filter_kernels import backward_sums, forward_sums
from canvasgen.inference.tables import Bools, ClassTables, Floats, Ints, Longs

__all__ = ["PrunedSums", "pruned_best", "pruned_sums"]

_LEFT_OUT = 1e-17
"""What may be left out, as a part of the whole: less than float64 keeps of it."""
_SPREAD = 64.0
"""Nats below a position's best prefix at which prefixes are dropped at first."""
_WIDEST = 600.0
"""The most; scaled probabilities stay normal numbers."""
_BEAM = 12.0
"""Nats below a position's best bound at which prefixes are dropped in the first search for the best canvas."""
_SLACK = 1e-3
"""Nats by which a canvas may exceed the bound of its prefix: the rounding of float32 exponentials over its positions."""
_BUSY = 0.3
"""The part of all edges from which on the best canvas is looked for over all states."""

_NOTHING_CLOSED = np.zeros((0, 0), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class PrunedSums:
    """The sums over the states that matter.

    Attributes:
        log_partition: log Z.
        shares: `[L_b, C + 2]`, the classes' probabilities, of which `impossible` are −inf within the n positions.
        weights, states, values, starts: of `forward_sums`.
        scores: of `backward_sums`.
        final: bool `[S + 1]`, the states that the canvas may end in.
        needed: int32 `[S + 1]`, at least so many tokens are needed from a state to an end.
    """

    log_partition: float
    shares: Floats
    impossible: int
    weights: Floats
    states: Ints
    values: Floats
    starts: Longs
    scores: Floats
    final: Bools
    needed: Ints


class _Room(threading.local):
    """A thread's arrays that are filled and left again in each step; touching fresh memory takes as long as the work."""

    def __init__(self) -> None:
        self.arrays = _fresh(0)


_KEPT = 1 << 19
"""Elements that a thread keeps; 8 MB."""


def _fresh(size: int) -> tuple[Ints, Floats, Ints]:
    return np.empty(size, dtype=np.int32), np.empty(size), np.empty(size, dtype=np.int32)


_rooms = _Room()


def _room(size: int) -> tuple[Ints, Floats, Ints]:
    """Return arrays of at least so many elements, good until the thread's next call."""
    if size > _KEPT:
        return _fresh(size)
    if size > len(_rooms.arrays[0]):
        _rooms.arrays = _fresh(size)
    return _rooms.arrays


def _needed(layout: Layout) -> Ints:
    return np.concatenate([layout.distance, np.zeros(1, dtype=np.int32)])


def _closed(row: Row) -> Bools:
    return _NOTHING_CLOSED if row.closed is None else row.closed


def pruned_sums(row: Row, layout: Layout, tables: ClassTables, most: float) -> PrunedSums | None:
    """Return the sums; None if it takes more states than can be summed this way, or there is no canvas.

    Args:
        row: the canvas.
        layout: its layout.
        tables: of its logits, fixed tokens put in.
        most: the part of all edges beyond which it is not worth it.
    """
    length, edges, final = row.length, layout.by_source, row.final
    shares = np.empty_like(tables.mass)
    impossible = shares_of(tables.mass, length, shares)
    room, number = (length + 1) * (layout.num_states + 1), length * len(edges.first)
    states, values, _ = _room(room)
    starts, exponents = np.empty(length + 2, dtype=np.int64), np.empty(length + 1, dtype=np.int64)
    weights, needed, closed = np.empty((length, layout.num_sets + 2)), _needed(layout), _closed(row)
    tail = np.exp(tables.tail[:length])
    spread = _SPREAD
    while True:
        dropped, seen = forward_sums(
            edges.offsets,
            edges.first,
            edges.second,
            layout.set_offsets,
            layout.set_classes,
            shares,
            tail,
            closed,
            row.state,
            needed,
            length + row.remaining,
            math.exp(-spread),
            int(most * number),
            weights,
            states,
            values,
            starts,
            exponents,
        )
        if seen < 0:
            return None
        low, high = starts[length], starts[length + 1]
        whole = float(values[low:high][final[states[low:high]]].sum())
        if dropped <= _LEFT_OUT * whole:
            break
        if spread == _WIDEST:
            return None
        wanted = spread + math.log(dropped / whole) - math.log(_LEFT_OUT) if whole > 0.0 else _WIDEST
        spread = min(wanted + 5.0, _WIDEST)
    scores = np.empty_like(weights)
    if not backward_sums(
        edges.offsets,
        edges.first,
        edges.second,
        weights,
        final,
        states,
        values,
        starts,
        exponents,
        whole,
        scores,
    ):
        return None
    states, values = states[: starts[-1]].copy(), values[: starts[-1]].copy()
    log_partition = math.log(whole) + float(exponents[length]) * math.log(2.0)
    return PrunedSums(
        log_partition, shares, impossible, weights, states, values, starts, scores, final, needed
    )


def pruned_best(
    row: Row, layout: Layout, tables: ClassTables, sums: PrunedSums
) -> tuple[Longs, float] | None:
    """Return the classes of the best canvas (-1 in the tail) and its log-weight; None if all states have to be looked at.

    Args:
        row, layout, tables: as for `pruned_sums`.
        sums: of the same canvas.
    """
    length, edges, final = row.length, layout.by_source, sums.final
    number = length * len(edges.first)
    states, _, kept = _room((length + 1) * (layout.num_states + 1))
    starts = np.empty(length + 2, dtype=np.int64)
    weights = np.empty((length, layout.num_sets + 2))
    spread, floor = _BEAM, -np.inf
    for _ in range(2):
        found, dropped, seen = forward_best(
            edges.offsets,
            edges.first,
            edges.second,
            layout.set_offsets,
            layout.set_classes,
            tables.best,
            tables.tail[:length],
            _closed(row),
            row.state,
            sums.needed,
            length + row.remaining,
            final,
            spread,
            floor,
            int(_BUSY * number),
            weights,
            states,
            starts,
        )
        if seen < 0 or found == -np.inf:
            return None
        if dropped < found - _SLACK:
            break
        spread, floor = np.inf, found - 2 * _SLACK
    else:
        return None
    classes = np.empty(length, dtype=np.int64)
    weight = backward_best(
        edges.offsets,
        edges.first,
        edges.second,
        layout.set_offsets,
        layout.set_classes,
        tables.best,
        weights,
        final,
        states,
        starts,
        kept,
        classes,
    )
    return classes, weight
