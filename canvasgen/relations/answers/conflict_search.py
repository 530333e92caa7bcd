"""The search for a minimal conflict: which relations and fixed cells contradict each other."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from canvasgen.errors import ConstraintTooLarge, TimeLimit
from canvasgen.limits import seconds_left
from canvasgen.relations.answers.conflict import Conflict, minimal
from canvasgen.relations.answers.optimal import Optimiser
from canvasgen.relations.cell_values import Cell, Key, Value, key
from canvasgen.relations.kernels.propagation_kernel import from_mask
from canvasgen.relations.kernels.search_kernel import COMPLETE, all_solutions
from canvasgen.relations.kinds.relation import Relation
from canvasgen.relations.kinds.sums import summed_cells
from canvasgen.relations.programs.primitives import Primitive
from canvasgen.relations.programs.program import assemble
from canvasgen.relations.programs.space import Space
from canvasgen.relations.relation_limits import DEFAULT_LIMITS, RelationLimits

__all__ = ["explain"]

_NODES = 5_000  # of one depth-first search; then CP-SAT decides


def explain(
    space: Space, relations: Sequence[Relation], fixed: Mapping[Cell, Value], limits: RelationLimits
) -> Conflict | None:
    """Return a minimal conflict of a problem with some cells fixed; None if it has a solution.

    A cell whose domain is one value counts as fixed to it: without that it could be any value of its type that
    is in its universe.

    Raises:
        TimeLimit: whether there is a solution could not be decided in `limits.conflict_seconds`.
    """
    domains = dict(zip(space.cells, space.values, strict=True))
    given = {cell: values[0] for cell, values in domains.items() if len(values) == 1}
    try:
        widened = Space(_widened(space, given), limits, summed_cells(relations))
        search = _Search(widened, relations, {**given, **fixed}, limits)
    except ConstraintTooLarge:
        search = _Search(space, relations, fixed, limits)
    return search.run()


def _widened(space: Space, given: Mapping[Cell, Value]) -> dict[Cell, Sequence[Value]]:
    families: dict[tuple[int, type[object]], dict[Key, Value]] = {}
    for values, universe in zip(space.values, space.universe, strict=True):
        for value in values:
            known = key(value)
            families.setdefault((universe, known[0]), {})[known] = value
    domains: dict[Cell, Sequence[Value]] = {}
    for cell, values, universe in zip(space.cells, space.values, space.universe, strict=True):
        domains[cell] = list(families[universe, type(values[0])].values()) if cell in given else values
    return domains


@cache
def _load_kernels() -> None:
    """Run the search once, so that numba's own compilation is not counted in `conflict_seconds`."""
    space = Space({"cell": [0]}, DEFAULT_LIMITS)
    program = assemble(space, [], DEFAULT_LIMITS)
    all_solutions(program, np.zeros(0, np.bool_), from_mask(program, space.bit >= 0, space.words), 1, 1)


class _Search:
    """The deletion filter over relations (their numbers) and fixed cells (the cells' numbers)."""

    def __init__(
        self,
        space: Space,
        relations: Sequence[Relation],
        fixed: Mapping[Cell, Value],
        limits: RelationLimits,
    ) -> None:
        self._space, self._relations, self._limits = space, relations, limits
        self._fixed = {space.number[cell]: value for cell, value in fixed.items()}
        self._primitives: list[Primitive] = []
        owners: list[int] = []
        for n, relation in enumerate(relations):
            lowered = relation.lower(space)
            self._primitives += lowered
            owners += [n] * len(lowered)
        self._owners = np.array(owners, np.int64)
        self._program = assemble(space, self._primitives, limits)
        _load_kernels()
        self._end = time.monotonic() + min(limits.conflict_seconds, max(seconds_left(), 0.0))

    def run(self) -> Conflict | None:
        items = [(True, n) for n in range(len(self._relations))] + [(False, n) for n in self._fixed]
        answer = self._solvable(items)
        if answer:
            return None
        seconds = self._limits.conflict_seconds
        if answer is None:
            raise TimeLimit(
                f"whether there is a solution is not decided after {seconds:g} seconds",
                rule="conflict_seconds",
                value=seconds,
                remedy="raise RelationLimits.conflict_seconds",
            )
        kept, sure = minimal(items, self._solvable, self._end - time.monotonic())
        return Conflict(
            relations=tuple(self._relations[n] for is_relation, n in kept if is_relation),
            fixed={self._space.cells[n]: self._fixed[n] for is_relation, n in kept if not is_relation},
            minimal=sure,
        )

    def _solvable(self, kept: list[tuple[bool, int]]) -> bool | None:
        """Return whether what is kept has a solution; None if it is not decided in time."""
        space = self._space
        mask = space.bit >= 0
        chosen = np.zeros(len(self._relations), np.bool_)
        for is_relation, n in kept:
            if is_relation:
                chosen[n] = True
            else:
                mask[n] = False
                mask[n, space.index(n, self._fixed[n])] = True
        active = chosen[self._owners]
        domain = from_mask(self._program, mask, space.words)
        status, found = all_solutions(self._program, active, domain, 1, min(_NODES, self._limits.max_nodes))
        if len(found):
            return True
        if status == COMPLETE:
            return False
        left = self._end - time.monotonic()
        if left <= 0:
            return None
        sets = [bits[own].tolist() for bits, own in zip(space.bit, mask, strict=True)]
        primitives = [p for p, on in zip(self._primitives, active, strict=True) if on]
        optimiser = Optimiser(sets, primitives, self._program.numbers, space.start)
        flat = np.zeros((len(space.cells), 64 * space.words))
        answer = optimiser.solve(flat, np.zeros((0, len(space.cells)), np.int64), None, left)
        return True if answer.bits is not None else False if answer.finished else None
