"""Sudoku: rows, columns and regions that hold every value once; with diagonals, jigsaw regions and killer cages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from canvasgen.checks import invalid, is_iterable, is_sequence, whole_number
from canvasgen.constraints.shown import Trained
from canvasgen.constraints.table.build import assemble
from canvasgen.constraints.table.grid import Cell, Grid, grid
from canvasgen.constraints.table.puzzle_text import read_cells
from canvasgen.constraints.table.solutions import require_one_solution, square_domains
from canvasgen.constraints.table.table import Mode, Table
from canvasgen.errors import InvalidConstraint
from canvasgen.relations import Relation, all_different, total

__all__ = ["BOXES", "model_for", "sudoku"]

BOXES = {
    4: (2, 2), 6: (2, 3), 8: (2, 4), 9: (3, 3), 10: (2, 5), 12: (3, 4), 14: (2, 7), 15: (3, 5), 16: (4, 4),
    18: (3, 6), 20: (4, 5), 21: (3, 7), 24: (4, 6), 25: (5, 5),
}  # fmt: skip
"""Rows and columns of a box, by the size of the grid; the default."""
_KNOWN = ((4, (2, 2)), (6, (2, 3)), (9, (3, 3)))
"""What the embedded Sudoku model was trained on."""


def sudoku(
    puzzle: object,
    box: tuple[int, int] | None = None,
    *,
    diagonal: bool = False,
    regions: str | Sequence[Sequence[Any]] | None = None,
    cages: Iterable[tuple[int, Iterable[tuple[int, int]]]] = (),
    mode: Mode = "exact",
    unique: bool = True,
) -> Table:
    """Return a Sudoku. The value is the list of its rows, each a list of ints.

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
    if regions is None:
        regional, kind = _boxes(box, about)
    elif box is None:
        regional, kind = _jigsaw(_region_of_cells(regions, about), about)
    else:
        raise InvalidConstraint(
            "boxes and jigsaw regions exclude each other", rule="regions", remedy="give one of them"
        )
    relations = [
        *(all_different(row, name=f"row {n} has every value once") for n, row in enumerate(about.rows, 1)),
        *(
            all_different(one, name=f"column {n} has every value once")
            for n, one in enumerate(about.columns, 1)
        ),
        *regional,
    ]
    rules = f"Every row, column and {kind[0]} holds each of 1 to {size} once{kind[1]}"
    if diagonal:
        relations += [
            all_different(cells, name=f"the {name} diagonal has every value once")
            for cells, name in zip(about.diagonals, ("falling", "rising"), strict=True)
        ]
        rules += ", and so do both diagonals"
    caged = _caged(cages, about)
    sums = "; ".join(relation.describe() for relation in caged if "=" in relation.describe())
    made = assemble(
        about,
        square_domains(rows, about),
        (*relations, *caged),
        layout="plain",
        mode=mode,
        instruction=f"Solve this Sudoku. {rules}{f'; {sums}' if sums else ''}. Answer only with the full grid:",
        gap=".",
        trained=_trained(model_for(size, box, jigsaw=regions is not None), size),
    )
    if unique:
        require_one_solution(made)
    return made


def model_for(size: int, box: tuple[int, int] | None = None, *, jigsaw: bool = False) -> str | None:
    """Return the embedded model that was trained on such grids; None if there is none."""
    return None if jigsaw or (size, box or BOXES.get(size)) not in _KNOWN else "sudoku"


def _trained(model: str | None, size: int) -> Trained | None:
    """Return that model with the characters that it can write."""
    return None if model is None else Trained(model, "123456789"[:size] + "\n")


def _boxes(box: tuple[int, int] | None, about: Grid) -> tuple[list[Relation], tuple[str, str]]:
    """Return the relations of the boxes, with what the instruction calls one and adds."""
    height, width = _box(box, len(about.row_names))
    relations = [
        all_different(cells, name=f"box {n} has every value once")
        for n, cells in enumerate(about.boxes(height, width), 1)
    ]
    return relations, (f"{height}x{width} box", "")


