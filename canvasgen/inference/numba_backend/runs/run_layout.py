"""The edges of a layout in runs (see `run_kernels`), and the recurrence of one row over them."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from canvasgen.forks import Guard
from canvasgen.inference.layout import Groups, Layout, groups
from canvasgen.inference.numba_backend.runs.run_kernels import find_runs

__all__ = ["Runs", "runs_of"]

Ints = npt.NDArray[np.int32]

LEAST_EDGES = 20_000
"""Layouts with fewer edges are not looked at."""
SHORTEST = 12
"""Runs of fewer edges are taken edge by edge."""
_LEAST_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Runs:
    """A layout's edges: runs of 12 and more, and the rest.

    Attributes:
        source, target, index, length: int32[K], the first source and target of each run, its set, its edges.
        by_source, by_target, by_set: the edges in no run, as in `Layout`.
    """

    source: Ints
    target: Ints
    index: Ints
    length: Ints
    by_source: Groups
    by_target: Groups
    by_set: Groups

    @property
    def by_sources(self) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
        """Edges and runs, grouped by source."""
        rest = self.by_source
        return rest.offsets, rest.first, rest.second, self.source, self.target, self.index, self.length

    @property
    def by_targets(self) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
        """Edges and runs, grouped by target."""
        rest = self.by_target
        return rest.offsets, rest.first, rest.second, self.target, self.source, self.index, self.length

    @property
    def by_sets(self) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
        """Edges and runs, the edges grouped by set."""
        rest = self.by_set
        return rest.offsets, rest.first, rest.second, self.source, self.target, self.index, self.length


_known: WeakKeyDictionary[Layout, Runs | None] = WeakKeyDictionary()
_lock = Guard()


def runs_of(layout: Layout) -> Runs | None:
    """The runs of a layout, found once; None if it is small, or most of its edges are in none."""
    if len(layout.by_source.first) < LEAST_EDGES:
        return None
    with _lock:
        if layout in _known:
            return _known[layout]
    found = _find(layout)
    with _lock:
        return _known.setdefault(layout, found)


def _find(layout: Layout) -> Runs | None:
    edges = layout.by_source
    run, first, count = find_runs(edges.offsets, edges.first, edges.second)
    lengths = np.bincount(run, minlength=count).astype(np.int32)
    is_long = lengths >= SHORTEST
    chosen = np.flatnonzero(is_long)
    if lengths[chosen].sum() < _LEAST_SHARE * len(run):
        return None
    rest = ~is_long[run]
    source, target, index = edges.group[rest], edges.first[rest], edges.second[rest]
    states, sets = layout.num_states + 1, layout.num_sets + 2
    begin = first[chosen]
    return Runs(
        edges.group[begin],
        edges.first[begin],
        edges.second[begin],
        lengths[chosen],
        groups(source, states, target, index),
        groups(target, states, source, index),
        groups(index, sets, source, target),
    )
