"""The exact optimum by CP-SAT: a boolean for each value of each cell."""

# The stubs of ortools leave much untyped:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canvasgen.relations.encoding import Encoding
from canvasgen.relations.primitives import NotCount, NotSum, Primitive, Sum, Table

__all__ = ["Answer", "Optimiser"]

_FINEST = 2.0**-20  # nats; what one unit of the integer objective stands for, at best
_LARGEST_SUM = 2.0**50


@dataclass(frozen=True)
class Answer:
    """What CP-SAT found.

    Attributes:
        bits: the assignment, `[n]`; None if there is none, or none was found in time.
        finished: whether the search was complete.
        bound: no assignment has a greater score (up to the resolution of the objective, which is added).
    """

    bits: NDArray[np.int64] | None
    finished: bool
    bound: float


class Optimiser:
    """A model over the propagated domain, built once; each call gives it an objective.

    The scores become integers: each cell's are taken relative to its best and rounded to a unit of 2^-20, or,
    where the sum of the cells' ranges exceeds 2^30, of that sum / 2^50. So nothing is clamped: a range beyond
    all measure makes the unit coarser instead. An optimum is exact up to one unit for each cell.
    """

    def __init__(
        self,
        sets: Sequence[Iterable[int]],
        primitives: Sequence[Primitive],
        numbers: NDArray[np.int64],
        start: NDArray[np.int64],
    ) -> None:
        self.encoding = Encoding(sets, primitives, numbers, start)
        self._presolve = any(isinstance(p, Sum | NotSum | NotCount | Table) for p in primitives)

    def solve(
        self,
        scores: NDArray[np.float64],
        excluded: NDArray[np.int64],
        hint: NDArray[np.int64] | None,
        seconds: float,
    ) -> Answer:
        """The best assignment.

        Args:
            scores: by cell and bit, float64 `[n, bits]`; −inf is impossible.
            excluded: assignments that do not count, int64 `[k, n]` of bits.
            hint: an assignment to start from, or None.
            seconds: wall-clock time.
        """
        from ortools.sat.python import cp_model

        literals = self.encoding.literals
        tops = [max(scores[cell, bit] for bit in own) for cell, own in enumerate(literals)]
        if -math.inf in tops:
            return Answer(None, True, -math.inf)
        model = self.encoding.model.clone()
        opened = [(cell, own) for cell, own in enumerate(literals) if len(own) > 1]
        rows = [scores[cell].tolist() for cell, _ in opened]
        span = 0.0
        for (cell, own), row in zip(opened, rows, strict=True):
            span += tops[cell] - min(row[bit] for bit in own if row[bit] > -math.inf)
        unit = max(_FINEST, span / _LARGEST_SUM)
        variables: list[Any] = []
        weights: list[int] = []
        impossible: list[Any] = []
        for (cell, own), row in zip(opened, rows, strict=True):
            top = tops[cell]
            for bit, literal in own.items():
                score = row[bit]
                if score == -math.inf:
                    impossible.append(literal)
                elif score < top:
                    variables.append(literal)
                    weights.append(round((score - top) / unit))
                if hint is not None:
                    model.add_hint(literal, bool(hint[cell] == bit))
        if impossible:
            model.add_bool_and([~literal for literal in impossible])
        for assignment in excluded:
            same = [(own.get(int(bit)), len(own)) for own, bit in zip(literals, assignment, strict=True)]
            if all(literal is not None for literal, _ in same):
                model.add_bool_or([~literal for literal, count in same if literal is not None and count > 1])
        model.maximize(cp_model.LinearExpr.weighted_sum(variables, weights))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_time_in_seconds = seconds
        # The linear relaxation of cells and groups is what makes proofs short; propagation has been the presolve,
        # unless there are sums to reason about.
        solver.parameters.linearization_level = 2
        solver.parameters.symmetry_level = 0
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.cp_model_presolve = self._presolve
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:
            return Answer(None, True, -math.inf)
        bound = float(sum(tops)) + unit * (solver.best_objective_bound + len(opened))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Answer(None, False, bound)
        bits = [next(bit for bit, x in own.items() if solver.boolean_value(x)) for own in literals]
        return Answer(np.array(bits, np.int64), status == cp_model.OPTIMAL, bound)
