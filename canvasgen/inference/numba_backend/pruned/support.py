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

_known: WeakKeyDictionary[Layout, OrderedDict[tuple[object, ...], Bools]] = WeakKeyDictionary()
_lock = Guard()


def allowed_classes(row: Row, layout: Layout, tables: ClassTables, impossible: int) -> Bools:
    """bool `[n, C + 2]`: the classes that stand at i in some valid canvas of positive probability.

    Args:
        row: the canvas.
        layout: its layout.
        tables: of its logits, fixed tokens put in.
        impossible: how many entries of its n rows of `tables.mass` are −inf.
    """
    length, sets = row.length, layout.num_sets + 2
    has_tokens = np.diff(layout.class_offsets) > 0
    is_plain = row.closed is None and impossible == length * int((~has_tokens).sum())
    key: tuple[object, ...] = (
        row.state,
        length,
        row.remaining,
        None if row.later is None else row.later.tobytes(),
    )
    open_at, possible = np.ones((length, sets), dtype=np.bool_), None
    if not is_plain:
        possible = tables.mass[:length] > -np.inf
        open_at[:, -1] = tables.tail[:length] > -np.inf
        open_sets(possible, layout.set_offsets, layout.set_classes, open_at)
        if row.closed is not None:
            open_at &= ~row.closed
        key = (*key, np.packbits(open_at).tobytes())
    with _lock:
        kept = _known.setdefault(layout, OrderedDict())
        found = kept.get(key)
        if found is not None:
            kept.move_to_end(key)
    if found is None:
        if is_plain:
            open_sets(has_tokens[None], layout.set_offsets, layout.set_classes, open_at[:1])
            open_at[:] = open_at[0]
        found = _classes(row, layout, open_at)
        with _lock:
            kept[key] = found
            while len(kept) > KEPT:
                kept.popitem(last=False)
    return found & (has_tokens if possible is None else possible)


def _classes(row: Row, layout: Layout, open_at: Bools) -> Bools:
    edges = layout.by_source
    in_sets = np.zeros(open_at.shape, dtype=np.bool_)
    set_support(edges.offsets, edges.first, edges.second, open_at, row.state, row.final, in_sets)
    out = np.empty((len(open_at), layout.num_classes + 2), dtype=np.bool_)
    class_support(in_sets, layout.set_offsets, layout.set_classes, out)
    return out
