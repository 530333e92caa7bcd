"""Primitives as a CP-SAT model over one boolean for each cell and bit."""

# The stubs of ortools leave much untyped:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canvasgen.extras import needed
from canvasgen.relations.programs.primitives import (
    Cardinality,
    Different,
    Element,
    Equal,
    NotCount,
    NotSum,
    Primitive,
    Sum,
    Table,
)

__all__ = ["Encoding"]


class Encoding:
    """A model whose solutions are those of the primitives.

    Attributes:
        model: the `CpModel`, without an objective.
        literals: by cell and bit, the boolean "the cell has the bit"; the constant 1 where no other is left.
    """

    def __init__(
        self,
        sets: Sequence[Iterable[int]],
        primitives: Sequence[Primitive],
        numbers: NDArray[np.int64],
        start: NDArray[np.int64],
    ) -> None:
        cp_model = needed("ortools.sat.python.cp_model", "the best of many assignments of a table")
        self.model = cp_model.CpModel()
        self._expression = cp_model.LinearExpr
        self._domain = cp_model.Domain
        self.literals: list[dict[int, Any]] = []
        self._integers: dict[int, Any] = {}
        self._numbers, self._start = numbers, start
        true = self.model.new_constant(1)
        for bits in sets:
            own = sorted(bits)
            if len(own) == 1:
                self.literals.append({own[0]: true})
                continue
            literals = {bit: self.model.new_bool_var("") for bit in own}
            self.model.add_exactly_one(literals.values())
            self.literals.append(literals)
        for primitive in primitives:
            self._add(primitive)

    def _add(self, p: Primitive) -> None:
        if isinstance(p, Different):
            self._different(p)
        elif isinstance(p, Equal):
            for a, b in zip(p.cells, p.cells[1:], strict=False):
                self._alike(a, b, [])
        elif isinstance(p, Sum):
            self.model.add_linear_constraint(self._sum(p), p.low, p.high)
        elif isinstance(p, NotSum):
            self._not(self._sum(p), p.total)
        elif isinstance(p, Cardinality):
            self._cardinality(p)
        elif isinstance(p, NotCount):
            self._not(self._expression.sum(self._chosen(p)), p.count)
        elif isinstance(p, Table):
            self._table(p)
        else:
            self._element(p)

    def _different(self, p: Different) -> None:
        holders: dict[int, list[Any]] = {}
        for cell in p.cells:
            for bit, literal in self.literals[cell].items():
                holders.setdefault(bit, []).append(literal)
        permutation = len(holders) == len(p.cells)
        for literals in holders.values():
            if permutation:
                self.model.add_exactly_one(literals)
            elif len(literals) > 1:
                self.model.add_at_most_one(literals)

    def _alike(self, a: int, b: int, when: list[Any]) -> None:
        """Add that the cells have the same bit where all of `when` hold."""
        for one, other in ((a, b), (b, a)):
            for bit, literal in self.literals[one].items():
                twin = self.literals[other].get(bit)
                self.model.add_bool_or([*(~w for w in when), ~literal, *([] if twin is None else [twin])])

    def _sum(self, p: Sum | NotSum) -> Any:
        row = 1 if isinstance(p, Sum) and p.ranks else 0
        terms: list[Any] = []
        weights: list[int] = []
        for cell, factor in zip(p.cells, p.factors, strict=True):
            if row == 0 and len(self.literals[cell]) > 2:
                terms.append(self._integer(cell))
                weights.append(factor)
                continue
            for bit, literal in self.literals[cell].items():
                terms.append(literal)
                weights.append(factor * self._number(row, cell, bit))
        return self._expression.weighted_sum(terms, weights)

    def _integer(self, cell: int) -> Any:
        """The cell's number as a variable: sums over integers are searched much faster than sums over booleans."""
        if cell not in self._integers:
            numbers = {bit: self._number(0, cell, bit) for bit in self.literals[cell]}
            integer = self.model.new_int_var_from_domain(self._domain.from_values(list(numbers.values())), "")
            for bit, literal in self.literals[cell].items():
                self.model.add(integer == numbers[bit]).only_enforce_if(literal)
            self._integers[cell] = integer
        return self._integers[cell]

    def _number(self, row: int, cell: int, bit: int) -> int:
        return int(self._numbers[row, self._start[cell] + bit])

    def _not(self, expression: Any, total: int) -> None:
        above = self.model.new_bool_var("")
        self.model.add(expression >= total + 1).only_enforce_if(above)
        self.model.add(expression <= total - 1).only_enforce_if(~above)

    def _chosen(self, p: Cardinality | NotCount) -> list[Any]:
        return [x for cell, bits in p.literals for b, x in self.literals[cell].items() if bits >> b & 1]

    def _cardinality(self, p: Cardinality) -> None:
        chosen = self._chosen(p)
        if p.low == 1 and p.high >= len(p.literals):
            self.model.add_bool_or(chosen)
        elif p.low <= 0 and p.high == 1:
            self.model.add_at_most_one(chosen)
        elif p.low == p.high == 1:
            self.model.add_exactly_one(chosen)
        else:
            self.model.add_linear_constraint(self._expression.sum(chosen), p.low, p.high)

    def _table(self, p: Table) -> None:
        rows = [
            r
            for r in p.tuples.tolist()
            if all(b in self.literals[c] for c, b in zip(p.cells, r, strict=True))
        ]
        chosen = [self.model.new_bool_var("") for _ in rows] if len(p.cells) != 2 else []
        support: list[dict[int, list[Any]]] = [{} for _ in p.cells]
        for n, row in enumerate(rows):
            for i, bit in enumerate(row):
                # Of two cells the other's value stands for the row.
                what = chosen[n] if chosen else self.literals[p.cells[1 - i]][row[1 - i]]
                support[i].setdefault(bit, []).append(what)
                if chosen:
                    self.model.add_implication(chosen[n], self.literals[p.cells[i]][bit])
        if chosen or not rows:
            self.model.add_exactly_one(chosen)
        for i, cell in enumerate(p.cells):
            for bit, literal in self.literals[cell].items():
                self.model.add_bool_or([~literal, *support[i].get(bit, [])])

    def _element(self, p: Element) -> None:
        for bit, item in p.choices:
            if bit in self.literals[p.index]:
                self._alike(item, p.value, [self.literals[p.index][bit]])
