"""The cells of a table inside of a constraint's texts, and the constraint's language for a narrowed table.

A chain of states cannot express relations across cells. So a constraint with a table inside gives its language as a
function of the table's. The compiled constraint applies it to the table with marks at the borders of its cells, and to
the table with fewer values in its cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from canvasgen.automata import Expr
from canvasgen.errors import UnsupportedConstraint
from canvasgen.relations import Problem

__all__ = ["CellTable", "Cells", "HasCells", "no_cells", "only_cells"]


class CellTable(Protocol):
    """A table whose cells have relations that hold while generating."""

    @property
    def mode(self) -> str:
        """`exact` or `propagate`."""
        ...

    @property
    def related_problem(self) -> Problem:
        """The cells with their values, and the relations."""
        ...

    @property
    def root(self) -> NDArray[np.bool_]:
        """bool `[cells, values]`: the values that are possible before the model runs."""
        ...

    @property
    def solution(self) -> NDArray[np.int64] | None:
        """Some values that satisfy the relations, int64 `[cells]`; None if none is known."""
        ...

    @property
    def texts(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """By cell and value, the texts that are read as the value."""
        ...

    def language(self, mask: NDArray[np.bool_] | None = None, *, borders: bool = False) -> Expr:
        """Return the table's texts; with only these values, bool `[cells, values]`, or with marks at the cells' borders."""
        ...


def _itself(language: Expr) -> Expr:
    return language


@dataclass(frozen=True)
class Cells:
    """A table's cells inside of a constraint.

    Attributes:
        table: the table.
        around: the constraint's language as a function of the table's.
        around_marked: the same for the table with marks; it may be an over-approximation.
        independent: whether what one cell holds says nothing of the others, but for the relations.
    """

    table: CellTable
    around: Callable[[Expr], Expr] = _itself
    around_marked: Callable[[Expr], Expr] = _itself
    independent: bool = True

    def inside(
        self, around: Callable[[Expr], Expr], around_marked: Callable[[Expr], Expr] | None = None
    ) -> Cells:
        """Return the same cells inside of a larger constraint.

        Args:
            around: the larger constraint's language as a function of this one's.
            around_marked: the same with marks; by default `around`. Where they differ, the larger constraint also
                restricts what the cells hold together.
        """
        inner, inner_marked = self.around, self.around_marked
        outer_marked = around if around_marked is None else around_marked
        return Cells(
            self.table,
            lambda language: around(inner(language)),
            lambda language: outer_marked(inner_marked(language)),
            self.independent and around_marked is None,
        )

    @property
    def marked(self) -> Expr:
        """The constraint's texts with a mark at both borders of every cell."""
        return self.around_marked(self.table.language(borders=True))

    def narrowed(self, mask: NDArray[np.bool_]) -> Expr:
        """Return the constraint's texts with only these values in the cells, bool `[cells, values]`."""
        return self.around(self.table.language(mask))


class HasCells(Protocol):
    """A set of texts that may contain a table."""

    @property
    def cells(self) -> Cells | None:
        """The cells of its table."""
        ...


def only_cells(parts: Iterable[HasCells]) -> tuple[int, Cells] | None:
    """Return the number and the cells of the only part that contains a table; None if no part does.

    Raises:
        UnsupportedConstraint: there are several.
    """
    found = [(number, cells) for number, part in enumerate(parts) if (cells := part.cells) is not None]
    if len(found) > 1:
        raise UnsupportedConstraint(
            "a text has one table with relations at most",
            rule="table",
            remedy="make one table of them, or take mode='model' for all but one",
        )
    return found[0] if found else None


def no_cells(parts: Iterable[HasCells], where: str) -> None:
    """Raise an error for tables whose cells could occur twice or not at all.

    Raises:
        UnsupportedConstraint: there is one.
    """
    if any(part.cells is not None for part in parts):
        raise UnsupportedConstraint(
            f"a table with relations cannot stand under {where}",
            rule=where,
            remedy="combine it by + and &, or put it into a template",
        )
