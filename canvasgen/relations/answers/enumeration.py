"""All solutions of a problem, where they are few enough to list."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from canvasgen.relations.kernels.propagation_kernel import from_mask
from canvasgen.relations.kernels.search_kernel import COMPLETE, all_solutions
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


class Enumeration:
    """Depth-first enumeration of the assignments that satisfy a program; what was found is kept.

    Args:
        space: the cells and their values.
        program: all relations.
        root: the values that propagation leaves, bool `[cells, width]`.
        limits: `max_nodes` bounds every search.
    """

    def __init__(self, space: Space, program: Program, root: Mask, limits: RelationLimits) -> None:
        self._space, self._program, self._root, self._limits = space, program, root, limits
        self._active = np.ones(program.args.shape[0], np.bool_)
        self._last: tuple[int, Ints | None] | None = None

    def effort(self, nodes: int) -> int:
        """Return the nodes that a quick search may open: fewer where each of them costs more."""
        return min(self._limits.max_nodes, nodes, 1 + _EFFORT // max(int(self._root.sum()), 1))

    @cached_property
    def few(self) -> Ints | None:
        """All solutions, int64 `[count, cells]`, where they are few and easy to find; else None."""
        return self._search(self._root, _FEW_SOLUTIONS, self.effort(1 + int(self._root.sum()) // 2))

    def solutions(self, most: int) -> Ints | None:
        """Return all solutions, int64 `[count, cells]`.

        None if there are more than `most`, or the search needs more than `limits.max_nodes` nodes.
        """
        if self.few is not None:
            return self.few.copy() if len(self.few) <= most else None
        if self._last is None or self._last[0] != most:
            self._last = most, self.within(self._root, most)
        found = self._last[1]
        return None if found is None else found.copy()

    def within(self, mask: Mask, most: int) -> Ints | None:
        """As `solutions`, of the assignments within a mask, bool `[cells, width]`."""
        return self._search(mask, most, self._limits.max_nodes)

    def _search(self, mask: Mask, most: int, nodes: int) -> Ints | None:
        domain = from_mask(self._program, mask, self._space.words)
        status, found = all_solutions(self._program, self._active, domain, most, nodes)
        return self._space.places_of(found) if status == COMPLETE else None
