"""Puzzles as programs and people write them: lines, grids, files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvasgen.constraints.table import read_puzzles
from canvasgen.constraints.table.puzzle_text import read_cells, symbol, symbol_value
from canvasgen.errors import InvalidConstraint

LINE = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
ROWS = [[None if one == "." else int(one) for one in LINE[at : at + 9]] for at in range(0, 81, 9)]
GRID = "\n".join(LINE[at : at + 9] for at in range(0, 81, 9))

SDK = "#A Somebody\n#D A puzzle\n[Puzzle]\n" + GRID + "\n"
SIMPLE_SUDOKU = """*-----------*
|53.|.7.|...|
|6..|195|...|
|.98|...|.6.|
|---+---+---|
|8..|.6.|..3|
|4..|8.3|..1|
|7..|.2.|..6|
|---+---+---|
|.6.|...|28.|
|...|419|..5|
|...|.8.|.79|
*-----------*
"""
DRAWN = """
 5 3 . | . 7 . | . . .
 6 . . | 1 9 5 | . . .
 . 9 8 | . . . | . 6 .
-------+-------+------
 8 . . | . 6 . | . . 3
 4 . . | 8 . 3 | . . 1
 7 . . | . 2 . | . . 6
-------+-------+------
 . 6 . | . . . | 2 8 .
 . . . | 4 1 9 | . . 5
 . . . | . 8 . | . 7 9
