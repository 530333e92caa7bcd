"""Budgets of a problem over cells."""

from __future__ import annotations

from dataclasses import dataclass

from canvasgen.errors import ConstraintTooLarge

__all__ = ["DEFAULT_LIMITS", "RelationLimits"]


@dataclass(frozen=True)
class RelationLimits:
    """How large a problem may be, and how long its searches may take.

    Attributes:
        max_cells: cells of a problem.
        max_values: values of one cell.
        max_cell_values: values of all cells together.
        max_bits: cells, times the values (rounded up to a multiple of 64) of the largest universe, which is a set
            of values that overlapping domains make comparable.
        max_entries: cells, literals and entries of tuples of all relations together, once they are reduced to
            the primitives of `canvasgen.relations.programs.primitives`.
        max_nodes: nodes of the depth-first searches (`solutions`, and `best` before it asks CP-SAT). They are
            counted first, so that on all but the slowest machines what a search returns does not depend on the machine.
        enumeration_seconds: wall-clock seconds of one search for all solutions.
        seconds: wall-clock seconds of one exact optimisation; for a table, of all searches of one answer, and of the
            search for a first solution when the table is made. None: what the request has left (`cg.Limits.max_seconds`),
            but for a fifth. Either way what a search takes is charged to the request.
        conflict_seconds: wall-clock seconds of the search for a minimal conflict.
    """

    max_cells: int = 10_000
    max_values: int = 2_000
    max_cell_values: int = 200_000
    max_bits: int = 10_000_000
    max_entries: int = 5_000_000
    max_nodes: int = 50_000
    enumeration_seconds: float = 2.0
    seconds: float | None = None
    conflict_seconds: float = 5.0

    def check(self, rule: str, count: int, what: str) -> None:
        """Raise ConstraintTooLarge if `count` exceeds the field `rule`; `what` says what was counted."""
        allowed = getattr(self, rule)
        if count > allowed:
            raise ConstraintTooLarge(
                f"{what}: {count}; {allowed} are allowed",
                rule=rule,
                value=count,
                remedy=f"split the problem or raise RelationLimits.{rule}",
            )


DEFAULT_LIMITS = RelationLimits()
