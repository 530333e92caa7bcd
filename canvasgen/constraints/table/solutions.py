"""Squares of numbers as cells of a table, and whether a puzzle has one solution only."""

from __future__ import annotations

from itertools import islice

import numpy as np
from numpy.typing import NDArray

from canvasgen.constraints.choices import choice
from canvasgen.constraints.table.cell_domains import Domain
from canvasgen.constraints.table.grid import Cell, Grid
from canvasgen.constraints.table.puzzle_text import symbol
from canvasgen.constraints.table.table import Table
from canvasgen.errors import InvalidConstraint
from canvasgen.relations import Problem, SearchTime

__all__ = ["require_one_solution", "square_domains"]

_GREEDY_TRIES = 16
"""Random orders in which a second solution is searched for before the solver is asked."""


def square_domains(rows: list[list[int | None]], about: Grid) -> dict[Cell, Domain]:
    """Return 1 to n for blanks and the given value for other cells, each written as one character."""
    size = len(rows)
    every = choice({symbol(value): value for value in range(1, size + 1)})
    domains: dict[Cell, Domain] = {}
    for cells, row in zip(about.rows, rows, strict=True):
        for cell, value in zip(cells, row, strict=True):
            one = every if value is None else choice({symbol(value): value})
            domains[cell] = Domain(one.values, one)
    return domains


def require_one_solution(made: Table) -> None:
    """Raise an error if a puzzle has several solutions.

    Raises:
        InvalidConstraint: names a cell in which two of them differ.
    """
    problem = made.problem
    assert problem is not None
    if problem.solutions(1) is not None:
        return
    two = _two_solutions(problem)
    if two is None:
        return
    at = int(np.flatnonzero(two[0] != two[1])[0])
    row, column = made.related[at]
    both = sorted(problem.values[at][int(one[at])] for one in two)
    raise InvalidConstraint(
        f"the puzzle has several solutions: row {row + 1}, column {column + 1} can be {both[0]} or {both[1]}",
        path=f"row {row + 1}, column {column + 1}",
        rule="unique",
        value=both,
        remedy="give more cells, or pass unique=False to let the model choose",
    )


def _two_solutions(problem: Problem) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return two different solutions; None if there is only one.

    Raises:
        TimeLimit: the solver did not finish in its time.
    """
    shape = len(problem.cells), problem.width
    first: NDArray[np.int64] | None = None
    # Where there are many solutions, greedy choices in different orders find two soon; else the solver looks.
    for seed in range(_GREEDY_TRIES):
        found = problem.greedy(np.random.default_rng(seed).random(shape))
        if first is None:
            first = found
        elif found is not None and (found != first).any():
            return first, found
    clock = SearchTime(problem.limits.seconds)
    with clock.running():
        two = [solved.assignment for solved in islice(problem.k_best(np.zeros(shape), clock=clock), 2)]
    return (two[0], two[1]) if len(two) == 2 else None
