"""The classes that can stand at each position: what of a step depends on the model only where it gives −inf.

The same canvas is asked in every step of its block, so answers are kept by the layout, the state, the ends and the sets
that may stand.
"""

from __future__ import annotations

from collections import OrderedDict
from weakref import WeakKeyDictionary

import numpy as np

from canvasgen.forks import Guard
from canvasgen.inference.batch import Row
from canvasgen.inference.layout import Layout
from canvasgen.inference.numba_backend.pruned.support_kernels import class_support, open_sets, set_support
from canvasgen.inference.tables import Bools, ClassTables

__all__ = ["KEPT", "allowed_classes"]

KEPT = 16
"""Answers that are remembered for each layout."""


class _Known:
    """What is remembered for a layout.

    Attributes:
        has_tokens: bool `[C + 2]`, the classes that are not empty.
        empty: how many are.
        answers: bool `[n, C + 2]` each.
    """

    def __init__(self, layout: Layout) -> None:
        self.has_tokens: Bools = np.diff(layout.class_offsets) > 0
        self.empty = int((~self.has_tokens).sum())
        self.answers: OrderedDict[tuple[object, ...], Bools] = OrderedDict()


_known: WeakKeyDictionary[Layout, _Known] = WeakKeyDictionary()
_lock = Guard()


def allowed_classes(row: Row, layout: Layout, tables: ClassTables, impossible: int) -> Bools:
    """bool `[n, C + 2]`: the classes that stand at i in some valid canvas of positive probability; not to be changed.

    Args:
        row: the canvas.
        layout: its layout.
        tables: of its logits, fixed tokens put in.
        impossible: how many entries of its n rows of `tables.mass` are −inf.
    """
    with _lock:
        known = _known.get(layout)
        if known is None:
            known = _known[layout] = _Known(layout)
    key: tuple[object, ...] = (row.state, row.length, row.remaining, row.later)
    if row.later is not None:
        key = (*key[:3], row.later.tobytes())
    if row.closed is None and impossible == row.length * known.empty:
        return _answer(row, layout, known, key, known.has_tokens[None], None)
    possible = tables.mass[: row.length] > -np.inf
    open_at = _open(row, layout, possible, tables.tail[: row.length] > -np.inf)
    key = (*key, np.packbits(open_at).tobytes())
    return _answer(row, layout, known, key, possible, open_at) & possible


def _open(row: Row, layout: Layout, possible: Bools, tail: Bools) -> Bools:
    """bool `[n, Z + 2]`: the sets that may stand at each position, by the classes bool `[n, C + 2]` and the tail `[n]`."""
    out = np.empty((len(possible), layout.num_sets + 2), dtype=np.bool_)
    out[:, -1] = tail
    open_sets(possible, layout.set_offsets, layout.set_classes, out)
    return out if row.closed is None else out & ~row.closed


def _answer(
    row: Row,
    layout: Layout,
    known: _Known,
    key: tuple[object, ...],
    possible: Bools,
    open_at: Bools | None,
) -> Bools:
    """The classes of the sets that can stand; with the same sets at every position, `open_at` is None."""
    with _lock:
        found = known.answers.get(key)
        if found is not None:
            known.answers.move_to_end(key)
            return found
    if open_at is None:
        always = _open(row, layout, possible, np.ones(1, dtype=np.bool_))
        open_at = np.repeat(always, row.length, axis=0)
    edges, in_sets = layout.by_source, np.zeros_like(open_at)
    set_support(edges.offsets, edges.first, edges.second, open_at, row.state, row.final, in_sets)
    found = np.empty((row.length, layout.num_classes + 2), dtype=np.bool_)
    class_support(in_sets, layout.set_offsets, layout.set_classes, found)
    found &= known.has_tokens
    with _lock:
        known.answers[key] = found
        while len(known.answers) > KEPT:
            known.answers.popitem(last=False)
    return found
