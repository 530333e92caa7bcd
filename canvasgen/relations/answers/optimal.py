"""The exact optimum by CP-SAT: a boolean for each value of each cell."""

# The stubs of ortools leave much untyped:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canvasgen.extras import needed
from canvasgen.relations.programs.encoding import Encoding
from canvasgen.relations.programs.primitives import NotCount, NotSum, Primitive, Sum, Table

__all__ = ["Answer", "Optimiser"]

_FINEST = 2.0**-20  # nats; what one unit of the integer objective stands for, at best
_LARGEST_SUM = 2.0**50
_LARGEST_LOSS = 1e290  # so that sums stay finite


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
    where the sum of the cells' ranges exceeds 2^30, of that sum / 2^50. Nothing is clamped: values that lose more
    than all that is lost by an assignment already known are left out, and where the unit was coarse the search
    is repeated with what it found. An optimum is exact up to one unit for each cell.
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
        """Return the best assignment.

        Args:
            scores: by cell and bit, float64 `[n, bits]`; −inf is impossible.
            excluded: assignments that do not count, int64 `[k, n]` of bits.
            hint: a solution that counts, to start from; or None.
            seconds: wall-clock time.
        """
        end = time.monotonic() + seconds
        losses: list[dict[int, float]] = []
        best = 0.0
        for row, own in zip(scores.tolist(), self.encoding.literals, strict=True):
            top = max(row[bit] for bit in own)
            if top == -math.inf:
                return Answer(None, True, -math.inf)
            losses.append({bit: min(top - row[bit], _LARGEST_LOSS) for bit in own if row[bit] > -math.inf})
            best += top
        known, coarsest, finished, bound = hint, math.inf, False, math.inf
        while True:
            if known is not None:
                most = sum(own[int(bit)] for own, bit in zip(losses, known, strict=True))
                most += 1e-9 * (1 + most)
                losses = [{bit: loss for bit, loss in own.items() if loss <= most} for own in losses]
            unit = max(_FINEST, sum(max(own.values()) for own in losses) / _LARGEST_SUM)
            if unit > coarsest / 2:
                return Answer(known, finished, bound)
            status, found, lost = self._search(
                losses, excluded, known, unit, max(end - time.monotonic(), 0.001)
            )
            known, finished = (known if found is None else found), status != "stopped"
            bound = -math.inf if status == "infeasible" else best - unit * (lost - len(losses))
            if unit == _FINEST or not finished or known is None:
                return Answer(known, finished, bound)
            coarsest = unit

    def _search(
        self,
        losses: list[dict[int, float]],
        excluded: NDArray[np.int64],
        hint: NDArray[np.int64] | None,
        unit: float,
        seconds: float,
    ) -> tuple[str, NDArray[np.int64] | None, float]:
        """ "optimal", "infeasible" or "stopped"; what was found; a lower bound of the loss in units."""
        cp_model = needed("ortools.sat.python.cp_model", "the best of many assignments of a table")
        model = self.encoding.model.clone()
        variables: list[Any] = []
        weights: list[int] = []
        impossible: list[Any] = []
        for cell, (own, literals) in enumerate(zip(losses, self.encoding.literals, strict=True)):
            if len(literals) == 1:
                continue
            for bit, literal in literals.items():
                loss = own.get(bit)
                if loss is None:
                    impossible.append(literal)
                elif loss > 0:
                    variables.append(literal)
                    weights.append(round(loss / unit))
                if hint is not None:
                    model.add_hint(literal, bool(hint[cell] == bit))
        if impossible:
            model.add_bool_and([~literal for literal in impossible])
        for assignment in excluded.tolist():
            pairs = list(zip(self.encoding.literals, assignment, strict=True))
            if all(bit in literals for literals, bit in pairs):
                model.add_bool_or([~literals[bit] for literals, bit in pairs if len(literals) > 1])
        model.minimize(cp_model.LinearExpr.weighted_sum(variables, weights))
        solver = cp_model.CpSolver()
        solver.parameters.catch_sigint_signal = False  # Ctrl-C is Python's
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_time_in_seconds = seconds
        # The linear relaxation of cells and groups is what makes proofs short; propagation has been the presolve,
        # unless there are sums to reason about. Where any solution will do, relaxations only cost time.
        solver.parameters.linearization_level = 2 if variables else 0
        solver.parameters.symmetry_level = 0
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.cp_model_presolve = self._presolve
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:
            return "infeasible", None, math.inf
        lost = max(solver.best_objective_bound, 0.0)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return "stopped", None, lost
        bits = [
            next(bit for bit, literal in literals.items() if solver.boolean_value(literal))
            for literals in self.encoding.literals
        ]
        return "optimal" if status == cp_model.OPTIMAL else "stopped", np.array(bits, np.int64), lost
