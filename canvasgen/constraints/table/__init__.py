"""Tables whose cells agree: grids, layouts, Sudokus and other ready ones."""

from canvasgen.constraints.table.build import table
from canvasgen.constraints.table.grid import Cell, Grid, grid
from canvasgen.constraints.table.puzzle_text import read_puzzles
from canvasgen.constraints.table.ready import (
    futoshiki,
    latin_square,
    magic_square,
    queens,
    roster,
    round_robin,
    seating,
)
from canvasgen.constraints.table.sudoku import sudoku
from canvasgen.constraints.table.table import Table

__all__ = [
    "Cell",
    "Grid",
    "Table",
    "futoshiki",
    "grid",
    "latin_square",
    "magic_square",
    "queens",
    "read_puzzles",
    "roster",
    "round_robin",
    "seating",
    "sudoku",
    "table",
]
