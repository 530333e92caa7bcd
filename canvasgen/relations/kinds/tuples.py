"""Relations given by their tuples, and predicates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from canvasgen.checks import is_iterable
from canvasgen.relations.cell_values import Cell, Value, key, show_cells, show_value, show_values
from canvasgen.relations.kinds.relation import Relation, cells_of, listed, name_of, refuse
from canvasgen.relations.programs.primitives import Primitive, Table, clause
from canvasgen.relations.programs.space import Space

__all__ = ["Check", "Tuples", "allowed", "check", "forbidden"]


@dataclass(frozen=True, kw_only=True)
class Tuples(Relation):
    """The values of the cells are one of some tuples, or (`forbidden`) none of them."""

    tuples: tuple[tuple[Value, ...], ...]
    forbidden: bool

    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether the values are listed, or not listed."""
        wanted = [key(value) for value in values]
        return any([key(v) for v in given] == wanted for given in self.tuples) != self.forbidden

    def sentence(self) -> str:
        """Return the relation in words."""
        words = "none" if self.forbidden else "one"
        return f"({show_cells(self.cells)}) is {words} of {len(self.tuples)} tuples"

    def lower(self, space: Space) -> list[Primitive]:
        """Return a table of what is allowed, a clause for each tuple that is forbidden; what no cell has falls out."""
        cells = tuple(space.number[cell] for cell in self.cells)
        rows: list[list[int]] = []
        for given in self.tuples:
            row = [space.bit_of(cell, key(value)) for cell, value in zip(cells, given, strict=True)]
            if -1 not in row:
                rows.append(row)
        if not self.forbidden:
            return [Table(cells, np.array(rows, np.int32).reshape(len(rows), len(cells)))]
        every = [space.every(cell) for cell in cells]
        return [clause([(cell, every[n] & ~(1 << row[n])) for n, cell in enumerate(cells)]) for row in rows]


@dataclass(frozen=True, kw_only=True)
class Check(Relation):
    """A predicate of the caller's: it is asked, but neither propagated nor optimised over."""

    predicate: Callable[..., bool]

    def holds(self, values: Sequence[Value]) -> bool:
        """Return what the predicate says of the values."""
        return bool(self.predicate(*values))

    def sentence(self) -> str:
        """Return the relation in words."""
        return f"a check of {show_cells(self.cells)}"

    def lower(self, space: Space) -> list[Primitive]:
        """Nothing."""
        return []


def allowed(cells: Iterable[Cell], tuples: Iterable[Sequence[Value]], *, name: str | None = None) -> Relation:
    """Require that the values of the cells are one of `tuples`.

    Raises:
        InvalidConstraint: there are no tuples, or one has not as many values as there are cells.
    """
    return _tuples(cells, tuples, False, name)


def forbidden(
    cells: Iterable[Cell], tuples: Iterable[Sequence[Value]], *, name: str | None = None
) -> Relation:
    """Require that the values of the cells are none of `tuples`.

    Raises:
        InvalidConstraint: there are no tuples, or one has not as many values as there are cells.
    """
    return _tuples(cells, tuples, True, name)


def check(cells: Iterable[Cell], predicate: Callable[..., bool], name: str | None = None) -> Relation:
    """Require that `predicate` is true of the values of the cells, given to it one by one.

    Raises:
        InvalidConstraint: it cannot be called.
    """
    if not callable(predicate):
        refuse("check needs something to call", "check", predicate)
    return Check(cells=cells_of(cells, "check"), predicate=predicate, name=name_of(name, "check"))


def _tuples(
    cells: Iterable[Cell], tuples: Iterable[Sequence[Value]], forbid: bool, name: str | None
) -> Relation:
    rule = "forbidden" if forbid else "allowed"
    found = cells_of(cells, rule)
    rows: dict[tuple[Any, ...], tuple[Value, ...]] = {}
    for given in listed(tuples, rule, "tuples"):
        is_row = is_iterable(given) and not isinstance(given, (str, bytes))
        row = tuple(given) if is_row else ()
        if not is_row or len(row) != len(found):
            shown = f"({show_values(row)})" if is_row else show_value(given)
            refuse(f"{rule} needs {len(found)} values in each tuple: {shown}", rule, given)
        rows[tuple(key(value) for value in row)] = row
    if not rows:
        refuse(f"{rule} needs at least one tuple", rule, [])
    return Tuples(cells=found, tuples=tuple(rows.values()), forbidden=forbid, name=name_of(name, rule))
