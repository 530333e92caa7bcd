"""n queens on a board."""

from __future__ import annotations

from canvasgen.constraints.table.arguments import row_count
from canvasgen.constraints.table.build import table
from canvasgen.constraints.table.grid import Cell, Grid
from canvasgen.constraints.table.table import Mode, Table
from canvasgen.relations import Relation, at_most, exactly

__all__ = ["queens"]


def queens(size: int, *, mode: Mode = "exact") -> Table:
    """Return a table of n queens on a board, none attacking another. The value is the list of rows, of `Q` and `.`.

    Raises:
        InvalidConstraint: `size` is no number above zero.
        Unsatisfiable: there is no solution (2 and 3).
    """
    size = row_count(size, "size")

    def relations(about: Grid) -> list[Relation]:
        found = [exactly(1, line, ["Q"]) for line in (*about.rows, *about.columns)]
        by_sum: dict[int, list[Cell]] = {}
        by_difference: dict[int, list[Cell]] = {}
        for row, column in about.cells:
            by_sum.setdefault(row + column, []).append((row, column))
            by_difference.setdefault(row - column, []).append((row, column))
        diagonals = [*by_sum.values(), *by_difference.values()]
        return [*found, *(at_most(1, line, ["Q"]) for line in diagonals if len(line) > 1)]

    return table(
        size,
        size,
        [".", "Q"],
        relations,
        layout="plain",
        mode=mode,
        instruction=(
            f"Place {size} queens (Q) on a board of {size} rows (. is empty): no two share a row, column or diagonal. "
            "Answer only with the board:"
        ),
    )
