"""Reading puzzles: one line of characters, grids of text, lists, and the files that Sudoku programs write.

Files are .sdk (SadMan), .sdm (a puzzle a line), .ss (Simple Sudoku, with bars and dashes), .csv, JSON and plain text;
lines that begin with `#` or `[` are remarks, as is what follows ` #` on a line; bars, plus signs, lines of dashes and
box-drawing characters are borders. Where bars stand between all cells, as in Markdown, empty cells are blanks.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from canvasgen.checks import file_text, invalid, is_iterable, whole_number
from canvasgen.errors import InvalidConstraint

__all__ = ["read_cells", "read_puzzles", "symbol", "symbol_value"]

_BLANKS = frozenset(".0_*?xX-")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ZERO = "0"
_JSON = re.compile(r"\s*\[\s*(\[|\"|-?\d|null\b)")
_BOX_LINES = {
    **{code: ord("+") for code in range(0x2500, 0x2580)},
    **dict.fromkeys(map(ord, "─━═╌╍┄┅┈┉╴╶╸╺╼╾"), ord("-")),
    **dict.fromkeys(map(ord, "│┃║╎╏┆┇┊┋╵╷╹╻╽╿"), ord("|")),
}
"""Box-drawing characters as plus signs, dashes and bars."""
_BORDER = re.compile(r"[-+=|*.:'\s]*[-+=]{3}[-+=|*.:'\s]*")
MOST_SIZE = 25
"""Rows of the largest puzzle."""


def symbol(value: int) -> str:
    """Return a value as text: 1 to 9, then A for 10, B for 11 and so on."""
    return str(value) if value < 10 else _LETTERS[value - 10]


def symbol_value(text: str, where: str) -> int | None:
    """Return the value of a cell's text; None for a blank.

    Raises:
        InvalidConstraint: it is no number, letter or blank.
    """
    if text in _BLANKS or text in ("", "00"):
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    if len(text) == 1 and text.upper() in _LETTERS:
        return _LETTERS.index(text.upper()) + 10
    raise invalid(
        "a cell of a puzzle is a number, a letter from A for 10 on, or a blank (. or 0)",
        "puzzle",
        text,
        "write one of these in each cell",
        path=where,
    )


def read_cells(puzzle: object) -> list[list[int | None]]:
    """Return the rows of a square puzzle; None for blanks.

    Args:
        puzzle: a string of all cells in order, a grid of text, the path of a file with one puzzle, or rows of numbers
            with 0, None or a blank string where nothing is given.

    Raises:
        InvalidConstraint: it is not square, a cell cannot be read, or the file cannot.
    """
    if isinstance(puzzle, Path):
        found = read_puzzles(puzzle)
        if len(found) != 1:
            raise invalid(
                f"the file holds {len(found)} puzzles",
                "puzzle",
                puzzle.name,
                "read them with canvasgen.constraints.table.read_puzzles and take one",
            )
        return found[0]
    if isinstance(puzzle, str) and _JSON.match(puzzle):
        puzzle = _from_json(puzzle)
    if isinstance(puzzle, str):
        return _square(_tokens(puzzle))
    if is_iterable(puzzle) and not isinstance(puzzle, (bytes, Mapping, set, frozenset)):
        rows = [list(row) if is_iterable(row) else [row] for row in puzzle]
        return _square([[_given(one, r, c) for c, one in enumerate(row)] for r, row in enumerate(rows)])
    raise invalid(
        "a puzzle is a string, a path or a list of rows",
        "puzzle",
        puzzle,
        "give a string of 81 characters, a pathlib.Path, or nine lists of nine numbers",
    )


def read_puzzles(source: str | Path) -> list[list[list[int | None]]]:
    """Return all puzzles of a text or file: one, or one on each line.

    Raises:
        InvalidConstraint: the file cannot be read, or holds no puzzle.
    """
    if isinstance(source, Path):
        source = file_text(source, "puzzle")
    if _JSON.match(source):
        return [read_cells(source)]
    lines = _content(source)
    # A line that is a whole puzzle has as many cells as a square grid of at least four rows; a row of a grid has not
    # as long as the lines are fewer than its cells.
    whole = [line for line in lines if _is_puzzle_line(line)]
    if whole and len(whole) == len(lines) and not _is_one_grid(lines):
        return [_numbered(line, number) for number, line in enumerate(whole, 1)]
    return [_square(_tokens(source))]


def _numbered(line: str, number: int) -> list[list[int | None]]:
    """Return a puzzle that is one line; errors name its number."""
    try:
        return _square(_tokens(line))
    except InvalidConstraint as error:
        error.path = f"puzzle {number}" + (f", {error.path}" if error.path else "")
        raise


def _is_one_grid(lines: list[str]) -> bool:
    """Return whether lines are the rows of one square grid: some value is too large for a puzzle on one line."""
    size = len(lines)
    if size < 2 or any(len(line) != size for line in lines):
        return False
    values = [symbol_value(one, "") for line in lines for one in line if one.isalnum()]
    return any(value is not None and value > math.isqrt(size) for value in values)


def _is_puzzle_line(line: str) -> bool:
    size = math.isqrt(len(line))
    return " " not in line and "," not in line and size >= 4 and size * size == len(line)


def _from_json(text: str) -> list[object]:
    """Return the rows of a puzzle that is written as a JSON list: of rows, or of all cells."""
    try:
        found: object = json.loads(text)
    except ValueError as error:
        raise invalid(
            f"a puzzle that begins with a bracket is read as JSON, and this is none: {error}",
            "puzzle",
            text,
            "give the list itself, or the cells without brackets",
        ) from error
    assert isinstance(found, list)
    rows = cast("list[object]", found)
    return rows if any(isinstance(row, list) for row in rows) else [rows]


def _lines(text: str) -> list[str]:
    """Return the lines without remarks, borders and surrounding space; box drawing as bars."""
    found: list[str] = []
    for line in text.translate(_BOX_LINES).splitlines():
        line = line.strip().lstrip("\ufeff")
        if not line or line[0] in "#[" or _BORDER.fullmatch(line):
            continue
        found.append(line.partition(" #")[0].partition("\t#")[0].strip())
    return found


def _content(text: str) -> list[str]:
    """Return the lines as `_lines`, with bars as spaces."""
    return [line.replace("|", " ").replace("!", " ").strip() for line in _lines(text)]


def _between_bars(text: str) -> list[list[str]] | None:
    """Return the cells of a square grid with a bar between every two cells; None if it is no such grid."""
    rows = [
        [one.strip() for one in line.removeprefix("|").removesuffix("|").split("|")] for line in _lines(text)
    ]
    if len(rows) > 2 and len(rows) == len(rows[0]) + 1 and not any(rows[0]):
        rows = rows[1:]  # the empty head of a Markdown table
    is_square = len(rows) > 1 and all(len(row) == len(rows) for row in rows)
    return rows if is_square and all(len(one.split()) <= 1 for row in rows for one in row) else None


def _tokens(text: str) -> list[list[str]]:
    """Return the texts of the cells by line; one line if the puzzle is on one."""
    barred = _between_bars(text)
    if barred is not None:
        return barred
    lines = _content(text)
    if not lines:
        raise invalid(
            "the puzzle is empty", "puzzle", text, "write a character for each cell, . where it is empty"
        )
    if any("," in line or ";" in line for line in lines):
        return [[one.strip(' \t"') for one in re.split("[,;]", line)] for line in lines]
    spaced = [line.split() for line in lines]
    if len(spaced) > 1 and all(len(row) == len(spaced) for row in spaced):
        return spaced
    return [list("".join(row)) for row in spaced]


def _given(one: object, row: int, column: int) -> str:
    if one is None:
        return ""
    if isinstance(one, str):
        return one.strip()
    where = f"row {row + 1}, column {column + 1}"
    return str(whole_number(one, rule="puzzle", name="a cell of a puzzle", low=None, path=where))


def _square(rows: list[list[str]]) -> list[list[int | None]]:
    if len(rows) == 1 and math.isqrt(len(rows[0])) ** 2 == len(rows[0]):
        size = math.isqrt(len(rows[0]))
        rows = [rows[0][at : at + size] for at in range(0, len(rows[0]), max(size, 1))]
    size = len(rows)
    wrong = next((number for number, row in enumerate(rows, 1) if len(row) != size), None)
    if wrong is not None or not 1 <= size <= MOST_SIZE:
        cells = sum(map(len, rows))
        raise InvalidConstraint(
            f"a puzzle is square, with up to {MOST_SIZE} rows: this has {cells} cells in "
            f"{size} row{'' if size == 1 else 's'}",
            rule="puzzle",
            value=cells,
            remedy="give 16, 36, 81 or 256 characters, as many rows as columns, or the Path of a file",
            path=None if wrong is None else f"row {wrong}",
        )
    found: list[list[int | None]] = []
    for r, row in enumerate(rows, 1):
        line: list[int | None] = []
        for c, text in enumerate(row, 1):
            where = f"row {r}, column {c}"
            value = symbol_value(text, where)
            if value is not None and not 1 <= value <= size:
                remedy = None if text.isdigit() else f"letters are numbers from A = 10 on: {text} is {value}"
                raise InvalidConstraint(
                    f"a cell holds 1 to {size}", path=where, rule="puzzle", value=text, remedy=remedy
                )
            line.append(value)
        found.append(line)
    _refuse_zero_as_a_value(rows, found)
    return found


def _refuse_zero_as_a_value(rows: list[list[str]], values: list[list[int | None]]) -> None:
    """Raise an error for a puzzle of the values 0 to n - 1, as hexadecimal ones are: here 0 is a blank.

    Told by a 0 beside other blanks, and a greatest value of n - 1, in puzzles of more than nine rows.
    """
    size = len(rows)
    texts = {text for row in rows for text in row}
    blanks = {text for text in texts if text in _BLANKS or not text} - {_ZERO}
    most = max((value for row in values for value in row if value is not None), default=0)
    if size > 9 and _ZERO in texts and blanks and most == size - 1:
        r, c = next((r, row.index(_ZERO)) for r, row in enumerate(rows) if _ZERO in row)
        raise InvalidConstraint(
            f"0 may be a value here, as in puzzles of 0 to {symbol(most)}: "
            f"it is not the only blank, and no cell holds {symbol(size)}",
            path=f"row {r + 1}, column {c + 1}",
            rule="puzzle",
            value=_ZERO,
            remedy=f"write the values as 1 to 9 and A to {symbol(size)}, one more than before, and all blanks alike",
        )
