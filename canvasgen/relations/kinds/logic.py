"""Conditions on single cells: implications and counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from canvasgen.relations.cell_values import (
    Cell,
    Number,
    Value,
    exact,
    is_number,
    key,
    keys,
    show_cells,
    show_value,
    show_values,
)
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
from canvasgen.relations.programs.primitives import Cardinality, NotCount, Primitive, clause
from canvasgen.relations.programs.space import Space

__all__ = [
    "Condition",
    "Count",
    "Implication",
    "at_least",
    "at_most",
    "compares",
    "count",
    "exactly",
    "implies",
    "is_in",
]


@dataclass(frozen=True)
class Condition:
    """A cell's value is one of some values."""

    cell: Cell
    values: tuple[Value, ...]

    def holds(self, value: Value) -> bool:
        """Return whether `value` is one of them, type included."""
        return key(value) in keys(self.values)

    def describe(self) -> str:
        """In words."""
        if len(self.values) == 1:
            return f"{self.cell} is {show_value(self.values[0])}"
        return f"{self.cell} is one of {show_values(self.values)}"

    def bits(self, space: Space, n: int) -> int:
        """Return the values of a cell, by its number, for which it holds."""
        return space.bits(n, keys(self.values))


@dataclass(frozen=True)
class Comparison(Condition):
    """A cell's value is a number that compares with another one."""

    op: str

    def holds(self, value: Value) -> bool:
        """Return whether it is a number that compares."""
        number = self.values[0]
        return is_number(value) and is_number(number) and COMPARISONS[self.op](exact(value), exact(number))

    def describe(self) -> str:
        """In words."""
        return f"{self.cell} {self.op} {show_value(self.values[0])}"

    def bits(self, space: Space, n: int) -> int:
        """Return the values of a cell, by its number, for which it holds."""
        return space.bits(n, keys(value for value in space.values[n] if self.holds(value)))


@dataclass(frozen=True, kw_only=True)
class Implication(Relation):
    """Where all conditions of `when` hold, all of `then` do."""

    when: tuple[Condition, ...]
    then: tuple[Condition, ...]

    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether a condition of `when` fails or all of `then` hold."""
        at = dict(zip(self.cells, values, strict=True))
        return not all(c.holds(at[c.cell]) for c in self.when) or all(c.holds(at[c.cell]) for c in self.then)

    def sentence(self) -> str:
        """Return the relation in words."""
        when = " and ".join(c.describe() for c in self.when)
        return f"if {when}, then {' and '.join(c.describe() for c in self.then)}"

    def lower(self, space: Space) -> list[Primitive]:
        """Return a clause for each condition of `then`."""
        against: list[tuple[int, int]] = []
        for condition in self.when:
            n = space.number[condition.cell]
            against.append((n, space.every(n) & ~condition.bits(space, n)))
        found: list[Primitive] = []
        for condition in self.then:
            n = space.number[condition.cell]
            found.append(clause([*against, (n, condition.bits(space, n))]))
        return found


@dataclass(frozen=True, kw_only=True)
class Count(Relation):
    """How many cells have one of some values, compared with a number."""

    values: tuple[Value, ...]
    op: str
    k: int

    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether the count compares."""
        wanted = keys(self.values)
        return COMPARISONS[self.op](sum(key(value) in wanted for value in values), self.k)

    def sentence(self) -> str:
        """Return the relation in words."""
        words = {"==": "exactly", "!=": "not", "<=": "at most", ">=": "at least"}
        words |= {"<": "fewer than", ">": "more than"}
        return f"{words[self.op]} {self.k} of {show_cells(self.cells)} in {show_values(self.values)}"

    def lower(self, space: Space) -> list[Primitive]:
        """Return a cardinality over one literal for each cell."""
        wanted = keys(self.values)
        literals = tuple((n, space.bits(n, wanted)) for n in (space.number[cell] for cell in self.cells))
        most = len(literals)
        k = min(max(self.k, -1), most + 1)
        if self.op == "!=":
            return [NotCount(literals, k)]
        low = {"==": k, ">=": k, ">": k + 1}.get(self.op, 0)
        high = {"==": k, "<=": k, "<": k - 1}.get(self.op, most)
        return [Cardinality(literals, low, high)]


def is_in(cell: Cell, values: Iterable[Value]) -> Condition:
    """Build the condition that the cell's value is one of `values`.

    Raises:
        InvalidConstraint: there are none.
    """
    return Condition(cell_of(cell, "is_in"), _values(values, "is_in"))


def compares(cell: Cell, op: str, number: Number) -> Condition:
    """Build the condition that the cell's value is a number that compares with `number`; `op`: == != <= >= < >.

    Raises:
        InvalidConstraint: the operator is unknown, or `number` is none.
    """
    given: object = number
    if not is_number(given):
        refuse("compares takes a number", "compares", given, "give an int or a float; for other values is_in")
    return Comparison(cell_of(cell, "compares"), (given,), comparison(op, "compares"))


def implies(
    when: Condition | Iterable[Condition], then: Condition | Iterable[Condition], *, name: str | None = None
) -> Relation:
    """Require that all of `then` hold where all of `when` hold.

    Raises:
        InvalidConstraint: a list is empty, or holds something other than conditions.
    """
    ifs, thens = _conditions(when), _conditions(then)
    cells = tuple(dict.fromkeys(condition.cell for condition in (*ifs, *thens)))
    return Implication(cells=cells, when=ifs, then=thens, name=name_of(name, "implies"))


def count(
    cells: Iterable[Cell], values: Iterable[Value], op: str, k: int, *, name: str | None = None
) -> Relation:
    """Require that the number of cells with a value in `values` compares with k."""
    return Count(
        cells=cells_of(cells, "count"),
        values=_values(values, "count"),
        op=comparison(op, "count"),
        k=integer(k, "count", "the number"),
        name=name_of(name, "count"),
    )


def exactly(k: int, cells: Iterable[Cell], values: Iterable[Value], *, name: str | None = None) -> Relation:
    """Require that exactly k of the cells have a value in `values`."""
    return count(cells, values, "==", k, name=name)


def at_most(k: int, cells: Iterable[Cell], values: Iterable[Value], *, name: str | None = None) -> Relation:
    """Require that at most k of the cells have a value in `values`."""
    return count(cells, values, "<=", k, name=name)


def at_least(k: int, cells: Iterable[Cell], values: Iterable[Value], *, name: str | None = None) -> Relation:
    """Require that at least k of the cells have a value in `values`."""
    return count(cells, values, ">=", k, name=name)


def _values(values: Iterable[Value], rule: str) -> tuple[Value, ...]:
    found = tuple(value for _, value in dict.fromkeys(key(value) for value in listed(values, rule, "values")))
    if not found:
        refuse(f"{rule} needs at least one value", rule, found)
    return found


def _conditions(given: Condition | Iterable[Condition]) -> tuple[Condition, ...]:
    found = (given,) if isinstance(given, Condition) else listed(given, "implies", "conditions")
    if not found or not all(isinstance(c, Condition) for c in found):
        refuse(
            "implies takes conditions, at least one on each side",
            "implies",
            given,
            "use is_in(cell, values) or compares(cell, op, number)",
        )
    return found