"""
CSV = "\r\n".join(",".join(one.strip(".") for one in GRID.split("\n")[row]) for row in range(9)) + "\r\n"


@pytest.mark.parametrize(
    "text",
    [
        LINE, LINE.replace(".", "0"), LINE.replace(".", "_"), LINE.replace(".", "*"), LINE.replace(".", "x"),
        GRID, GRID.replace("\n", "\r\n"), "\ufeff" + GRID, f"  {LINE}  # classic", SDK, SIMPLE_SUDOKU, DRAWN, CSV,
        CSV.replace(",", ";"), CSV.replace("5", '"5"'), " ".join(LINE),
    ],
)  # fmt: skip
def test_one_puzzle_in_many_hands(text: str, tmp_path: Path) -> None:
    assert read_cells(text) == ROWS
    assert read_puzzles(text) == [ROWS]
    file = tmp_path / "puzzle.txt"
    file.write_bytes(text.encode())
    assert read_cells(file) == ROWS


@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        [[one or 0 for one in row] for row in ROWS],
        [tuple("" if one is None else str(one) for one in row) for row in ROWS],
        GRID.split("\n"),
        np.array([[one or 0 for one in row] for row in ROWS]),
        (iter(row) for row in ROWS),
    ],
)
def test_rows_of_numbers(rows: Any) -> None:
    assert read_cells(rows) == ROWS


def test_a_puzzle_on_each_line(tmp_path: Path) -> None:
    file = tmp_path / "many.sdm"
    file.write_text(f"# three\n{LINE}\n\n{LINE.replace('.', '0')}  # again\n{LINE}\n", encoding="utf-8")
    assert read_puzzles(file) == [ROWS] * 3
    with pytest.raises(InvalidConstraint, match="holds 3 puzzles"):
        read_cells(file)


def test_a_grid_of_sixteen_rows_is_one_puzzle() -> None:
    rows = [[(row * 4 + row // 4 + column) % 16 + 1 for column in range(16)] for row in range(16)]
    grid = "\n".join("".join(map(symbol, row)) for row in rows)
    assert read_puzzles(grid) == [rows]
    assert read_cells(grid.replace("\n", "")) == rows
    assert read_cells("\n".join(" ".join(map(str, row)) for row in rows)) == rows
    # Sixteen small puzzles, a line each, are puzzles.
    small = "1...............\n" * 16
    assert len(read_puzzles(small)) == 16


@given(st.integers(1, 25))
def test_symbols_read_back(value: int) -> None:
    assert symbol_value(symbol(value), "here") == value
    assert symbol_value(symbol(value).lower(), "here") in (value, None)


def squares(size: int) -> st.SearchStrategy[list[list[int | None]]]:
    row = st.lists(st.one_of(st.none(), st.integers(1, size)), min_size=size, max_size=size)
    return st.lists(row, min_size=size, max_size=size)


@pytest.mark.slow
@given(st.sampled_from([2, 4, 6, 9, 12]).flatmap(squares))
def test_grids_read_back(rows: list[list[int | None]]) -> None:
    line = "".join("." if one is None else symbol(one) for row in rows for one in row)
    assert read_cells(line) == rows
    assert (
        read_cells("\n".join(",".join("" if one is None else str(one) for one in row) for row in rows))
        == rows
    )


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        rows = read_cells(text)
    except InvalidConstraint:
        return
    assert {len(row) for row in rows} == {len(rows)}


@pytest.mark.parametrize(
    ("puzzle", "words"),
    [
        ("", ["empty"]),
        ("# nothing\n\n", ["empty"]),
        (LINE[:-1], ["square", "80"]),
        (LINE + ".", ["square", "82"]),
        (GRID[:-1], ["row 9"]),
        (GRID + "\n.........", ["square"]),
        (LINE.replace("8", "A"), ["1 to 9", "row 3, column 3"]),
        (LINE.replace("7", "!"), ["square"]),
        (LINE.replace("7", "ß"), ["row 1, column 5", "ß"]),
        (LINE.replace("7", "²"), ["row 1, column 5"]),
        (None, ["a puzzle is"]),
        (9, ["a puzzle is"]),
        (b"1" * 16, ["a puzzle is"]),
        ({1: 2}, ["a puzzle is"]),
        ([[1, 2], [3]], ["row 2"]),
        ([[1, 3], [0, 0]], ["1 to 2", "row 1, column 2"]),
        ([[-1, 0], [0, 0]], ["row 1, column 1"]),
        ([[1.5, 0], [0, 0]], ["number", "1.5"]),
        ([[True, 0], [0, 0]], ["number", "True"]),
        ([[[1], 0], [0, 0]], ["number"]),
        ([], ["square"]),
        (["." * 26] * 26, ["25 rows"]),
        (Path("/nowhere/puzzle.sdk"), ["cannot be read"]),
        (Path("."), ["cannot be read"]),
    ],
)  # fmt: skip
def test_malformed_puzzles(puzzle: Any, words: list[str]) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        read_cells(puzzle)
    for word in words:
        assert word in str(caught.value)


def test_a_malformed_line_of_a_file_is_numbered() -> None:
    with pytest.raises(InvalidConstraint, match="puzzle 2, row 1, column 1"):
        read_puzzles(f"{LINE}\nA{LINE[1:]}\n")
    with pytest.raises(InvalidConstraint):
        read_puzzles(f"{LINE}\n{LINE[1:]}\n")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "puzzle.sdk"
    file.write_bytes(b"\xff\xfe5")
    with pytest.raises(InvalidConstraint, match="cannot be read"):
        read_cells(file)


SMALL: list[list[int | None]] = [[1, None, 3, 4], [3, 4, None, 2], [None, 1, 4, 3], [4, 3, 2, None]]
BOXES_LIGHT = """
┌───┬───┬───┬───┐
│ 1 │   │ 3 │ 4 │
├───┼───┼───┼───┤
│ 3 │ 4 │   │ 2 │
├───┼───┼───┼───┤
│   │ 1 │ 4 │ 3 │
├───┼───┼───┼───┤
│ 4 │ 3 │ 2 │   │
└───┴───┴───┴───┘
"""
BOXES_HEAVY = """
╔═════╦═════╗
║ 1 . ║ 3 4 ║
║ 3 4 ║ . 2 ║
╠═════╬═════╣
║ . 1 ║ 4 3 ║
║ 4 3 ║ 2 . ║
╚═════╩═════╝
"""
MARKDOWN = "| 1 |  | 3 | 4 |\n|---|---|---|---|\n| 3 | 4 |  | 2 |\n|  | 1 | 4 | 3 |\n| 4 | 3 | 2 |  |"
HEADED = "|  |  |  |  |\n|---|---|---|---|\n" + MARKDOWN.replace("|---|---|---|---|\n", "")


@pytest.mark.parametrize(
    "text",
    [
        BOXES_LIGHT,
        BOXES_HEAVY,
        MARKDOWN,
        HEADED,
        "[[1, 0, 3, 4], [3, 4, null, 2], [0, 1, 4, 3], [4, 3, 2, 0]]",
        ' [\n [1, "", 3, 4],\n [3, 4, ".", 2],\n [0, 1, 4, 3],\n [4, 3, 2, 0]\n]\n',
        "[1, 0, 3, 4, 3, 4, 0, 2, 0, 1, 4, 3, 4, 3, 2, 0]",
    ],
)
def test_drawn_boxes_markdown_and_json(text: str, tmp_path: Path) -> None:
    assert read_cells(text) == SMALL
    file = tmp_path / "puzzle.txt"
    file.write_text(text, encoding="utf-8")
    assert read_cells(file) == SMALL


@pytest.mark.slow
@given(st.sampled_from([2, 4, 6, 9, 12]).flatmap(squares))
def test_markdown_and_json_read_back(rows: list[list[int | None]]) -> None:
    assert read_cells(json.dumps(rows)) == rows
    lines = ["| " + " | ".join("" if one is None else str(one) for one in row) + " |" for row in rows]
    assert read_cells("\n".join([lines[0], "|" + "---|" * len(rows), *lines[1:]])) == rows


@pytest.mark.parametrize("text", ["[[1, 2], [3, 4]", "[[None, 1], [1, 0]]", "[1, 2"])
def test_brackets_that_are_no_json(text: str) -> None:
    with pytest.raises(InvalidConstraint, match="begins with a bracket"):
        read_cells(text)


def test_hexadecimal_puzzles_are_refused_by_the_character() -> None:
    """Their 0 is a value; it is never taken for a blank in silence."""
    size = 16
    solved = [[(4 * (r % 4) + r // 4 + c) % size for c in range(size)] for r in range(size)]
    text = "".join(
        "." if (r * 7 + c * 5) % 3 else "0123456789ABCDEF"[solved[r][c]]
        for r in range(size)
        for c in range(size)
    )
    with pytest.raises(InvalidConstraint) as caught:
        read_cells(text)
    assert caught.value.value == "0"
    assert "0 to F" in caught.value.message
    assert "row 1, column 1" in str(caught.value)
    one_more = "".join("." if one == "." else symbol(int(one, 16) + 1) for one in text)
    assert [value for row in read_cells(one_more) for value in row if value][:3] == [1, 4, 7]


def test_letters_beyond_the_size_are_told() -> None:
    with pytest.raises(InvalidConstraint, match="P is 25"):
        read_cells("P" + "." * 255)