def _box(box: tuple[int, int] | None, size: int) -> tuple[int, int]:
    if box is None:
        if size not in BOXES:
            raise InvalidConstraint(
                f"there is no usual box for {size} rows",
                rule="box",
                remedy="give box=(rows, columns), or regions",
            )
        return BOXES[size]
    if not is_sequence(box) or len(box) != 2 or not all(type(side) is int for side in box):
        raise invalid("a box is a pair of its rows and columns", "box", box, "write box=(3, 3)")
    if box[0] < 1 or box[0] * box[1] != size:
        raise invalid(
            f"a box of {box[0]} x {box[1]} cells does not hold {size} values",
            "box",
            box,
            f"give rows and columns whose product is {size}",
        )
    return box[0], box[1]


def _labels(labels: Sequence[Any], size: int) -> str:
    """Return the labels of regions as rows of text."""
    return " ".join("".join(map(str, labels[at : at + size])) for at in range(0, len(labels), size))


def _region_of_cells(regions: object, about: Grid) -> list[Any]:
    """Return the label of each cell, row by row."""
    size = len(about.row_names)
    if isinstance(regions, str):
        labels: list[Any] = list("".join(regions.split()))
    elif is_iterable(regions) and not isinstance(regions, (bytes, Mapping, set, frozenset)):
        rows = [list(row) if is_iterable(row) else [row] for row in regions]
        labels = [one for row in rows for one in row]
        if len(rows) > 1 and any(len(row) != size for row in rows):
            labels = []
    else:
        raise invalid(
            "regions are a text or rows of labels",
            "regions",
            regions,
            "give one text of a label for each cell, or a list for each row",
        )
    if len(labels) != size * size:
        raise invalid(
            f"regions label each of the {size * size} cells",
            "regions",
            regions,
            "give a label for each cell, row by row",
        )
    odd = next((label for label in labels if type(label) not in (str, int)), None)
    if odd is not None:
        raise invalid(
            "the label of a region is a string or a whole number",
            "regions",
            odd,
            "label each cell with a letter or a number",
        )
    return labels


def _jigsaw(labels: Sequence[Any], about: Grid) -> tuple[list[Relation], tuple[str, str]]:
    """Return the relations of jigsaw regions, with what the instruction calls one and adds."""
    size = len(about.row_names)
    by_label: dict[Any, list[Cell]] = {}
    for cell, label in zip(about.cells, labels, strict=True):
        by_label.setdefault(label, []).append(cell)
    for label, cells in by_label.items():
        if len(cells) != size:
            raise invalid(
                f"the region {label!r} has {len(cells)} cells and not {size}",
                "regions",
                label,
                f"give each region {size} cells",
            )
    relations = [
        all_different(cells, name=f"region {label} has every value once") for label, cells in by_label.items()
    ]
    return relations, ("region", f" (regions: {_labels(labels, size)})")


def _caged(cages: object, about: Grid) -> list[Relation]:
    """Return the relations of killer cages: the sum of each, and that its values differ."""
    if not is_iterable(cages):
        raise invalid("cages are a list of pairs", "cages", cages, "write cages=[(10, [(0, 0), (0, 1)])]")
    relations: list[Relation] = []
    for cells, added in [_cage(cage, about) for cage in cages]:
        where = " + ".join(f"r{r + 1}c{c + 1}" for r, c in cells)
        relations.append(total(cells, "==", added, name=f"{where} = {added}"))
        if len(cells) > 1:
            relations.append(all_different(cells, name=f"the cage {where} has no value twice"))
    return relations


def _cage(cage: Any, about: Grid) -> tuple[tuple[Cell, ...], int]:
    try:
        added, cells = cage
        found = tuple((row, column) for row, column in cells)
    except (TypeError, ValueError) as error:
        raise invalid(
            "a cage is a pair of a sum and its cells (row, column)",
            "cages",
            cage,
            "write cages=[(10, [(0, 0), (0, 1)])]",
        ) from error
    added = whole_number(added, rule="cages", name="the sum of a cage", low=None)
    if not found or any(one in found[:at] for at, one in enumerate(found)):
        raise invalid(
            "a cage has at least one cell, and none twice", "cages", cage, "list each cell of a cage once"
        )
    for cell in found:
        if cell not in about.cells:
            raise invalid(
                "a cage has a cell that the puzzle has not",
                "cages",
                cell,
                "rows and columns are numbered from 0",
            )
    return found, added
