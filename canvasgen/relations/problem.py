"""Cells with finite domains and relations over them: propagation, optima, enumeration, samples, conflicts."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canvasgen.checks import is_mapping
from canvasgen.errors import InvalidConstraint, MissingPackage, TimeLimit, Unsatisfiable
from canvasgen.limits import seconds_left
from canvasgen.relations.answers.conflict import Conflict
from canvasgen.relations.answers.conflict_search import explain
from canvasgen.relations.answers.elimination import Elimination
from canvasgen.relations.answers.enumeration import Enumeration
from canvasgen.relations.answers.optimum import Optimum
from canvasgen.relations.cell_values import Cell, Value, show_value
from canvasgen.relations.kernels.propagation_kernel import from_mask, propagate_mask
from canvasgen.relations.kernels.search_kernel import greedy_solution
from canvasgen.relations.kinds.relation import Relation, relations_of
from canvasgen.relations.kinds.sums import summed_cells
from canvasgen.relations.kinds.tuples import Check
from canvasgen.relations.programs.primitives import Primitive
from canvasgen.relations.programs.program import assemble
from canvasgen.relations.programs.space import Space
from canvasgen.relations.refused import check_shape, contradictory, no_assignment, not_fixed
from canvasgen.relations.relation_limits import DEFAULT_LIMITS, RelationLimits
from canvasgen.relations.search_time import SearchTime

__all__ = ["Problem", "Solved"]

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Solved:
    """The outcome of an optimisation.

    Attributes:
        assignment: index into `Problem.values` for each cell, int64 `[cells]`.
        score: the sum of its scores.
        proven: whether no assignment has a greater score (up to the resolution of `Optimiser`).
        bound: no assignment has a score above it.
        seconds: wall-clock time it took.
    """

    assignment: Ints
    score: float
    proven: bool
    bound: float
    seconds: float


class Problem:
    """Cells, their values, and relations that must hold.

    Arrays of scores and masks have the shape `[cells, width]`: by cell, and by place in the cell's values;
    entries beyond a cell's last value are ignored in scores and False in masks.

    Attributes:
        cells: the cells, in the order of the domains.
        values: each cell's values, in order and without duplicates. `1`, `1.0` and `True` are different values.
        width: the most values of a cell.
        root: the mask of values that propagation leaves from the start.
        relations: the relations that are propagated and optimised over.
        checks: the predicates, which only `check` asks.
        limits: the budgets.
    """

    def __init__(
        self,
        domains: Mapping[Cell, Sequence[Value]],
        relations: Iterable[Relation],
        *,
        limits: RelationLimits = DEFAULT_LIMITS,
    ) -> None:
        """Lay out the relations and propagate them.

        Args:
            domains: each cell's possible values.
            relations: what must hold.
            limits: the budgets.

        Raises:
            InvalidConstraint: a relation names an unknown cell or does not fit the values of its cells.
            ConstraintTooLarge: a limit is exceeded.
            Unsatisfiable: propagation leaves a cell no value; the message names a minimal conflict.
        """
        self.limits = limits
        if not is_mapping(domains):
            raise InvalidConstraint(
                "domains are a mapping from cells to lists of values",
                rule="domains",
                value=domains,
                remedy="write {cell: [value, …]}",
            )
        given = relations_of(relations)
        self._space = Space(domains, limits, summed_cells(given))
        self.cells = self._space.cells
        self.values = self._space.values
        self.width = self._space.width
        for relation in given:
            self._require_cells(relation)
        self.checks = tuple(r for r in given if isinstance(r, Check))
        self.relations = tuple(r for r in given if not isinstance(r, Check))
        self._primitives: list[Primitive] = []
        for relation in self.relations:
            self._primitives += relation.lower(self._space)
        self._program = assemble(self._space, self._primitives, limits)
        self._active = np.ones(len(self._primitives), np.bool_)
        start = self._space.bit >= 0
        root = self.propagate(start)
        if root is None:
            raise contradictory(self._why())
        self.root: Mask = root
        self._all = Enumeration(self._space, self._program, root, limits)
        self._optimum = Optimum(self._space, self._program, self._primitives, root, self._all)

    # -- propagation -------------------------------------------------------------------------------------

    def propagate(self, mask: Mask) -> Mask | None:
        """Return the values that the relations leave of a mask, bool `[cells, width]`; None if a cell has none left.

        All-different, clauses, counts, pointers and tables are each propagated to generalised arc consistency,
        sums to bounds consistency, and all together to their fixpoint. The mask given is not changed.

        Raises:
            InvalidConstraint: the mask has another shape.
        """
        check_shape(mask, self._space.bit.shape, "mask")
        own = np.array(mask, np.bool_, order="C")
        alive, left = propagate_mask(self._program, self._active, own, self._space.words)
        return left if alive else None

    # -- optima ------------------------------------------------------------------------------------------

    def best(
        self,
        scores: Floats,
        *,
        excluded: Sequence[Ints] = (),
        start: Ints | None = None,
        seconds: float | None = None,
    ) -> Solved:
        """Return the assignment that satisfies all relations (checks apart) with the greatest sum of scores.

        Args:
            scores: log-probabilities, float64 `[cells, width]`; −inf is impossible.
            excluded: assignments that do not count, each int64 `[cells]`.
            start: an assignment, int64 `[cells]`; where it satisfies all relations, nothing worse is returned.
            seconds: wall-clock time of the exact solver; None: `limits.seconds`; 0: only the searches whose work is
                counted, the best of which is not proven in general.

        Raises:
            InvalidConstraint: scores are NaN or +inf, or of the wrong shape.
            Unsatisfiable: there is no such assignment.
            TimeLimit: none was found in time.
        """
        begin = time.perf_counter()
        seconds = self._seconds(seconds)
        by_bit, mask = self._by_bit(scores)
        ruled_out = np.array([self._space.bits_of(a) for a in excluded], np.int64).reshape(
            len(excluded), len(self.cells)
        )
        first = None if start is None else self._space.bits_of(start)
        answer = self._optimum.find(by_bit, mask, ruled_out, first, seconds)
        found, proven = answer.bits, answer.finished
        if found is None and proven:
            raise no_assignment()
        if found is None:
            raise TimeLimit(
                f"no assignment was found in {seconds:g} seconds",
                rule="seconds",
                value=seconds,
                remedy="allow more with limits=cg.Limits(max_seconds=…)",
            )
        assignment = self._space.places_of(found)
        score = self._score(scores, assignment)
        bound = max(answer.bound, score)
        return Solved(assignment, score, proven, bound, time.perf_counter() - begin)

    def k_best(self, scores: Floats, *, clock: SearchTime | None = None) -> Iterator[Solved]:
        """Yield all assignments, best first, none twice; each is searched for when it is asked for.

        Args:
            scores: as `best`.
            clock: what the searches may take together; None: `limits.seconds` for each of them.

        Raises:
            InvalidConstraint: as `best`.
            TimeLimit: as `best`, for any one of them.
        """
        if self._all.few is not None:
            yield from self._sorted(self._all.few, scores)
            return
        found: list[Ints] = []
        while True:
            try:
                solved = self.best(scores, excluded=found, seconds=None if clock is None else clock.left)
            except Unsatisfiable:
                return
            found.append(solved.assignment)
            yield solved

    def _sorted(self, solutions: Ints, scores: Floats) -> Iterator[Solved]:
        """Yield the solutions with a finite score, best first; equal ones in the order in which they were found."""
        begin = time.perf_counter()
        self._by_bit(scores)
        sums = scores[np.arange(len(self.cells)), solutions].sum(axis=1)
        for place in np.argsort(-sums, kind="stable").tolist():
            if sums[place] == -math.inf:
                return
            score = self._score(scores, solutions[place])
            yield Solved(solutions[place].copy(), score, True, score, time.perf_counter() - begin)
            begin = time.perf_counter()

    def greedy(self, scores: Floats) -> Ints | None:
        """Choose greedily with propagation: the surest cell first, that is the one whose best value leads by most.

        It is fixed and propagated; a value that leaves some cell nothing is dropped instead. Returns the
        assignment, int64 `[cells]`; None at a dead end (earlier choices are not taken back).
        """
        by_bit, mask = self._by_bit(scores)
        domain = from_mask(self._program, mask, self._space.words)
        alive, bits = greedy_solution(self._program, self._active, domain, by_bit)
        return self._space.places_of(bits) if alive else None

    # -- all solutions -----------------------------------------------------------------------------------

    def solutions(self, most: int, *, seconds: float | None = None) -> Ints | None:
        """Return all assignments that satisfy the relations (checks apart), int64 `[count, cells]`.

        None if there are more than `most`, or the search needs more than `limits.max_nodes` nodes or
        `limits.enumeration_seconds` (or `seconds`, if that is less).
        """
        return self._all.solutions(most, seconds)

    def sample(
        self,
        scores: Floats,
        seed: int,
        *,
        most: int = 10_000,
        start: Ints | None = None,
        seconds: float | None = None,
    ) -> tuple[Ints, bool]:
        """Return an assignment drawn with probability ∝ exp(sum of scores), int64 `[cells]`, and whether exactly so.

        Exact where `solutions(most)` finds them all, and where the relations connect few cells at a time
        (`answers.elimination`). Otherwise a good assignment under scores perturbed by a Gumbel
        variable for each value of each cell, which is approximate (G. Papandreou and A. L. Yuille,
        "Perturb-and-MAP random fields", ICCV 2011); it is found by branch and bound and by local search whose work
        is counted, and by the exact solver only where they find none.

        Args:
            scores, seed: as `best`; the seed of the random numbers.
            most: solutions that are listed.
            start: an assignment, int64 `[cells]`, which local search may begin from.
            seconds: wall-clock time; None: `limits.seconds`; 0: the greedy choice, or `start`, if there is one.

        Raises:
            InvalidConstraint, Unsatisfiable, TimeLimit: as `best`.
        """
        rng = np.random.default_rng(seed)
        clock = SearchTime(self._seconds(seconds))
        with clock.running():
            tree = self._tree
            if tree is not None:
                drawn = tree.sample(self._by_bit(scores)[0], rng)
                if drawn is None:
                    raise no_assignment()
                return self._space.places_of(drawn), True
            weighed = self._weighed(scores, most, clock.left)
            if weighed is None:
                perturbed = scores + rng.gumbel(size=scores.shape)
                if clock.seconds <= 0 and (greedy := self.greedy(perturbed)) is not None:
                    return greedy, False
                if clock.seconds <= 0 and start is not None:
                    return start, False
                try:
                    return self.best(perturbed, start=start, seconds=0).assignment, False
                except TimeLimit:
                    return self.best(perturbed, seconds=clock.left).assignment, False
        found, logs = weighed
        if not len(found):
            raise no_assignment()
        weights = np.exp(logs - logs.max())
        return found[rng.choice(len(found), p=weights / weights.sum())].copy(), True

    def log_partition(
        self, scores: Floats, most: int = 10_000, *, seconds: float | None = None
    ) -> float | None:
        """log Σ exp(sum of scores) over all assignments; −inf if there is none.

        None where there are too many to list, and the relations connect too many cells at a time for elimination.

        Raises:
            InvalidConstraint: as `best`.
        """
        if self._tree is not None:
            return self._tree.log_partition(self._by_bit(scores)[0])
        weighed = self._weighed(scores, most, seconds)
        if weighed is None:
            return None
        _, logs = weighed
        if not len(logs):
            return -math.inf
        return float(logs.max() + np.log(np.exp(logs - logs.max()).sum()))

    # -- explanations ------------------------------------------------------------------------------------

    def conflict(self, fixed: Mapping[Cell, Value] | None = None) -> Conflict | None:
        """Relations and fixed cells that contradict each other, none to spare; None if there is a solution.

        A cell whose domain is one value counts as fixed to it.

        Args:
            fixed: cells with the values they are to have.

        Raises:
            InvalidConstraint: a cell is unknown, or cannot have its value.
            TimeLimit: whether there is a solution could not be decided in `limits.conflict_seconds`.
        """
        for cell, value in (fixed or {}).items():
            if cell not in self._space.number:
                raise not_fixed(f"the cell {cell} is not in the problem", cell)
            if self._space.index(self._space.number[cell], value) < 0:
                raise not_fixed(f"the cell {cell} cannot be {show_value(value)}", value)
        return explain(self._space, self.relations, fixed or {}, self.limits)

    def check(self, assignment: Ints) -> list[Relation]:
        """Return the relations, checks included, that do not hold for an assignment, int64 `[cells]`."""
        at = {cell: self.values[n][int(assignment[n])] for n, cell in enumerate(self.cells)}
        return [r for r in (*self.relations, *self.checks) if not r.holds([at[cell] for cell in r.cells])]

    # -- inside ------------------------------------------------------------------------------------------

    def _why(self) -> str:
        try:
            return str(explain(self._space, self.relations, {}, self.limits))
        except (TimeLimit, MissingPackage):
            return "; ".join(relation.describe() for relation in self.relations[:10])

    def _require_cells(self, relation: Relation) -> None:
        for cell in relation.cells:
            if cell not in self._space.number:
                raise InvalidConstraint(
                    f"the relation “{relation.describe()}” names the cell {cell}, which has no domain",
                    rule="relations",
                    value=cell,
                    remedy="give the cell a domain or leave it out",
                )

    def _seconds(self, given: float | None) -> float:
        """The seconds of a search: as given, if the request has as many left."""
        most = SearchTime(self.limits.seconds).seconds if given is None else given
        return min(most, max(seconds_left(), 0.0))

    def _by_bit(self, scores: Floats) -> tuple[Floats, Mask]:
        """Scores by bit, and the values of the root that are not impossible."""
        check_shape(scores, self.root.shape, "scores")
        own = scores[self._space.bit >= 0]
        if np.isnan(own).any() or (own == np.inf).any():
            raise InvalidConstraint("scores are NaN or +inf", rule="scores", remedy="give log-probabilities")
        by_bit = np.full((len(self.cells), 64 * self._space.words), -np.inf)
        rows, places = np.nonzero(self._space.bit >= 0)
        by_bit[rows, self._space.bit[rows, places]] = own
        return by_bit, self.root & (scores > -np.inf)

    @property
    def _tree(self) -> Elimination | None:
        """The elimination of the problem, where solutions are not few and its buckets are small."""
        return self._optimum.elimination if self._all.few is None else None

    def _score(self, scores: Floats, assignment: Ints) -> float:
        return float(scores[np.arange(len(self.cells)), assignment].sum())

    def _weighed(self, scores: Floats, most: int, seconds: float | None) -> tuple[Ints, Floats] | None:
        """Return the assignments that are possible, with their sums of scores; None if there are too many."""
        _, mask = self._by_bit(scores)
        every = bool((mask == self.root).all())
        found = self._all.solutions(most, seconds) if every else self._all.within(mask, most, seconds)
        if found is None:
            return None
        return found, scores[np.arange(len(self.cells)), found].sum(axis=1)
