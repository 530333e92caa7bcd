"""Sums of integer cells, and cells in increasing or decreasing order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from canvasgen.errors import InvalidConstraint
from canvasgen.relations.cell_values import Cell, Value, show_cells
from canvasgen.relations.kinds.relation import COMPARISONS, Relation, cells_of, comparison, integer, refuse
from canvasgen.relations.programs.primitives import NotSum, Primitive, Sum
from canvasgen.relations.programs.space import Space, check_range

__all__ = ["Linear", "Ordered", "linear", "ordered", "total"]


@dataclass(frozen=True, kw_only=True)
class Linear(Relation):
    """Σ factor · cell, compared with a total.

    Attributes:
        factors: of the cells, none of them 0.
        op: the comparison.
        total: what the sum is compared with.
    """

    factors: tuple[int, ...]
    op: str
    total: int

    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether all values are integers and their sum compares."""
        integers = [value for value in values if type(value) is int]
        if len(integers) < len(values):
            return False
        return COMPARISONS[self.op](
            sum(f * v for f, v in zip(self.factors, integers, strict=True)), self.total
        )

    def sentence(self) -> str:
        """Return the relation in words."""
        if set(self.factors) == {1}:
            return f"the sum of {show_cells(self.cells)} {self.op} {self.total}"
        terms = " + ".join(f"{f}·{cell}" for f, cell in zip(self.factors, self.cells, strict=True))
        return f"{terms} {self.op} {self.total}".replace("+ -", "- ")

    def lower(self, space: Space) -> list[Primitive]:
        """Return a sum between bounds, or one that is not a total."""
        reach = abs(self.total)
        for factor, cell in zip(self.factors, self.cells, strict=True):
            values = space.require_integers(cell, self.describe())
            reach += abs(factor) * max(abs(value) for value in values)
        check_range(reach, self.describe())
        cells = tuple(space.number[cell] for cell in self.cells)
        if self.op == "!=":
            return [NotSum(cells, self.factors, self.total)]
        low = {"==": self.total, ">=": self.total, ">": self.total + 1}.get(self.op, -reach)
        high = {"==": self.total, "<=": self.total, "<": self.total - 1}.get(self.op, reach)
        return [Sum(cells, self.factors, low, high)]


@dataclass(frozen=True, kw_only=True)
class Ordered(Relation):
    """Each cell compares with the next: numbers with numbers, strings with strings (by code points)."""

    op: str

    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether the values are of one kind and each compares with the next."""
        if len({_kind(value) for value in values}) > 1 or _kind(values[0]) is None:
            return False
        return all(COMPARISONS[self.op](a, b) for a, b in pairwise(values))

    def sentence(self) -> str:
        """Return the relation in words."""
        return f" {self.op} ".join(str(cell) for cell in self.cells)

    def lower(self, space: Space) -> list[Primitive]:
        """Differences of the places that the values have in the order of all values."""
        kinds: set[str | None] = set()
        for cell in self.cells:
            for value in space.values[space.number[cell]]:
                kinds.add(_kind(value))
                if len(kinds) > 1 or None in kinds:
                    raise InvalidConstraint(
                        f"{self.describe()} compares numbers or strings, and the cell {cell} may be {value!r}",
                        rule="ordered",
                        value=value,
                        remedy="give its cells numbers only, or strings only",
                    )
        cells = [space.number[cell] for cell in self.cells]
        if self.op in (">", ">="):
            cells.reverse()
        gap, reach = (1 if self.op in ("<", ">") else 0), 2 * len(space.ranks)
        return [Sum((b, a), (1, -1), gap, reach, ranks=True) for a, b in pairwise(cells)]


def _kind(value: Value) -> str | None:
    """Return what a value compares with: numbers with numbers, strings with strings, nothing else."""
    if isinstance(value, bool) or value is None:
        return None
    return "string" if isinstance(value, str) else "number"


def linear(
    terms: Mapping[Cell, int] | Iterable[tuple[Cell, int]], op: str, total: int, *, name: str | None = None
) -> Relation:
    """Require Σ factor · cell `op` total, over integer cells; factors of one cell add up.

    Args:
        terms: the cells with their factors.
        op: one of == != <= >= < >.
        total: what the sum is compared with.
        name: what `describe` says.

    Raises:
        InvalidConstraint: no terms with a factor other than 0, or something is not an integer.
    """
    pairs = list(cast("Mapping[Cell, int]", terms).items() if isinstance(terms, Mapping) else terms)
    factors: dict[Cell, int] = {}
    for cell, factor in pairs:
        factors[cell] = factors.get(cell, 0) + integer(factor, "linear", f"the factor of {cell}")
    factors = {cell: factor for cell, factor in factors.items() if factor != 0}
    if not factors:
        refuse("linear needs at least one cell with a factor other than 0", "linear", pairs)
    return Linear(
        cells=tuple(factors),
        factors=tuple(factors.values()),
        op=comparison(op, "linear"),
        total=integer(total, "linear", "the total"),
        name=name,
    )


def total(cells: Iterable[Cell], op: str, total: int, *, name: str | None = None) -> Relation:
    """Require that the sum of the cells compares with a total."""
    return linear([(cell, 1) for cell in cells_of(cells, "total")], op, total, name=name)


def ordered(cells: Iterable[Cell], op: str, *, name: str | None = None) -> Relation:
    """Require a chain: first `op` second `op` third …; `op` is one of < <= > >=."""
    return Ordered(
        cells=cells_of(cells, "ordered", 2), op=comparison(op, "ordered", ("<", "<=", ">", ">=")), name=name
    )
