"""Sudoku: rows, columns and regions that hold every value once; with diagonals, jigsaw regions and killer cages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canvasgen.checks import whole_number
from canvasgen.constraints.shown import Trained
from canvasgen.constraints.table.build import assemble
from canvasgen.constraints.table.domains import Domain
from canvasgen.constraints.table.grid import Cell, Grid, grid
from canvasgen.constraints.table.puzzle_text import read_cells, symbol
from canvasgen.constraints.table.table import Mode, Table
from canvasgen.constraints.text import choice
from canvasgen.errors import InvalidConstraint
from canvasgen.relations import Problem, Relation, all_different, total

__all__ = ["BOXES", "model_for", "require_one_solution", "square_domains", "sudoku"]

BOXES = {
    4: (2, 2), 6: (2, 3), 8: (2, 4), 9: (3, 3), 10: (2, 5), 12: (3, 4), 14: (2, 7), 15: (3, 5), 16: (4, 4),
    18: (3, 6), 20: (4, 5), 21: (3, 7), 24: (4, 6), 25: (5, 5),
}  # fmt: skip
"""Rows and columns of a box by size, where none is given."""
_KNOWN = ((4, (2, 2)), (6, (2, 3)), (9, (3, 3)))
"""What the embedded Sudoku model was trained on."""
_GREEDY_TRIES = 16


def sudoku(
    puzzle: Any,
    box: tuple[int, int] | None = None,
    *,
    diagonal: bool = False,
    regions: str | Sequence[Sequence[Any]] | None = None,
    cages: Iterable[tuple[int, Iterable[tuple[int, int]]]] = (),
    mode: Mode = "exact",
    unique: bool = True,
) -> Table:
    """A Sudoku. The value is the list of its rows, each a list of ints.

    Args:
        puzzle: the givens: 81 characters (`.` or `0` for blanks; 16, 36 or 256 for other sizes, with letters from A for
            10 on), a grid of text, the `Path` of a file (.sdk, .sdm, .ss, .csv, text), or rows of numbers.
        box: rows and columns of a box; None: the usual one of the size, (3, 3) for 9 rows.
        diagonal: whether both diagonals hold every value once, too.
        regions: jigsaw regions in the place of boxes: a label for each cell, as a string or as rows.
        cages: killer cages: a sum, and the cells `(row, column)`, numbered from 0, that differ and add up to it.
        mode: as for `table`.
        unique: whether a puzzle of several solutions is refused; otherwise the model chooses among them.

    Raises:
        InvalidConstraint: the puzzle is malformed, or has several solutions.
        Unsatisfiable: it has none; names a minimal set of givens and rules that contradict each other.
    """
    rows = read_cells(puzzle)
    size = len(rows)
    about = grid(size, size)
    relations = [
        all_different(row, name=f"row {n} has every value once") for n, row in enumerate(about.rows, 1)
    ]
    relations += [
        all_different(column, name=f"column {n} has every value once")
        for n, column in enumerate(about.columns, 1)
    ]
    rules = "Every row, column and {region} holds each of 1 to {size} once"
    if regions is not None:
        if box is not None:
            raise InvalidConstraint("boxes and jigsaw regions exclude each other", rule="regions")
        labels = _region_of_cells(regions, about)
        relations += _jigsaw(labels, about)
        rules = rules.format(region="region", size=size) + f" (regions: {_labels(labels, size)})"
    else:
        height, width = _box(box, size)
        relations += [
            all_different(cells, name=f"box {n} has every value once")
            for n, cells in enumerate(about.boxes(height, width), 1)
        ]
        rules = rules.format(region=f"{height}x{width} box", size=size)
    if diagonal:
        relations += [
            all_different(cells, name=f"{name} has every value once")
            for cells, name in zip(
                about.diagonals, ("the falling diagonal", "the rising diagonal"), strict=True
            )
        ]
        rules += ", and so do both diagonals"
    if not isinstance(cages, Iterable):
        raise InvalidConstraint("cages are a list of pairs", rule="cages", value=cages)
    caged = [_cage(cage, about) for cage in cages]
    for cells, added in caged:
        where = " + ".join(f"r{r + 1}c{c + 1}" for r, c in cells)
        relations += [total(cells, "==", added, name=f"{where} = {added}")]
        if len(cells) > 1:
            relations += [all_different(cells, name=f"the cage {where} has no value twice")]
    if caged:
        sums = "; ".join(r.describe() for r in relations if "=" in r.describe())
        rules += f"; {sums}"
    made = assemble(
        about,
        square_domains(rows, about),
        tuple(relations),
        layout="plain",
        mode=mode,
        instruction=f"Solve this Sudoku. {rules}. Answer only with the full grid:",
        gap=".",
        trained=_trained(model_for(size, box, jigsaw=regions is not None), size),
    )
    if unique:
        require_one_solution(made)
    return made


def model_for(size: int, box: tuple[int, int] | None = None, *, jigsaw: bool = False) -> str | None:
    """The embedded model that was trained on such grids; None: there is none."""
    return None if jigsaw or (size, box or BOXES.get(size)) not in _KNOWN else "sudoku"


def _trained(model: str | None, size: int) -> Trained | None:
    """That model, with what it can write."""
    return None if model is None else Trained(model, "123456789"[:size] + "\n")


def square_domains(rows: list[list[int | None]], about: Grid) -> dict[Cell, Domain]:
    """1 to n in blanks, the given values elsewhere; written as one character each."""
    size = len(rows)
    every = choice({symbol(value): value for value in range(1, size + 1)})
    domains: dict[Cell, Domain] = {}
    for cells, row in zip(about.rows, rows, strict=True):
        for cell, value in zip(cells, row, strict=True):
            one = every if value is None else choice({symbol(value): value})
            domains[cell] = Domain(one.values, one)
    return domains


def require_one_solution(made: Table) -> None:
    """Refuses a puzzle that has several solutions.

    Raises:
        InvalidConstraint: it has; names a cell in which two of them differ.
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
    """Two different solutions; None if there is one alone.

    Raises:
        TimeLimit: the solver could not tell in its time.
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
    two = [solved.assignment for solved in islice(problem.k_best(np.zeros(shape)), 2)]
    return (two[0], two[1]) if len(two) == 2 else None


def _box(box: tuple[int, int] | None, size: int) -> tuple[int, int]:
    if box is None:
        if size not in BOXES:
            raise InvalidConstraint(
                f"there is no usual box for {size} rows",
                rule="box",
                remedy="give box=(rows, columns), or regions",
            )
        return BOXES[size]
    if not isinstance(box, Sequence) or len(box) != 2 or not all(type(side) is int for side in box):
        raise InvalidConstraint("a box is a pair of its rows and columns", rule="box", value=box)
    if box[0] < 1 or box[0] * box[1] != size:
        raise InvalidConstraint(
            f"a box of {box[0]} x {box[1]} cells does not hold {size} values", rule="box", value=box
        )
    return box[0], box[1]


def _labels(labels: Sequence[Any], size: int) -> str:
    return " ".join("".join(map(str, labels[at : at + size])) for at in range(0, len(labels), size))


def _region_of_cells(regions: Any, about: Grid) -> list[Any]:
    """The label of each cell, row by row."""
    size = len(about.row_names)
    if isinstance(regions, str):
        labels: list[Any] = list("".join(regions.split()))
    elif isinstance(regions, Iterable) and not isinstance(regions, (bytes, Mapping, set, frozenset)):
        rows = [list(row) if isinstance(row, Iterable) else [row] for row in regions]
        labels = [one for row in rows for one in row]
        if len(rows) > 1 and any(len(row) != size for row in rows):
            labels = []
    else:
        raise InvalidConstraint("regions are a text or rows of labels", rule="regions", value=regions)
    if len(labels) != size * size:
        raise InvalidConstraint(
            f"regions label each of the {size * size} cells", rule="regions", value=regions
        )
    odd = next((label for label in labels if type(label) not in (str, int)), None)
    if odd is not None:
        raise InvalidConstraint(
            "the label of a region is a string or a whole number", rule="regions", value=odd
        )
    return labels


def _jigsaw(labels: Sequence[Any], about: Grid) -> list[Relation]:
    size = len(about.row_names)
    by_label: dict[Any, list[Cell]] = {}
    for cell, label in zip(about.cells, labels, strict=True):
        by_label.setdefault(label, []).append(cell)
    for label, cells in by_label.items():
        if len(cells) != size:
            raise InvalidConstraint(
                f"the region {label!r} has {len(cells)} cells and not {size}", rule="regions", value=label
            )
    return [
        all_different(cells, name=f"region {label} has every value once") for label, cells in by_label.items()
    ]


def _cage(cage: Any, about: Grid) -> tuple[tuple[Cell, ...], int]:
    try:
        added, cells = cage
        found = tuple((row, column) for row, column in cells)
    except (TypeError, ValueError) as error:
        raise InvalidConstraint(
            "a cage is a pair of a sum and its cells (row, column)", rule="cages", value=cage
        ) from error
    added = whole_number(added, rule="cages", name="the sum of a cage", low=None)
    if not found or any(one in found[:at] for at, one in enumerate(found)):
        raise InvalidConstraint("a cage has at least one cell, and none twice", rule="cages", value=cage)
    for cell in found:
        if cell not in about.cells:
            raise InvalidConstraint(
                "a cage has a cell that the puzzle has not",
                rule="cages",
                value=cell,
                remedy="rows and columns are numbered from 0",
            )
    return found, added
