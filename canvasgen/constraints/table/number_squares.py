"""Latin and magic squares, and Futoshiki."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from canvasgen.constraints.table.arguments import known_pairs, row_count
from canvasgen.constraints.table.build import assemble, table
from canvasgen.constraints.table.grid import Cell, Grid, grid
from canvasgen.constraints.table.layouts import Layout
from canvasgen.constraints.table.puzzle_text import MOST_SIZE, read_cells
from canvasgen.constraints.table.solutions import require_one_solution, square_domains
from canvasgen.constraints.table.table import Mode, Table
from canvasgen.relations import Relation, all_different, ordered, total

__all__ = ["futoshiki", "latin_square", "magic_square"]


def latin_square(puzzle: object, *, mode: Mode = "exact", unique: bool = False) -> Table:
    """Return a Latin square: every row and column holds 1 to n once. The value is the list of rows.

    Args:
        puzzle: n, or a square with givens, as for `sudoku`.
        mode: as for `table`.
        unique: whether several solutions are refused.

    Raises:
        InvalidConstraint: the square is malformed, or `unique` and there are several solutions.
        Unsatisfiable: there is no solution.
    """
    rows = _square(puzzle)
    about = grid(len(rows), len(rows))
    made = assemble(
        about,
        square_domains(rows, about),
        tuple(_rows_and_columns(about.rows, about.columns)),
        layout="plain",
        mode=mode,
        instruction=(
            f"Complete this Latin square: every row and column holds each of 1 to {len(rows)} once. "
            "Answer only with the full square:"
        ),
        gap=".",
    )
    if unique:
        require_one_solution(made)
    return made


def futoshiki(
    puzzle: object,
    less: Iterable[tuple[tuple[int, int], tuple[int, int]]],
    *,
    mode: Mode = "exact",
    unique: bool = True,
) -> Table:
    """Return a Futoshiki: a Latin square in which some neighbours are ordered. The value is the list of rows.

    Args:
        puzzle: n, or a square with givens, as for `sudoku`.
        less: pairs of cells `(row, column)`, from 0; the first of each holds less than the second.
        mode: as for `table`.
        unique: whether several solutions are refused.

    Raises:
        InvalidConstraint: it is malformed, or has several solutions.
        Unsatisfiable: it has none.
    """
    rows = _square(puzzle)
    about = grid(len(rows), len(rows))
    orders = [
        ordered((a, b), "<", name=f"{_place(a)} is less than {_place(b)}")
        for a, b in known_pairs(less, "less", "cells (row, column)", about.cells)
    ]
    orders_text = "; ".join(relation.describe() for relation in orders)
    made = assemble(
        about,
        square_domains(rows, about),
        (*_rows_and_columns(about.rows, about.columns), *orders),
        layout="plain",
        mode=mode,
        instruction=(
            f"Solve this Futoshiki: every row and column holds each of 1 to {len(rows)} once; {orders_text}. "
            "Answer only with the full square:"
        ),
        gap=".",
    )
    if unique:
        require_one_solution(made)
    return made


def magic_square(size: int, *, mode: Mode = "exact", layout: Layout = "aligned") -> Table:
    """Return a magic square: 1 to n² once each, with equal sums along rows, columns and diagonals.

    Raises:
        InvalidConstraint: `size` is no number above zero, or there is no such layout.
        Unsatisfiable: there is none of size 2.
    """
    size = row_count(size, "size")
    added = size * (size * size + 1) // 2

    def relations(about: Grid) -> list[Relation]:
        lines = [*about.rows, *about.columns, *about.diagonals]
        return [all_different(about.cells), *(total(line, "==", added) for line in lines)]

    return table(
        size,
        size,
        range(1, size * size + 1),
        relations,
        layout=layout,
        mode=mode,
        instruction=(
            f"Write a magic square: each of 1 to {size * size} once, every row, column and diagonal adding up to {added}. "
            "Answer only with the square:"
        ),
    )


def _rows_and_columns(rows: Iterable[Sequence[Cell]], columns: Iterable[Sequence[Cell]]) -> list[Relation]:
    return [
        *(all_different(row, name=f"row {n} has every value once") for n, row in enumerate(rows, 1)),
        *(all_different(line, name=f"column {n} has every value once") for n, line in enumerate(columns, 1)),
    ]


def _square(puzzle: object) -> list[list[int | None]]:
    """Return the rows of a square from its size, or from what `read_cells` takes."""
    if isinstance(puzzle, (int, float)):
        size = row_count(puzzle, "puzzle", MOST_SIZE)
        return read_cells([[None] * size for _ in range(size)])
    return read_cells(puzzle)


def _place(cell: Sequence[int]) -> str:
    return f"r{cell[0] + 1}c{cell[1] + 1}"
