"""The cells of a table by name: rows, columns, diagonals and boxes, for relations to be about."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from canvasgen.checks import invalid, is_iterable, text_argument, whole_number
from canvasgen.errors import ConstraintTooLarge

__all__ = ["Cell", "Grid", "grid"]

MOST_CELLS = 4_096
"""Most cells of a table."""
_SMALLER = "fill several smaller tables"

Cell: TypeAlias = tuple[Any, Any]
"""The names of a row and a column, or their numbers from 0 if they have no names."""


@dataclass(frozen=True)
class Grid:
    """Rows and columns; a cell is a pair of a row and a column.

    Attributes:
        row_names, column_names: names, or numbers from 0.
        rows_named, columns_named: whether they are names, which a layout shows.
    """

    row_names: tuple[Hashable, ...]
    column_names: tuple[Hashable, ...]
    rows_named: bool = False
    columns_named: bool = False

    def row(self, row: Any) -> tuple[Cell, ...]:
        """Return the cells of a row, by name or number."""
        name = _name(self.row_names, row, "row")
        return tuple((name, column) for column in self.column_names)

    def column(self, column: Any) -> tuple[Cell, ...]:
        """Return the cells of a column, by name or number."""
        name = _name(self.column_names, column, "column")
        return tuple((row, name) for row in self.row_names)

    def cell(self, row: Any, column: Any) -> Cell:
        """Return a cell by its row and column, each by name or number."""
        return _name(self.row_names, row, "row"), _name(self.column_names, column, "column")

    @property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """All rows, from the top."""
        return tuple(tuple((row, column) for column in self.column_names) for row in self.row_names)

    @property
    def columns(self) -> tuple[tuple[Cell, ...], ...]:
        """All columns, from the left."""
        return tuple(zip(*self.rows, strict=True))

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, row by row."""
        return tuple(cell for row in self.rows for cell in row)

    @property
    def diagonals(self) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
        """The two diagonals of a square grid, from the top left and from the top right."""
        rows = self.rows
        if len(rows) != len(self.column_names):
            raise invalid(
                "only a square grid has diagonals",
                "grid",
                (len(rows), len(self.column_names)),
                "give as many rows as columns",
            )
        return (
            tuple(row[at] for at, row in enumerate(rows)),
            tuple(row[-1 - at] for at, row in enumerate(rows)),
        )

    def boxes(self, height: int, width: int) -> tuple[tuple[Cell, ...], ...]:
        """Return the boxes of `height` rows and `width` columns, row by row."""
        rows = self.rows
        height, width = (
            whole_number(side, rule="boxes", name="the side of a box", low=1) for side in (height, width)
        )
        if len(rows) % height or len(self.column_names) % width:
            raise invalid(
                f"a grid of {len(rows)} x {len(self.column_names)} cannot be cut into such boxes",
                "boxes",
                (height, width),
                "give a height that divides the rows and a width that divides the columns",
            )
        return tuple(
            tuple(
                rows[row][column] for row in range(top, top + height) for column in range(left, left + width)
            )
            for top in range(0, len(rows), height)
            for left in range(0, len(self.column_names), width)
        )


def grid(rows: int | Sequence[Hashable], columns: int | Sequence[Hashable]) -> Grid:
    """Return a grid from counts or names.

    Raises:
        InvalidConstraint: no rows or columns, or two of one name.
        ConstraintTooLarge: more than `MOST_CELLS` cells.
    """
    row_names, column_names = _names(rows, "rows"), _names(columns, "columns")
    if len(row_names) * len(column_names) > MOST_CELLS:
        raise ConstraintTooLarge(
            f"more than {MOST_CELLS} cells",
            rule="MOST_CELLS",
            value=(len(row_names), len(column_names)),
            remedy=_SMALLER,
        )
    return Grid(row_names, column_names, not isinstance(rows, int), not isinstance(columns, int))


def _names(given: int | Iterable[Hashable], what: str) -> tuple[Hashable, ...]:
    if isinstance(given, int) and not isinstance(given, bool):
        if given > MOST_CELLS:
            raise ConstraintTooLarge(
                f"more than {MOST_CELLS} {what}", path=what, rule="MOST_CELLS", value=given, remedy=_SMALLER
            )
        names: tuple[Hashable, ...] = tuple(range(given))
    elif isinstance(given, (str, bytes, bool, set, frozenset, Mapping)) or not is_iterable(given):
        raise invalid(
            f"{what} are a count or a list of names", what, given, f"write {what}=3 or {what}=['a', 'b']"
        )
    else:
        names = tuple(islice(given, MOST_CELLS + 1))
        if len(names) > MOST_CELLS:
            raise ConstraintTooLarge(
                f"more than {MOST_CELLS} {what}",
                path=what,
                rule="MOST_CELLS",
                value=len(names),
                remedy=_SMALLER,
            )
        for name in names:
            text_argument(name, f"names of {what} are strings that have UTF-8", rule=what)
    if not names:
        raise invalid(
            f"a table has {what}", what, given, f"give {what}= a count from 1 on or a list of names"
        )
    if len(set(names)) < len(names):
        raise invalid(f"two {what} have one name", what, names, f"name the {what} differently")
    return names


def _name(names: tuple[Hashable, ...], asked: Any, what: str) -> Hashable:
    """Return a name that is given by name or by number (from 0)."""
    if isinstance(asked, int) and not isinstance(asked, bool) and 0 <= asked < len(names):
        return names[asked]
    if asked in names:
        return asked
    raise invalid(
        f"there is no such {what}",
        "cells",
        asked,
        f"the {what}s are {', '.join(map(str, names[:12]))}{', …' if len(names) > 12 else ''}",
    )
