"""The cells of a table that stands somewhere in a constraint's texts, and the languages in which they are narrowed.

Relations across cells are no matter for a chain of states. So a constraint with a table inside tells which language its
texts have for a given language of the table; the compiled constraint asks it twice: for the table with its cells'
borders marked, and for the table with some of its values alone.
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
    """A table whose cells have relations that are kept while generating."""

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
        """bool `[cells, values]`: what can stand before the model runs."""
        ...

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """By cell, the texts of its values."""
        ...

    def language(self, mask: NDArray[np.bool_] | None = None, *, borders: bool = False) -> Expr:
        """The table's texts; with these values alone, bool `[cells, values]`, or with marks at the cells' borders."""
        ...


def _itself(language: Expr) -> Expr:
    return language


@dataclass(frozen=True)
class Cells:
    """A table's cells inside of a constraint.

    Attributes:
        table: the table.
        around: the constraint's language, from the table's.
        around_marked: the same for the table with marks, perhaps with more texts than that.
    """

    table: CellTable
    around: Callable[[Expr], Expr] = _itself
    around_marked: Callable[[Expr], Expr] = _itself

    def inside(
        self, around: Callable[[Expr], Expr], around_marked: Callable[[Expr], Expr] | None = None
    ) -> Cells:
        """The same cells inside of a larger constraint; `around_marked` is `around` unless given."""
        inner, inner_marked = self.around, self.around_marked
        outer_marked = around if around_marked is None else around_marked
        return Cells(
            self.table,
            lambda language: around(inner(language)),
            lambda language: outer_marked(inner_marked(language)),
        )

    @property
    def marked(self) -> Expr:
        """The constraint's texts with a mark at both borders of every cell."""
        return self.around_marked(self.table.language(borders=True))

    def narrowed(self, mask: NDArray[np.bool_]) -> Expr:
        """The constraint's texts with these values alone in the cells, bool `[cells, values]`."""
        return self.around(self.table.language(mask))


class HasCells(Protocol):
    """What may have a table inside."""

    @property
    def cells(self) -> Cells | None:
        """The cells of its table."""
        ...


def only_cells(parts: Iterable[HasCells]) -> tuple[int, Cells] | None:
    """The one table among parts that follow each other or hold together: the part's number, and its cells.

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
    """Refuses tables whose cells could occur twice or not at all.

    Raises:
        UnsupportedConstraint: there is one.
    """
    if any(part.cells is not None for part in parts):
        raise UnsupportedConstraint(
            f"a table with relations cannot stand under {where}",
            rule=where,
            remedy="combine it by + and &, or put it into a template",
        )
