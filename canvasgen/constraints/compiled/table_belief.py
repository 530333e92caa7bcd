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

import numpy as np
from numpy.typing import NDArray

from canvasgen.constraints.compiled.belief import ChainBelief, text_length
from canvasgen.constraints.compiled.best_canvas import BestCanvas, Found
from canvasgen.constraints.compiled.cell_scores import CompiledCells, Scores
from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.constraints.compiled.table_search import TableSearch
from canvasgen.errors import BudgetTooSmall, TimeLimit, Unsatisfiable
from canvasgen.inference import Posterior
from canvasgen.tokens import Budget, Prefix

__all__ = ["TableBelief"]

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
_CANVASES = 200
"""Canvases that are conditioned in a search for the best one."""
_COMPARED = 3
"""Assignments behind the best by the cells' scores whose canvases are weighed where the scores do not add up to it."""
_COMMIT_SHARE = 0.5
"""Of the time left, for the best assignment by the cells' scores; the rest is for the best canvas."""


class TableBelief(ChainBelief):
    """The shape's posterior, with the best canvas, the candidates and the samples of the joint one.

    Attributes:
        assignment: int64 `[cells]`, the values of `best` by their numbers; None at a dead end of `propagate`.
        entropies: float64 `[n]`, in nats: how much each position is doubted.
        proven: whether `best` is proven to be the most probable canvas of all that are valid; None in mode `propagate`.

    Args:
        posterior: of the shape, over the n positions of the canvas within the budget.
        cells: the constraint's cells.
        prefix, budget: where the canvas stands in its text.
        search: what the answer's steps share; None: the first step.

    Raises:
        Unsatisfiable, BudgetTooSmall: there is no assignment that fits.
        TimeLimit: none was found in the answer's time.
    """

    proven: bool | None
    is_chosen: bool = True
    settles: bool = False

    def __init__(
        self,
        posterior: Posterior,
        cells: CompiledCells,
        prefix: Prefix,
        budget: Budget,
        search: TableSearch | None = None,
    ) -> None:
        super().__init__(posterior)
        self._cells = cells
        self._prefix, self._budget = prefix, budget
        self._problem = cells.table.related_problem
        self._search = search or TableSearch(cells.table)
        self._vocabulary = cells.vocabulary
        self._end_ids = cells.vocabulary.end_ids
        self.entropies: Floats = posterior.entropies
        self.assignment: Longs | None = None
        with self._search.clock.running():
            self._scores: Scores = cells.scores(posterior, prefix)
            if cells.table.mode == "propagate":
                self._choose_greedily()
            else:
                self._choose()

    def finish(self) -> None:
        """Chooses again, with all the time that is left, if the best canvas is not proven."""
        if self.proven is False:
            with self._search.clock.running():
                self._choose_with_time()

    def _choose_greedily(self) -> None:
        """At a dead end `best` is the shape's alone, for the validator to refuse."""
        greedy = self._problem.greedy(self._scores.log_probs)
        if greedy is not None:
            try:
                self._take(Found(greedy, self._inside(greedy)))
            except (BudgetTooSmall, Unsatisfiable):
                return

    def _choose(self) -> None:
        """Finds `assignment` and `best` in a step's time, and doubts them by their surprisal."""
        search = self._best_canvas()
        self.proven = search.look_at_root()
        seconds = 0.0
        if not self.proven and self._search.is_short:
            self._weigh_at_hand(search)
        elif not self.proven:
            seconds = self._search.step_seconds()
            self._weigh_the_best(search, seconds)
        self._take(self._some(search))
        assert self.assignment is not None
        self._search.found(self.assignment, proven=self.proven, seconds=seconds)

    def _choose_with_time(self) -> None:
        search = self._best_canvas()
        if not self._weigh_the_best(search, _COMMIT_SHARE * self._search.clock.left):
            search.run(_CANVASES)
            self.proven = search.proven
        self._take(self._some(search))

    def _best_canvas(self) -> BestCanvas:
        search = BestCanvas(
            self._problem,
            self._scores.log_probs,
            self._posterior,
            self._within,
            lambda canvas: self._cells.values_in(self._text_of(canvas)),
            self._search.clock,
        )
        if self.assignment is not None:
            search.offer(self.assignment)
        return search

    def _weigh_the_best(self, search: BestCanvas, seconds: float) -> bool:
        """Offers the best assignments by the cells' scores; returns whether the scores say which canvas is the best."""
        scores, last = self._scores.log_probs, self._search.assignment
        try:
            first = self._problem.best(scores, start=last, seconds=seconds)
        except TimeLimit:
            first = self._problem.best(scores, seconds=self._search.clock.left)
        fits = search.offer(first.assignment)
        if self._scores.factored and fits:
            self.proven = first.proven
            return True
        self.proven = False
        excluded = [first.assignment]
        for _ in range(_COMPARED):
            try:
                solved = self._problem.best(scores, excluded=excluded, seconds=0)
            except (TimeLimit, Unsatisfiable):
                break
            search.offer(solved.assignment)
            excluded.append(solved.assignment)
        self._weigh_at_hand(search)
        return False

    def _weigh_at_hand(self, search: BestCanvas) -> None:
        """Offers the last step's values and, while there is time, the greedy choice."""
        scores, last = self._scores.log_probs, self._search.assignment
        if last is not None and (scores[np.arange(len(last)), last] > -np.inf).all():
            search.offer(last)
        if search.best is not None and self._search.is_over:
            return
        greedy = self._problem.greedy(scores)
        if greedy is not None:
            search.offer(greedy)

    def _some(self, search: BestCanvas) -> Found:
        """The best canvas found; one that fits is searched for if nothing does yet.

        Raises:
            Unsatisfiable: there is none.
            TimeLimit: none was found in the answer's time.
        """
        if search.best is None:
            search.run(_CANVASES)
        assert search.best is not None
        return search.best

    def _take(self, found: Found) -> None:
        self.best = found.posterior.best
        self.assignment = found.assignment
        length = text_length(self.best, self._end_ids)
        surprisals = -self._posterior.token_log_probs(self.best[:length])
        self.entropies = self._posterior.entropies.copy()
        self.entropies[:length] = np.maximum(self.entropies[:length], surprisals)

    def _text_of(self, canvas: Longs) -> bytes:
        ids = np.concatenate([np.array(self._prefix.ids, dtype=np.int64), canvas])
        return self._vocabulary.text_bytes(ids[: text_length(ids, self._end_ids)])

    def _inside(self, assignment: Longs) -> Posterior:
        """The posterior of the canvas with these values in the cells."""
        return self._conditioned(self._cells.narrowed(assignment))

    def _within(self, mask: NDArray[np.bool_]) -> Posterior:
        """The posterior of the canvas with these values alone in the cells."""
        return self._conditioned(self._cells.within(mask))

    def _conditioned(self, narrowed: Lifted) -> Posterior:
        prefix = narrowed.prefix(self._prefix.ids)
        if prefix is None:
            raise Unsatisfiable(
                "the text so far has other values",
                rule="table",
                remedy="begin the text with values that the relations allow, or generate the table from its first cell",
            )
        return narrowed.condition_block(self._posterior, prefix, self._budget)

    def sample(self, seed: int) -> Longs:
        """A joint sample int64 `[n]`; exact where the solutions can be listed, else of scores perturbed by Gumbel noise.

        Of the shape alone if that fits nowhere, or is not found in time.
        """
        clock = self._search.clock
        if self._search.is_over and self.assignment is not None:
            return self._inside(self.assignment).sample(1, seed)[0]
        with clock.running():
            try:
                assignment, _ = self._problem.sample(
                    self._scores.log_probs,
                    seed,
                    start=self.assignment,
                    seconds=0.0 if self._search.is_short else clock.left,
                )
                return self._inside(assignment).sample(1, seed)[0]
            except (BudgetTooSmall, Unsatisfiable, TimeLimit):
                return self._posterior.sample(1, seed)[
                    0
                ]  # of the shape: a canvas to go on from, not an answer

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
        if not self._scores.factored:
            return inside
        clock = self._search.clock
        with clock.running():
            total = self._problem.log_partition(self._scores.log_probs, seconds=clock.left)
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
        clock = self._search.clock
        later = self._problem.k_best(self._scores.log_probs, clock=clock)
        while True:
            with clock.running():
                solved = next(later, None)
            if solved is None:
                return
            try:
                yield self._inside(solved.assignment)
            except (BudgetTooSmall, Unsatisfiable):
                continue
