"""The belief about a canvas that holds a table: cells that are scored by the chain and chosen together.

`exact`       the best assignment of all cells, by their log-probabilities on this canvas
`propagate`   the surest cell first, then what the relations leave of the others; may end in a contradiction

What is said of single positions (entropies, marginals, the mass Z) is the shape's: each cell by itself, with the values
that propagation leaves. A position where the assignment wants another token than the shape does is doubted by the
token's surprisal, -log q(token), if that is more than the entropy.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from canvasgen.constraints.compiled.belief import ChainBelief, text_length
from canvasgen.constraints.compiled.cell_scores import CompiledCells, Scores
from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.errors import BudgetTooSmall, TimeLimit, Unsatisfiable
from canvasgen.inference import Posterior
from canvasgen.tokens import Budget, Prefix

__all__ = ["TableBelief"]

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
SECONDS_PER_STEP = 0.25
"""Of the solver, in a denoising step; before a commit it has its own limit."""
_TRIES = 16
"""Assignments whose text does not fit into the budget, or into the rest of the constraint, before giving up."""
_CANVASES = 200
"""Canvases that are conditioned in a search for one that suits the rest of the constraint."""
_COMPARED = 4
"""Assignments that are weighed by their texts' own probability where the cells' scores do not add up to it."""


class TableBelief(ChainBelief):
    """The shape's posterior, with the best canvas, the candidates and the samples of the joint one.

    Attributes:
        assignment: int64 `[cells]`, the values of `best` by their numbers; None at a dead end of `propagate`.
        entropies: float64 `[n]`, in nats: how much each position is doubted.

    Args:
        posterior: of the shape, over the n positions of the canvas within the budget.
        cells: the constraint's cells.
        prefix, budget: where the canvas stands in its text.

    Raises:
        Unsatisfiable, BudgetTooSmall: no assignment that was tried fits.
        TimeLimit: the solver found no assignment in its time.
    """

    def __init__(self, posterior: Posterior, cells: CompiledCells, prefix: Prefix, budget: Budget) -> None:
        super().__init__(posterior)
        self._cells = cells
        self._prefix, self._budget = prefix, budget
        self._problem = cells.table.related_problem
        self._scores: Scores = cells.scores(posterior, prefix)
        self._vocabulary = cells.vocabulary
        self._end_ids = cells.vocabulary.end_ids
        self.entropies: Floats = posterior.entropies
        self._proven = True
        self.assignment: Longs | None = None
        self._choose(SECONDS_PER_STEP)

    def finish(self) -> None:
        """Chooses again, with all the time that the solver has, if it ran out of it."""
        if not self._proven:
            self._choose(None)

    def _choose(self, seconds: float | None) -> None:
        """Finds `assignment` and `best`, and doubts them by their surprisal.

        After a dead end of `propagate` they are the shape's alone, for the validator to refuse.
        """
        error: BudgetTooSmall | Unsatisfiable | None = None
        for assignment in islice(self._ranked(seconds), _TRIES):
            try:
                self._take(assignment)
                return
            except (BudgetTooSmall, Unsatisfiable) as failure:
                error = failure
        if error is None or self._cells.table.mode == "propagate":
            return
        self._take(self._one_by_one())

    def _take(self, assignment: Longs) -> None:
        self.best = self._inside(assignment).best
        self.assignment = assignment
        length = text_length(self.best, self._end_ids)
        surprisals = -self._posterior.token_log_probs(self.best[:length])
        self.entropies = self._posterior.entropies.copy()
        self.entropies[:length] = np.maximum(self.entropies[:length], surprisals)

    def _ranked(self, seconds: float | None) -> Iterator[Longs]:
        """Assignments, best first; none at a dead end of `propagate`, or if a step's time has run out."""
        scores = self._scores.log_probs
        greedy = self._problem.greedy(scores)
        alone = [] if greedy is None else [greedy]
        if self._cells.table.mode == "propagate":
            yield from alone
            return
        try:
            first = self._problem.best(scores, seconds=seconds)
        except TimeLimit:
            self._proven = False
            if seconds is None:
                raise
            yield from alone
            return
        self._proven = first.proven
        ranked = iter([first.assignment])
        if first.proven:  # the best once more only if one behind it is asked for
            behind = islice(self._problem.k_best(scores), 1, None)
            ranked = chain(ranked, (solved.assignment for solved in behind))
        if not self._scores.factored:
            few = [*islice(ranked, _COMPARED), *alone]
            yield from sorted(few, key=self._log_weight, reverse=True)
        yield from ranked

    def _one_by_one(self) -> Longs:
        """An assignment that suits the rest of the constraint, too: the values of the best text, one cell at a time.

        After each cell the relations are propagated and the canvas is conditioned anew; what leads nowhere is taken
        back.

        Raises:
            Unsatisfiable: there is none.
            TimeLimit: none was found in so many canvases.
        """
        scores = self._scores.log_probs
        stack = [scores > -np.inf]
        for _ in range(_CANVASES):
            if not stack:
                raise Unsatisfiable(
                    "no values satisfy both the table's relations and the rest of the constraint",
                    rule="relations",
                )
            mask = stack.pop()
            try:
                values = self._cells.values_in(self._text_of(self._within(mask).best))
                open_cells = np.flatnonzero(mask.sum(axis=1) > 1).tolist()
                here = [cell for cell in open_cells if cell in values]
                if not here:
                    found = self._problem.best(np.where(mask, scores, -np.inf)).assignment
                    self._inside(found)
                    return found
            except (BudgetTooSmall, Unsatisfiable):
                continue
            cell = max(here, key=lambda one: float(scores[one, values[one]]))
            other, fixed = mask.copy(), mask.copy()
            other[cell, values[cell]] = False
            fixed[cell] = np.arange(mask.shape[1]) == values[cell]
            stack += [
                left for branch in (other, fixed) if (left := self._problem.propagate(branch)) is not None
            ]
        raise TimeLimit(
            f"no values that satisfy both the table's relations and the rest of the constraint in {_CANVASES} canvases",
            rule="canvases",
            value=_CANVASES,
            remedy="put what the rest demands into the table's cells or relations",
        )

    def _text_of(self, canvas: Longs) -> bytes:
        ids = np.concatenate([np.array(self._prefix.ids, dtype=np.int64), canvas])
        return self._vocabulary.text_bytes(ids[: text_length(ids, self._end_ids)])

    def _log_weight(self, assignment: Longs) -> float:
        try:
            return self._inside(assignment).log_partition
        except (BudgetTooSmall, Unsatisfiable):
            return -np.inf

    def _inside(self, assignment: Longs) -> Posterior:
        """The posterior of the canvas with these values in the cells."""
        return self._conditioned(self._cells.narrowed(assignment))

    def _within(self, mask: NDArray[np.bool_]) -> Posterior:
        """The posterior of the canvas with these values alone in the cells."""
        return self._conditioned(self._cells.within(mask))

    def _conditioned(self, narrowed: Lifted) -> Posterior:
        prefix = narrowed.prefix(self._prefix.ids)
        if prefix is None:
            raise Unsatisfiable("the text so far has other values", rule="table")
        return narrowed.condition_block(self._posterior, prefix, self._budget)

    def sample(self, seed: int) -> Longs:
        """A joint sample int64 `[n]`; exact where the solutions can be listed, else of scores perturbed by Gumbel noise.

        Of the shape alone if that fits nowhere, or is not found in time.
        """
        try:
            assignment, _ = self._problem.sample(self._scores.log_probs, seed)
            return self._inside(assignment).sample(1, seed)[0]
        except (BudgetTooSmall, Unsatisfiable, TimeLimit):
            return self._posterior.sample(1, seed)[0]  # of the shape: a canvas to go on from, not an answer

    def going_on(self) -> Longs | None:
        """With the values of the best canvas in the cells."""
        if self.assignment is None:
            return None
        found = self._inside(self.assignment).going_on()
        return None if found is None else found.best

    def log_prob(self, ids: Longs) -> float:
        """Given that the table is valid, where that can be summed: cells at fixed places, solutions that can be listed.

        Else given that its shape is.
        """
        inside = super().log_prob(ids)
        total = self._problem.log_partition(self._scores.log_probs) if self._scores.factored else None
        return inside if total is None else inside - total

    def candidates(self) -> Iterator[Longs]:
        """By assignment and, within one, by its canvases, merged; in mode `propagate`, the shape's after the first."""
        if self._cells.table.mode == "propagate":
            yield self.best
            yield from super().candidates()
            return
        yield self.best
        told = self.best[: text_length(self.best, self._end_ids)].tobytes()
        for canvas in self._merged():
            if canvas[: text_length(canvas, self._end_ids)].tobytes() != told:
                yield canvas

    def _merged(self) -> Iterator[Longs]:
        """The canvases of all assignments; the next assignment is asked for when it may be the best left."""
        heap: list[tuple[float, int, Longs, Iterator[tuple[Longs, float]], float]] = []
        number = 0

        def push(canvases: Iterator[tuple[Longs, float]], mass: float) -> None:
            nonlocal number
            found = next(canvases, None)
            if found is None:
                return
            number += 1
            heapq.heappush(heap, (-found[1] - mass, number, found[0], canvases, mass))

        later = self._fitting_posteriors()
        waiting = next(later, None)
        while heap or waiting is not None:
            while waiting is not None and (not heap or -heap[0][0] < waiting.best_log_weight):
                push(waiting.k_best(), waiting.log_partition)
                waiting = next(later, None)
            if heap:
                _, _, canvas, canvases, mass = heapq.heappop(heap)
                push(canvases, mass)
                yield canvas

    def _fitting_posteriors(self) -> Iterator[Posterior]:
        """Of the assignments whose texts fit, in the order of the cells' scores."""
        for solved in self._problem.k_best(self._scores.log_probs):
            try:
                yield self._inside(solved.assignment)
            except (BudgetTooSmall, Unsatisfiable):
                continue
