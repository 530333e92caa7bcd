"""Puzzles with one solution, made from a seed; graded and counted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from canvasgen.training.puzzles.search import dig_cells, digits_in_order, search
from canvasgen.training.puzzles.shape import Ints, Shape, shape_of
from canvasgen.training.puzzles.symmetry import Split, shuffled, split_of
from canvasgen.training.puzzles.techniques import hardest_technique

__all__ = ["Grade", "Puzzle", "Technique", "count_solutions", "dig", "generate", "grade", "solution_grid"]

MOST_NODES = 20_000
"""Branches after which a check for a second solution is given up; the cell then keeps its digit."""


class Technique(Enum):
    """What it takes to solve a puzzle, from the simplest."""

    NAKED_SINGLE = 1
    HIDDEN_SINGLE = 2
    LOCKED_OR_PAIR = 3
    SEARCH = 4


@dataclass(frozen=True)
class Grade:
    """How hard a puzzle is.

    Attributes:
        givens: cells that are not blank.
        technique: the hardest that is needed, where always the simplest that helps is used.
    """

    givens: int
    technique: Technique


@dataclass(frozen=True)
class Puzzle:
    """A Sudoku with one solution.

    Attributes:
        shape: of its boxes.
        text: its rows, one a line, `.` for a blank; no newline at the end. Digits above 9 are letters from `A`.
        solution: the same, filled in.
    """

    shape: Shape
    text: str
    solution: str

    @property
    def grid(self) -> Ints:
        """`[n * n]`, row by row, 0 for a blank."""
        return to_grid(self.text)


_DIGITS = ".123456789ABCDEFG"


def to_text(grid: Ints, shape: Shape) -> str:
    """A grid `[n * n]` as lines of digits."""
    marks = [_DIGITS[digit] for digit in grid.tolist()]
    return "\n".join("".join(marks[at : at + shape.size]) for at in range(0, shape.cells, shape.size))


def to_grid(text: str) -> Ints:
    """Lines of digits as a grid `[n * n]`; `.`, `0` and `_` are blanks.

    Raises:
        ValueError: another character, or lines that are no square.
    """
    lines = text.upper().replace("0", ".").replace("_", ".").split()
    if any(len(line) != len(lines) or not set(line) <= set(_DIGITS) for line in lines) or not lines:
        raise ValueError("a grid is as many lines as it has columns, of digits and '.'")
    return np.array([_DIGITS.index(mark) for line in lines for mark in line], dtype=np.int64)


def _as_grid(puzzle: Puzzle | str | Ints) -> Ints:
    if isinstance(puzzle, Puzzle):
        return puzzle.grid
    return to_grid(puzzle) if isinstance(puzzle, str) else np.asarray(puzzle, dtype=np.int64).reshape(-1)


def _shape_for(grid: Ints, box: tuple[int, int] | None) -> Shape:
    shape = shape_of(round(len(grid) ** 0.5) if box is None else box)
    if len(grid) != shape.cells or grid.min() < 0 or grid.max() > shape.size:
        raise ValueError(f"no grid of {shape.size} x {shape.size} digits")
    return shape


def count_solutions(
    puzzle: Puzzle | str | Ints, box: tuple[int, int] | None = None, *, limit: int = 2
) -> int:
    """Number of solutions of a puzzle, at most `limit`.

    Args:
        puzzle: itself, its text, or its grid with 0 for blanks.
        box: rows and columns of a box; None: the usual ones of the size.

    Raises:
        ValueError: it is no grid of that shape.
    """
    grid = _as_grid(puzzle)
    shape = _shape_for(grid, box)
    order = digits_in_order(shape.cells, shape.size)
    return int(search(grid, shape.unit_of, shape.units, order, limit, np.iinfo(np.int64).max, grid.copy()))


def grade(puzzle: Puzzle | str | Ints, box: tuple[int, int] | None = None) -> Grade:
    """Givens and the hardest technique that a puzzle needs; arguments and errors as for `count_solutions`."""
    grid = _as_grid(puzzle)
    shape = _shape_for(grid, box)
    hardest = hardest_technique(grid, shape.unit_of, shape.units)
    return Grade(int((grid > 0).sum()), Technique(int(hardest)))


def solution_grid(shape: Shape, rng: np.random.Generator, split: Split | None = None) -> Ints:
    """A random solution `[n * n]` of a split, or of either; not exactly uniform among all."""
    order = digits_in_order(shape.cells, shape.size)
    blank = np.zeros(shape.cells, dtype=np.int64)
    while True:
        solution = blank.copy()
        found = search(
            blank, shape.unit_of, shape.units, rng.permuted(order, axis=1), 1, MOST_NODES, solution
        )
        if found != 1:
            continue
        solution = shuffled(solution, shape, rng)
        if split is None or split_of(solution, shape) == split:
            return solution


def dig(solution: Ints, shape: Shape, rng: np.random.Generator, givens: int = 0) -> Ints:
    """Cells of a solution to blank, in an order in which it stays the only solution at every step.

    Stops at `givens`, or where every further cell would let in another solution: 0 digs as deep as it goes.
    """
    removed = np.empty(shape.cells, dtype=np.int64)
    order = digits_in_order(shape.cells, shape.size)
    count = dig_cells(
        solution, rng.permutation(shape.cells), shape.unit_of, shape.units, order, givens, MOST_NODES, removed
    )
    return removed[:count]


def generate(size: int | tuple[int, int], givens: int, seed: int, split: Split = "train") -> Puzzle:
    """A random puzzle with one solution; the same for the same arguments.

    The solutions of the two splits are disjoint, from size 5 on up to every symmetry (`split_of`).

    Args:
        size: 4, 6, 9, …, or the box as (rows, columns).
        givens: wanted number of givens. Where 20 tries come to no puzzle with so few, the one with the fewest.
        seed: not negative.
        split: "train" or "test".

    Raises:
        ValueError: there is no such shape, or `givens` is out of 0..n * n.
    """
    shape = shape_of(size)
    if not 0 <= givens <= shape.cells:
        raise ValueError(f"0 to {shape.cells} givens, not {givens}")
    rng = np.random.default_rng([seed, shape.box_rows, shape.box_columns, givens, split == "test"])
    best: tuple[Ints, Ints] | None = None
    for _ in range(20):
        solution = solution_grid(shape, rng, split)
        removed = dig(solution, shape, rng, givens)
        if best is None or len(removed) > len(best[1]):
            best = solution, removed
        if len(removed) == shape.cells - givens:
            break
    assert best is not None
    grid = best[0].copy()
    grid[best[1]] = 0
    return Puzzle(shape, to_text(grid, shape), to_text(best[0], shape))
