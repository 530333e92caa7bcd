"""The most probable canvas whose cells satisfy the relations, exactly: best-first branch and bound.

A node is a mask of values that propagation leaves. The most probable canvas of the shape narrowed to the mask is an
upper bound, since the shape's language contains that of every assignment in the mask. Where its cells satisfy the
relations, it is the best of the node. Otherwise a cell of it is split: it has the value, or it has not.

This is exact whatever else connects the cells (`&`, cells without a fixed place, tokens across borders), and it finds a
canvas wherever there is one, as long as the number of canvases and the time allow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canvasgen.errors import BudgetTooSmall, TimeLimit, Unsatisfiable
from canvasgen.inference import Posterior
from canvasgen.relations import Problem, SearchTime

__all__ = ["BestCanvas", "Found"]

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
_SLACK = 1e-6
"""Nats by which a canvas may be less probable than the bound and count as the best: rounding of float32 sums."""

_COMPLETION_SECONDS = 1.0
"""Of the exact solver, for the cells of which a canvas says nothing."""


@dataclass(frozen=True)
class Found:
    """Values, and the canvas with them.

    Attributes:
        assignment: int64 `[cells]`.
        posterior: of the canvas with these values.
    """

    assignment: Longs
    posterior: Posterior

    @property
    def weight(self) -> float:
        """log of the mass of the best canvas."""
        return self.posterior.best_log_weight


@dataclass(frozen=True)
class _Node:
    """A mask, the posterior within it, and how many cells were fixed on the way to it."""

    mask: Mask
    posterior: Posterior
    depth: int

    @property
    def bound(self) -> float:
        return self.posterior.best_log_weight


class BestCanvas:
    """The search over one canvas.

    Attributes:
        best: the best found so far; None before anything fits.
        proven: whether no canvas is more probable.

    Args:
        problem: the relations.
        scores: of the values, float64 `[cells, values]`; -inf for one that is impossible.
        shape: the posterior of the shape.
        within: the posterior of the canvas with the values of a mask alone; raises `Unsatisfiable` or `BudgetTooSmall`.
        read: the values in a canvas, by cell.
        clock: the answer's time.
    """

    def __init__(
        self,
        problem: Problem,
        scores: Floats,
        shape: Posterior,
        within: Callable[[Mask], Posterior],
        read: Callable[[Longs], dict[int, int]],
        clock: SearchTime,
    ) -> None:
        self._problem = problem
        self._scores = scores
        self._within = within
        self._read = read
        self._clock = clock
        self._values = np.arange(problem.width)
        self.best: Found | None = None
        self.proven = False
        root = problem.propagate(scores > -np.inf)
        self._open = [] if root is None else [_Node(root, shape, 0)]

    def offer(self, assignment: Longs) -> bool:
        """Weigh values that satisfy the relations; False if no canvas has them."""
        try:
            found = Found(assignment, self._within(self._values == assignment[:, None]))
        except (BudgetTooSmall, Unsatisfiable):
            return False
        if self.best is None or found.weight > self.best.weight:
            self.best = found
        return True

    def look_at_root(self) -> bool:
        """Return whether the shape's own best canvas satisfies the relations; it is then the best of all."""
        if self._open and self._open[0].depth == 0:
            self._complete(self._open[0], 0.0)
            self._drop_the_worse()
        return self.proven

    def run(self, canvases: int) -> None:
        """Search on, for so many canvases.

        Raises:
            Unsatisfiable: no canvas satisfies the relations and the rest of the constraint.
            TimeLimit: none was found.
        """
        self._drop_the_worse()
        while self._open and canvases > 0 and self._clock.left > 0:
            # Until something fits the search dives; then it takes the node with the greatest bound.
            at = len(self._open) - 1
            if self.best is not None:
                at = max(range(len(self._open)), key=lambda n: self._open[n].bound)
            node = self._open.pop(at)
            values = self._complete(node, min(self._clock.left, _COMPLETION_SECONDS))
            if self.best is None or node.bound > self.best.weight + _SLACK:
                canvases -= self._split(node, values)
            self._drop_the_worse()
        if self.best is not None:
            return
        if not self._open:
            raise Unsatisfiable(
                "no values satisfy both the table's relations and the rest of the constraint",
                rule="relations",
                remedy="drop a relation, or what the rest of the constraint says of its cells",
            )
        raise TimeLimit(
            "no values that satisfy both the table's relations and the rest of the constraint were found in time",
            rule="seconds",
            value=self._clock.seconds,
            remedy="put what the rest demands into the table's cells or relations",
        )

    def _drop_the_worse(self) -> None:
        best = self.best
        if best is not None:
            self._open = [node for node in self._open if node.bound > best.weight + _SLACK]
        self.proven = best is not None and not self._open

    def _complete(self, node: _Node, seconds: float) -> dict[int, int]:
        """Offer an assignment with the values of a node's best canvas, if one is found; return these values."""
        values = self._read(node.posterior.best)
        mask = node.mask.copy()
        for cell, value in values.items():
            mask[cell] &= self._values == value
        left = self._problem.propagate(mask)
        if left is not None:
            allowed = np.where(left, self._scores, -np.inf)
            try:
                solved = self._problem.best(allowed, seconds=seconds)
            except (TimeLimit, Unsatisfiable):
                return values
            self.offer(solved.assignment)
        return values

    def _split(self, node: _Node, values: dict[int, int]) -> int:
        """Open two nodes in the place of one; return the number of canvases that were conditioned."""
        choice = self._cell_to_split(node, values)
        if choice is None:
            return 1
        cell, value = choice
        fixed, other = node.mask.copy(), node.mask.copy()
        fixed[cell] = self._values == value
        other[cell, value] = False
        tried = 0
        for mask, depth in ((other, node.depth), (fixed, node.depth + 1)):
            left = self._problem.propagate(mask)
            if left is None:
                continue
            tried += 1
            try:
                self._open.append(_Node(left, self._within(left), depth))
            except (BudgetTooSmall, Unsatisfiable):
                continue
        return max(tried, 1)

    def _cell_to_split(self, node: _Node, values: dict[int, int]) -> tuple[int, int] | None:
        """Return a cell and its value: where the canvas's values contradict each other, else where none is read.

        None if every cell has one value: then the node's best canvas is no text of this assignment, and it has none.
        """
        is_open = node.mask.sum(axis=1) > 1
        here = [cell for cell in values if is_open[cell] and node.mask[cell, values[cell]]]
        here.sort(key=lambda cell: -float(self._scores[cell, values[cell]]))
        mask = node.mask
        for cell in here:
            narrower = mask.copy()
            narrower[cell] = self._values == values[cell]
            left = self._problem.propagate(narrower)
            if left is None:
                return cell, values[cell]
            mask = left
        elsewhere = [cell for cell in np.flatnonzero(is_open).tolist() if cell not in values]
        if elsewhere:
            cell = min(elsewhere, key=lambda one: int(node.mask[one].sum()))
            return cell, int(np.argmax(np.where(node.mask[cell], self._scores[cell], -np.inf)))
        if here:
            return here[0], values[here[0]]
        rest = np.flatnonzero(is_open)
        return (int(rest[0]), int(np.argmax(node.mask[rest[0]]))) if len(rest) else None
