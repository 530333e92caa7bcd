"""Tables whose cells agree: grids, layouts, Sudokus and other ready ones."""

from canvasgen.constraints.table.board import queens
from canvasgen.constraints.table.build import table
from canvasgen.constraints.table.grid import Cell, Grid, grid
from canvasgen.constraints.table.number_squares import futoshiki, latin_square, magic_square
from canvasgen.constraints.table.puzzle_text import read_puzzles
from canvasgen.constraints.table.rosters import roster
from canvasgen.constraints.table.seating_plans import seating
from canvasgen.constraints.table.sudoku import sudoku
from canvasgen.constraints.table.table import Table
from canvasgen.constraints.table.tournaments import round_robin

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
