"""Sudokus and their variants: hard ones are solved, others refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import canvasgen as cg
from canvasgen.constraints.table import Table
from canvasgen.constraints.table.puzzle_text import symbol
from canvasgen.errors import InvalidConstraint, Unsatisfiable

CLASSIC = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
SOLVED = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
HARD = [
    tuple(map(str.strip, line.split("  # ")))
    for line in Path(__file__).with_name("hard_sudokus.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def rows_of(made: Table) -> list[list[int]]:
    """The one solution, read from the text that the shape is left with."""
    text = made.automaton.shortest()
    assert text is not None
    assert made.automaton.strings(1) == [text]
    assert made.matches(text.decode())
    return made.parse(text.decode())


def some_solution(made: Table, seed: int) -> list[list[int]]:
    problem = made.problem
    assert problem is not None
    scores = np.random.default_rng(seed).normal(size=(len(problem.cells), problem.width))
    best = problem.greedy(scores)
    if best is None:
        best = problem.best(scores, seconds=2).assignment
    rows = [[0] * len(made.grid.column_names) for _ in made.grid.row_names]
    for n, (row, column) in enumerate(made.related):
        rows[row][column] = int(problem.values[n][best[n]])  # type: ignore[arg-type]
    assert made.matches("\n".join("".join(map(symbol, row)) for row in rows))
    return rows


def assert_solves(rows: Sequence[Sequence[int]], puzzle: str, height: int, width: int) -> None:
    size = len(rows)
    every = set(range(1, size + 1))
    square = np.array(rows)
    for one in range(size):
        assert set(square[one]) == every
        assert set(square[:, one]) == every
    for top in range(0, size, height):
        for left in range(0, size, width):
            assert set(square[top : top + height, left : left + width].ravel()) == every
    for one, told in zip(square.ravel(), puzzle, strict=True):
        assert told in (".", symbol(int(one)))


def brute_force(puzzle: str, most: int) -> list[str]:
    """The first few solutions, by trying: bits of what rows, columns and boxes hold, the fullest cell first."""
    rows, columns, boxes = [0] * 9, [0] * 9, [0] * 9
    cells = [0 if one == "." else int(one) for one in puzzle]
    found: list[str] = []

    def place(at: int, bit: int) -> None:
        row, column = divmod(at, 9)
        rows[row] ^= bit
        columns[column] ^= bit
        boxes[row // 3 * 3 + column // 3] ^= bit

    def free(at: int) -> int:
        row, column = divmod(at, 9)
        return 0x3FE & ~(rows[row] | columns[column] | boxes[row // 3 * 3 + column // 3])

    def search() -> None:
        blank = [(free(at).bit_count(), at) for at in range(81) if not cells[at]]
        if not blank:
            found.append("".join(map(str, cells)))
            return
        _, at = min(blank)
        left = free(at)
        for value in range(1, 10):
            if left >> value & 1 and len(found) < most:
                cells[at] = value
                place(at, 1 << value)
                search()
                place(at, 1 << value)
                cells[at] = 0

    for at, value in enumerate(cells):
        if value:
            assert free(at) >> value & 1
            place(at, 1 << value)
    search()
    return found


@pytest.mark.parametrize("puzzle", [puzzle for puzzle, _ in HARD])
def test_hard_puzzles(puzzle: str) -> None:
    made = cg.sudoku(puzzle, mode="exact")
    assert made.problem is not None
    only = made.problem.solutions(2)
    assert only is not None
    assert len(only) == 1
    assert_solves(rows_of(made), puzzle, 3, 3)


@pytest.mark.slow
@pytest.mark.parametrize("puzzle", [puzzle for puzzle, _ in HARD])
def test_hard_puzzles_by_trying(puzzle: str) -> None:
    rows = rows_of(cg.sudoku(puzzle))
    assert brute_force(puzzle, 2) == ["".join(map(str, [one for row in rows for one in row]))]


def test_the_list_of_hard_puzzles() -> None:
    assert len({puzzle for puzzle, _ in HARD}) == len(HARD) >= 40
    for puzzle, name in HARD:
        givens = 81 - puzzle.count(".")
        assert ("17 givens" in name) == (givens == 17), name


def test_the_value_and_the_text() -> None:
    made = cg.sudoku(CLASSIC)
    rows = [[int(one) for one in SOLVED[at : at + 9]] for at in range(0, 81, 9)]
    text = "\n".join(SOLVED[at : at + 9] for at in range(0, 81, 9))
    assert rows_of(made) == rows
    assert made.parse(text) == rows
    assert made.matches(text)
    assert not made.matches(text.replace("1", "x").replace("2", "1").replace("x", "2"))
    assert not made.matches(SOLVED)
    assert not cg.sudoku(CLASSIC, mode="propagate").matches(text[:-1] + "8")


def test_the_model_mode_holds_the_shape_alone() -> None:
    made = cg.sudoku(CLASSIC, mode="model")
    text = "\n".join("1" * 9 for _ in range(9))
    cells = [one if one != "." else "1" for one in CLASSIC]
    wrong = "\n".join("".join(cells[at : at + 9]) for at in range(0, 81, 9))
    assert made.matches(wrong)
    assert not made.matches(text)


@pytest.mark.parametrize(
    ("size", "box"), [(4, None), (6, None), (6, (3, 2)), (8, None), (9, None), (10, (5, 2)), (4, (1, 4))]
)
def test_other_sizes(size: int, box: tuple[int, int] | None) -> None:
    usual = {4: (2, 2), 6: (2, 3), 8: (2, 4), 9: (3, 3)}
    made = cg.sudoku("." * (size * size), box, unique=False)
    assert_solves(some_solution(made, size), "." * (size * size), *(box or usual[size]))


@pytest.mark.slow
def test_sixteen_rows() -> None:
    puzzle = "1" + "." * 254 + "G"
    made = cg.sudoku(puzzle, unique=False)
    problem = made.problem
    assert problem is not None
    found = problem.greedy(np.zeros((256, problem.width)))
    if found is None:
        found = problem.best(np.zeros((256, problem.width))).assignment
    rows = [
        [int(problem.values[16 * row + column][found[16 * row + column]]) for column in range(16)]  # type: ignore
        for row in range(16)
    ]
    assert_solves(rows, puzzle, 4, 4)


@pytest.mark.slow
def test_diagonals() -> None:
    rows = some_solution(cg.sudoku("." * 81, diagonal=True, unique=False), 1)
    assert_solves(rows, "." * 81, 3, 3)
    assert {rows[at][at] for at in range(9)} == {rows[at][8 - at] for at in range(9)} == set(range(1, 10))


@pytest.mark.parametrize(
    "regions",
    ["AAAB\nACBB\nACDB\nCCDD", ["AAAB", "ACBB", "ACDB", "CCDD"], [[1, 1, 1, 2], [1, 3, 2, 2], [1, 3, 4, 2], [3, 3, 4, 4]]],
)  # fmt: skip
def test_jigsaws_with_odd_regions_are_refused(regions: Any) -> None:
    with pytest.raises(InvalidConstraint, match=r"has [35] cells and not 4"):
        cg.sudoku("." * 16, regions=regions)


@pytest.mark.parametrize("given", ["text", "rows", "numbers"])
def test_jigsaws(given: str) -> None:
    labels = ["AABBB", "AAABB", "CCCDD", "CCDDD", "EEEEE"]
    regions: Any = {
        "text": "\n".join(labels),
        "rows": labels,
        "numbers": [[ord(one) for one in row] for row in labels],
    }[given]
    rows = some_solution(cg.sudoku("." * 25, regions=regions, unique=False), 1)
    for label in "ABCDE":
        inside = [rows[r][c] for r in range(5) for c in range(5) if labels[r][c] == label]
        assert sorted(inside) == [1, 2, 3, 4, 5]
    assert_solves(rows, "." * 25, 1, 5)


def test_killers() -> None:
    cages = [(10, [(0, 0), (0, 1), (0, 2), (0, 3)]), (3, [(1, 0), [2, 0]]), (5, ((3, 3), (3, 2)))]
    rows = some_solution(cg.sudoku("." * 16, cages=iter(cages), unique=False), 1)
    for added, cells in cages:
        inside = [rows[r][c] for r, c in cells]
        assert sum(inside) == added
        assert len(set(inside)) == len(inside)
    assert_solves(rows, "." * 16, 2, 2)
    whole = [
        (sum(int(SOLVED[9 * r + c]) for c in range(left, left + 3)), [(r, c) for c in range(left, left + 3)])
        for r in range(9)
        for left in (0, 3, 6)
    ]
    made = cg.sudoku(CLASSIC, cages=whole)
    assert "".join(str(one) for row in rows_of(made) for one in row) == SOLVED


@pytest.mark.parametrize(
    ("puzzle", "words"),
    [
        ("11" + "." * 14, ["(0, 0) = 1", "(0, 1) = 1"]),
        ("1" + "." * 7 + "1" + "." * 7, ["(0, 0) = 1", "(2, 0) = 1", "column 1 has every value once"]),
        ("123." + "...4" + "." * 8, ["every value once"]),
        ("..9.287..8.6..4..5..3.....46.........2.71345.........23.....5..9..4..8.7..125.3..", ["row 5", "column 1"]),
    ],
)  # fmt: skip
def test_no_solution_names_a_minimal_conflict(puzzle: str, words: list[str]) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        cg.sudoku(puzzle)
    for word in words:
        assert word in str(caught.value)
    # Fewer givens than the puzzle has, but for the small ones.
    named = re.findall(r"\(\d, \d\) = ", str(caught.value))
    assert 2 <= len(named) <= len(puzzle) - puzzle.count(".")


@pytest.mark.parametrize("puzzle", ["." * 16, "." * 81, "1" + "." * 15, "1.3.4....1.3...."])
def test_several_solutions_are_refused(puzzle: str) -> None:
    with pytest.raises(InvalidConstraint, match=r"several solutions: row .* can be") as caught:
        cg.sudoku(puzzle)
    assert caught.value.rule == "unique"
    two: Iterable[int] = caught.value.value
    assert len(set(two)) == 2
    made = cg.sudoku(puzzle, unique=False)
    size = len(made.grid.row_names)
    side = round(size**0.5)
    assert_solves(some_solution(made, 1), puzzle, side, side)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"puzzle": "." * 25}, ["no usual box for 5 rows"]),
        ({"puzzle": "." * 49}, ["no usual box for 7 rows"]),
        ({"puzzle": "12345"}, ["square"]),
        ({"box": "22"}, ["pair"]),
        ({"box": 4}, ["pair"]),
        ({"box": (2, 3)}, ["does not hold 4"]),
        ({"box": (-2, -2)}, ["does not hold 4"]),
        ({"box": (2.0, 2)}, ["pair"]),
        ({"box": (2, 2), "regions": "A" * 16}, ["exclude"]),
        ({"regions": 4}, ["regions"]),
        ({"regions": [1, 2, 3, 4]}, ["16 cells"]),
        ({"regions": "AABB"}, ["16 cells"]),
        ({"regions": ["AAB", "BBCCD", "AACC", "DDDB"]}, ["16 cells"]),
        ({"regions": "A" * 16}, ["has 16 cells"]),
        ({"regions": [[[1], 1, 1, 1]] * 4}, ["label"]),
        ({"cages": 3}, ["cages"]),
        ({"cages": "ab"}, ["cages"]),
        ({"cages": [3]}, ["pair of a sum"]),
        ({"cages": [(3, [(0, 0), (0,)])]}, ["pair of a sum"]),
        ({"cages": [(3, [(4, 0)])]}, ["(4, 0)", "numbered from 0"]),
        ({"cages": [(3, [([], 0)])]}, ["cages"]),
        ({"cages": [(3, [])]}, ["at least one"]),
        ({"cages": [(3, [(0, 0), (0, 0)])]}, ["none twice"]),
        ({"cages": [("3", [(0, 0), (0, 1)])]}, ["whole number"]),
        ({"cages": [(True, [(0, 0), (0, 1)])]}, ["whole number"]),
        ({"mode": "fast"}, ["no such mode"]),
    ],
)  # fmt: skip
def test_wrong_input(options: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        cg.sudoku(**{"puzzle": "." * 16, "unique": False, **options})
    for word in words:
        assert word in str(caught.value)


def test_cages_that_cannot_be() -> None:
    with pytest.raises(Unsatisfiable, match=r"r1c1 \+ r1c2 = 30"):
        cg.sudoku("." * 16, cages=[(30, [(0, 0), (0, 1)])])
    with pytest.raises(Unsatisfiable, match="cage r1c1"):
        cg.sudoku("." * 36, cages=[(2, [(0, 0), (4, 5)])])


@pytest.mark.slow
def test_sixteen_rows_over_several_canvases() -> None:
    rows = [[(row % 4 * 4 + row // 4 + column) % 16 + 1 for column in range(16)] for row in range(16)]
    full = "".join(symbol(one) for row in rows for one in row)
    puzzle = "".join("." if at % 5 == 0 else one for at, one in enumerate(full))
    done = cg.load().complete(constraint=cg.sudoku(puzzle), seed=1)
    assert done.blocks > 1
    assert done.value == rows
