"""The best assignment: by enumeration, elimination, branch and bound, local search and CP-SAT, in this order."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from canvasgen.relations.answers.elimination import Elimination
from canvasgen.relations.answers.enumeration import Enumeration
from canvasgen.relations.answers.neighbourhoods import improved
from canvasgen.relations.answers.optimal import Answer, Optimiser
from canvasgen.relations.kernels.propagation_kernel import from_mask, propagate_mask
from canvasgen.relations.kernels.search_kernel import COMPLETE, best_solution
from canvasgen.relations.programs.primitives import Primitive
from canvasgen.relations.programs.program import Program
from canvasgen.relations.programs.space import Space

__all__ = ["Optimum"]

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_FIRST_NODES = 100
"""Nodes of the branch and bound that is tried before CP-SAT: about what building a model costs."""
_NEIGHBOURHOODS = 8
"""Rounds of local search around the best assignment that branch and bound has found."""


class Optimum:
    """Searches for the best assignment of one problem.

    Args:
        space: the cells and their values.
        program, primitives: all relations.
        root: the values that propagation leaves, bool `[cells, width]`.
        enumeration: of the same problem.
    """

    def __init__(
        self,
        space: Space,
        program: Program,
        primitives: Sequence[Primitive],
        root: Mask,
        enumeration: Enumeration,
    ) -> None:
        self._space, self._program, self._primitives = space, program, primitives
        self._root, self._enumeration = root, enumeration
        self._active = np.ones(len(primitives), np.bool_)
        self._cells = np.arange(len(space.cells))

    def find(self, scores: Floats, mask: Mask, excluded: Ints, start: Ints | None, seconds: float) -> Answer:
        """Return the best assignment; `finished` if it is proven, or if there is none.

        Args:
            scores: by cell and bit, float64 `[cells, 64 · words]`; −inf is impossible.
            mask: the values that are possible, bool `[cells, width]`.
            excluded: assignments that do not count, int64 `[k, cells]` of bits.
            start: an assignment, int64 `[cells]` of bits; it counts where it satisfies all relations.
            seconds: of CP-SAT, less what the other searches took; 0: CP-SAT is not asked.
        """
        begin = time.perf_counter()
        few = self._enumeration.few
        if few is not None:
            found = self._best_of(self._space.bits_of(few), scores, excluded)
            return Answer(found, True, self._score(scores, found))
        if self.elimination is not None and not len(excluded):
            score, bits = self.elimination.best(scores)
            return Answer(bits if score > -math.inf else None, True, score)
        domain = from_mask(self._program, mask, self._space.words)
        status, score, bits = best_solution(
            self._program,
            self._active,
            domain,
            scores,
            excluded,
            self._enumeration.effort(_FIRST_NODES),
            -math.inf,
        )
        found = bits if score > -math.inf else None
        if status == COMPLETE:
            return Answer(found, True, score)
        if start is not None and self._counts(start, scores, excluded):
            found = start if score < self._score(scores, start) else found
        if found is not None and not len(excluded):
            found = improved(
                self._program,
                self._active,
                domain,
                scores,
                excluded,
                found,
                rounds=_NEIGHBOURHOODS,
                rng=np.random.default_rng(0),
            )
        left = seconds - (time.perf_counter() - begin)
        if left <= 0:
            return Answer(found, False, math.inf)
        return self._cp_sat.solve(scores, excluded, found, left)

    @cached_property
    def elimination(self) -> Elimination | None:
        """Exact answers without a search, where the relations connect few cells at a time."""
        return Elimination.of(
            [np.sort(bits[own]) for bits, own in zip(self._space.bit, self._root, strict=True)],
            self._primitives,
            self._program.numbers,
            self._space.start,
        )

    @cached_property
    def _cp_sat(self) -> Optimiser:
        sets = [bits[own].tolist() for bits, own in zip(self._space.bit, self._root, strict=True)]
        return Optimiser(sets, self._primitives, self._program.numbers, self._space.start)

    def _best_of(self, found: Ints, scores: Floats, excluded: Ints) -> Ints | None:
        """Return the best of some assignments; None if none is possible."""
        sums = scores[self._cells, found].sum(axis=1)
        for bits in excluded:
            sums[(found == bits).all(axis=1)] = -math.inf
        return None if not len(sums) or sums.max() == -math.inf else found[int(sums.argmax())]

    def _counts(self, bits: Ints, scores: Floats, excluded: Ints) -> bool:
        """Whether an assignment is possible, is not excluded, and satisfies all relations."""
        if self._score(scores, bits) == -math.inf or (excluded == bits).all(axis=1).any():
            return False
        mask = np.arange(self._space.width) == self._space.places_of(bits)[:, None]
        return bool(propagate_mask(self._program, self._active, mask, self._space.words)[0])

    def _score(self, scores: Floats, bits: Ints | None) -> float:
        return -math.inf if bits is None else float(scores[self._cells, bits].sum())
