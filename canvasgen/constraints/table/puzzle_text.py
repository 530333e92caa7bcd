"""Reading puzzles: one line of characters, grids of text, lists, and the files that Sudoku programs write.

Files are .sdk (SadMan), .sdm (a puzzle a line), .ss (Simple Sudoku, with bars and dashes), .csv and plain text; lines
that begin with `#` or `[` are remarks, as is what follows ` #` on a line; bars, plus signs and lines of dashes are
borders.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

from canvasgen.checks import is_iterable, whole_number
from canvasgen.errors import InvalidConstraint

__all__ = ["read_cells", "read_puzzles", "symbol", "symbol_value"]

_BLANKS = frozenset(".0_*?xX-")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
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
    raise InvalidConstraint(
        "a cell of a puzzle is a number, a letter from A for 10 on, or a blank (. or 0)",
        path=where,
        rule="puzzle",
        value=text,
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
            raise InvalidConstraint(
                f"the file holds {len(found)} puzzles",
                rule="puzzle",
                value=puzzle.name,
                remedy="read them with canvasgen.constraints.table.read_puzzles and take one",
            )
        return found[0]
    if isinstance(puzzle, str):
        return _square(_tokens(puzzle))
    if is_iterable(puzzle) and not isinstance(puzzle, (bytes, Mapping, set, frozenset)):
        rows = [list(row) if is_iterable(row) else [row] for row in puzzle]
        return _square([[_given(one, r, c) for c, one in enumerate(row)] for r, row in enumerate(rows)])
    raise InvalidConstraint("a puzzle is a string, a path or a list of rows", rule="puzzle", value=puzzle)


def read_puzzles(source: str | Path) -> list[list[list[int | None]]]:
    """Return all puzzles of a text or file: one, or one on each line.

    Raises:
        InvalidConstraint: the file cannot be read, or holds no puzzle.
    """
    if isinstance(source, Path):
        try:
            source = source.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidConstraint(f"the puzzle cannot be read: {error}", rule="puzzle") from error
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


def _content(text: str) -> list[str]:
    """Return the lines without remarks, borders and surrounding space."""
    found: list[str] = []
    for line in text.splitlines():
        line = line.strip().lstrip("\ufeff")
        if not line or line[0] in "#[" or _BORDER.fullmatch(line):
            continue
        line = line.partition(" #")[0].partition("\t#")[0]
        found.append(line.replace("|", " ").replace("!", " ").strip())
    return found


def _tokens(text: str) -> list[list[str]]:
    """Return the texts of the cells by line; one line if the puzzle is on one."""
    lines = _content(text)
    if not lines:
        raise InvalidConstraint("the puzzle is empty", rule="puzzle", value=text)
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
    if len(rows) == 1:
        size = math.isqrt(len(rows[0]))
        rows = [rows[0][at : at + size] for at in range(0, len(rows[0]), max(size, 1))]
    size = len(rows)
    wrong = next((number for number, row in enumerate(rows, 1) if len(row) != size), None)
    if wrong is not None or not 1 <= size <= MOST_SIZE:
        cells = sum(map(len, rows))
        raise InvalidConstraint(
            f"a puzzle is square, with up to {MOST_SIZE} rows: this has {cells} cells in {size} rows",
            path=None if wrong is None else f"row {wrong}",
            rule="puzzle",
            value=cells,
            remedy="give 16, 36, 81 or 256 characters, as many rows as columns, or the Path of a file",
        )
    found: list[list[int | None]] = []
    for r, row in enumerate(rows, 1):
        line: list[int | None] = []
        for c, text in enumerate(row, 1):
            where = f"row {r}, column {c}"
            value = symbol_value(text, where)
            if value is not None and not 1 <= value <= size:
                raise InvalidConstraint(f"a cell holds 1 to {size}", path=where, rule="puzzle", value=value)
            line.append(value)
        found.append(line)
    return found
