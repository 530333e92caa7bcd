"""All solutions of a problem, where they are few enough to list."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from canvasgen.limits import seconds_left
from canvasgen.relations.kernels.propagation_kernel import from_mask
from canvasgen.relations.kernels.search_kernel import COMPLETE, OUT_OF_NODES, begin_search, go_on
from canvasgen.relations.programs.program import Program
from canvasgen.relations.programs.space import Space
from canvasgen.relations.relation_limits import RelationLimits

__all__ = ["Enumeration"]

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]

# Where depth-first search finds all solutions within half as many nodes as values are open, but no more than
# _EFFORT allows, they are kept and optima are read off them.
_FEW_SOLUTIONS = 1_000
_EFFORT = 500_000  # nodes times values left at the root
_REMEMBERED = 8
_UNKNOWN: Ints = np.empty((0, 0), np.int64)


class Enumeration:
    """Depth-first enumeration of the assignments that satisfy a program; what was found is kept.

    Args:
        space: the cells and their values.
        program: all relations.
        root: the values that propagation leaves, bool `[cells, width]`.
        limits: `max_nodes` and `enumeration_seconds` bound every search.
    """

    def __init__(self, space: Space, program: Program, root: Mask, limits: RelationLimits) -> None:
        self._space, self._program, self._root, self._limits = space, program, root, limits
        self._active = np.ones(program.args.shape[0], np.bool_)
        self._known: dict[tuple[bytes, int], Ints | None] = {}
        self._few: Ints | None = _UNKNOWN

    def effort(self, nodes: int) -> int:
        """Return the nodes that a quick search may open: fewer where each of them costs more."""
        return min(self._limits.max_nodes, nodes, 1 + _EFFORT // max(int(self._root.sum()), 1))

    @property
    def few(self) -> Ints | None:
        """All solutions, int64 `[count, cells]`, where they are few and easy to find; else None."""
        if self._few is _UNKNOWN:
            nodes = self.effort(1 + int(self._root.sum()) // 2)
            found, whole = self._search(self._root, _FEW_SOLUTIONS, nodes, None)
            if not whole:
                return None
            self._few = found
        return self._few

    def solutions(self, most: int, seconds: float | None = None) -> Ints | None:
        """Return all solutions, int64 `[count, cells]`.

        None if there are more than `most`, or the search needs more nodes or seconds than the limits allow.
        """
        if self.few is not None:
            return self.few.copy() if len(self.few) <= most else None
        found = self.within(self._root, most, seconds)
        return None if found is None else found.copy()

    def within(self, mask: Mask, most: int, seconds: float | None = None) -> Ints | None:
        """As `solutions`, of the assignments within a mask, bool `[cells, width]`; the last few are kept."""
        key = mask.tobytes(), most
        if key not in self._known:
            found, whole = self._search(mask, most, self._limits.max_nodes, seconds)
            if not whole:
                return None
            while len(self._known) >= _REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[key] = found
        return self._known[key]

    def _search(self, mask: Mask, most: int, nodes: int, seconds: float | None) -> tuple[Ints | None, bool]:
        """All solutions, and whether the search had all the time of the limits, so that it need not be done again.

        It runs in slices of nodes, so that the clock is looked at often.
        """
        whole = self._limits.enumeration_seconds
        allowed = min(whole, whole if seconds is None else seconds, max(seconds_left(), 0.0))
        end = time.perf_counter() + allowed
        program, active = self._program, self._active
        state = begin_search(program, active, from_mask(program, mask, self._space.words))
        found, count = np.empty((min(most, 16), len(mask)), np.int64), 0
        status = OUT_OF_NODES
        while status == OUT_OF_NODES and nodes > 0 and time.perf_counter() <= end:
            some = min(nodes, 1 + _EFFORT // max(int(mask.sum()), 1))
            nodes -= some
            status, state, found, count = go_on(program, active, state, found, count, most, some)
        late = status == OUT_OF_NODES and nodes > 0 and allowed < whole
        return self._space.places_of(found[:count]) if status == COMPLETE else None, not late
