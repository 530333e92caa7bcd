"""Sums of cells of numbers, and cells in increasing or decreasing order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, lcm
from typing import cast

from canvasgen.checks import is_mapping, is_sequence
from canvasgen.errors import InvalidConstraint
from canvasgen.relations.cell_values import Cell, Number, Value, exact, is_number, show_cells
from canvasgen.relations.kinds.relation import (
    COMPARISONS,
    Relation,
    cell_of,
    cells_of,
    comparison,
    integer,
    listed,
    name_of,
    refuse,
)
from canvasgen.relations.programs.primitives import Cardinality, NotSum, Primitive, Sum
from canvasgen.relations.programs.space import Space, check_range

__all__ = ["Linear", "Ordered", "linear", "ordered", "summed_cells", "total"]


@dataclass(frozen=True, kw_only=True)
class Linear(Relation):
    """Σ factor · cell, compared with a total. Numbers are exact: a float is the decimal that it is written as.

    Attributes:
        factors: of the cells, none of them 0.
        op: the comparison.
        total: what the sum is compared with.
        other: the cell, with factor -1, that the sum of the rest is compared with, for the sentence; None: there is none.
    """

    factors: tuple[Number, ...]
    op: str
    total: Number
    other: Cell | None = None

    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether all values are numbers and their sum compares."""
        numbers = [value for value in values if is_number(value)]
        if len(numbers) < len(values):
            return False
        terms = (exact(f) * exact(v) for f, v in zip(self.factors, numbers, strict=True))
        return COMPARISONS[self.op](sum(terms), exact(self.total))

    def sentence(self) -> str:
        """Return the relation in words."""
        pairs = [(f, c) for f, c in zip(self.factors, self.cells, strict=True) if c != self.other]
        right = self.total if self.other is None else self.other
        if all(factor == 1 for factor, _ in pairs):
            return f"the sum of {show_cells([cell for _, cell in pairs])} {self.op} {right}"
        terms = " + ".join(f"{factor}·{cell}" for factor, cell in pairs)
        return f"{terms} {self.op} {right}".replace("+ -", "- ")

    def lower(self, space: Space) -> list[Primitive]:
        """Return a sum between bounds, or one that is not a total, over the scaled numbers of the cells."""
        whole = lcm(*(exact(factor).denominator for factor in self.factors))
        factors = tuple(int(exact(factor) * whole) for factor in self.factors)
        wanted = exact(self.total) * whole * space.scale
        reach = abs(ceil(wanted)) + 1
        for factor, cell in zip(factors, self.cells, strict=True):
            reach += abs(factor) * max(map(abs, space.require_numbers(cell, self.describe())))
        check_range(reach, self.describe())
        cells = tuple(space.number[cell] for cell in self.cells)
        if self.op == "!=":
            return [NotSum(cells, factors, int(wanted))] if wanted.denominator == 1 else []
        low = {"==": ceil(wanted), ">=": ceil(wanted), ">": floor(wanted) + 1}.get(self.op, -reach)
        high = {"==": floor(wanted), "<=": floor(wanted), "<": ceil(wanted) - 1}.get(self.op, reach)
        if low > high:  # a total between two sums
            return [Cardinality(((cells[0], 0),), 1, 1)]
        return [Sum(cells, factors, low, high)]


def summed_cells(relations: Iterable[Relation]) -> frozenset[Cell]:
    """Return the cells that sums are about."""
    return frozenset(
        cell for relation in relations if isinstance(relation, Linear) for cell in relation.cells
    )


@dataclass(frozen=True, kw_only=True)
class Ordered(Relation):
    """Each cell compares with the next: numbers with numbers, strings with strings (by code points)."""

    op: str

    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether the values are of one kind and each compares with the next."""
        return all(self.holds_between(a, b) for a, b in pairwise(values))

    def holds_between(self, one: Value, other: Value) -> bool:
        """Return whether two neighbours are of one kind and compare."""
        kind = _kind(one)
        return kind is not None and kind == _kind(other) and COMPARISONS[self.op](one, other)

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
    terms: Mapping[Cell, Number] | Iterable[tuple[Cell, Number]],
    op: str,
    total: Number | Cell,
    *,
    name: str | None = None,
) -> Relation:
    """Require Σ factor · cell `op` total, over cells of numbers; factors of one cell add up.

    Args:
        terms: the cells with their factors, ints, floats or Decimals.
        op: one of == != <= >= < >.
        total: what the sum is compared with: a number, or another cell.
        name: what `describe` says.

    Raises:
        InvalidConstraint: no terms with a factor other than 0, or something is not a number.
    """
    return _linear(terms, op, total, name, "linear")


def total(cells: Iterable[Cell], op: str, total: Number | Cell, *, name: str | None = None) -> Relation:
    """Require that the sum of the cells compares with a total: a number, or another cell (a row of totals).

    Raises:
        InvalidConstraint: the cells are no list, the operator is unknown, or the total is neither.
    """
    return _linear([(cell, 1) for cell in cells_of(cells, "total")], op, total, name, "total")


def _linear(terms: object, op: str, total: object, name: str | None, rule: str) -> Relation:
    pairs = tuple(terms.items()) if is_mapping(terms) else listed(terms, rule, "pairs (cell, factor)")
    factors: dict[Cell, Fraction] = {}
    for pair in pairs:
        if not is_sequence(pair) or len(pair) != 2:
            refuse(f"{rule} takes pairs (cell, factor)", rule, cast("object", pair))
        cell, factor = cast("tuple[Cell, Number]", pair)
        cell = cell_of(cell, rule)
        factors[cell] = factors.get(cell, Fraction(0)) + exact(_number(factor, rule, f"the factor of {cell}"))
    other: Cell | None = None
    if not isinstance(total, (bool, int, float, Decimal)) and total is not None:
        other = cell_of(cast("Cell", total), rule)
        factors[other] = factors.get(other, Fraction(0)) - 1
        other = other if factors[other] == -1 else None
        total = 0
    factors = {cell: factor for cell, factor in factors.items() if factor != 0}
    if not factors:
        refuse(f"{rule} needs at least one cell with a factor other than 0", rule, pairs)
    return Linear(
        cells=tuple(factors),
        factors=tuple(map(_plain, factors.values())),
        op=comparison(op, rule),
        total=_number(total, rule, "the total"),
        other=other,
        name=name_of(name, rule),
    )


def _number(given: object, rule: str, what: str) -> Number:
    """Return a finite number: an int, or a float for any other.

    Raises:
        InvalidConstraint: it is none.
    """
    if isinstance(given, Decimal) and given.is_finite():
        return _plain(Fraction(given))
    if is_number(given):
        return given
    try:
        return integer(given, rule, what)  # numpy's
    except InvalidConstraint as error:
        error.message = f"{what} of {rule} is a number"
        error.remedy = "give an int, a float or a Decimal" + (", or a cell" if what == "the total" else "")
        raise


def _plain(number: Fraction) -> Number:
    return number.numerator if number.denominator == 1 else float(number)


def ordered(cells: Iterable[Cell], op: str, *, name: str | None = None) -> Relation:
    """Require a chain: first `op` second `op` third …; `op` is one of < <= > >=."""
    return Ordered(
        cells=cells_of(cells, "ordered", 2),
        op=comparison(op, "ordered", ("<", "<=", ">", ">=")),
        name=name_of(name, "ordered"),
    )
