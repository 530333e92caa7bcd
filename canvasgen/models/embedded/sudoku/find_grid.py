"""Finding the puzzle in a text."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from canvasgen.models.embedded.sudoku.grid_tokens import SIZES

__all__ = ["find_grid"]

_HOLE = re.compile(r"\{[^{}]*\}")
_LINE = re.compile(r"[1-9._0]+")
_RULE = re.compile(r"[-+=|\s]*")


def find_grid(text: str) -> npt.NDArray[np.int64] | None:
    """Return the first 4 x 4, 6 x 6 or 9 x 9 grid in a text, `[n * n]` with 0 for blanks; None if there is none.

    It stands in as many lines as it has columns, or all in one line. Blanks are `.`, `0`, `_` or braces with anything
    in them; spaces and `|` between cells and lines of `-`, `+`, `=`, `|` are passed over.
    """
    block: list[str] = []
    for raw in [*_HOLE.sub(".", text).splitlines(), "end"]:
        if block and _RULE.fullmatch(raw):
            continue
        line = re.sub(r"[\s|]", "", raw)
        if _LINE.fullmatch(line):
            block.append(line)
            continue
        found = _first_square(block)
        if found is not None:
            return found
        block = []
    return None


def _first_square(lines: list[str]) -> npt.NDArray[np.int64] | None:
    """Return the first grid in lines of digits and blanks."""
    for at, line in enumerate(lines):
        for size in SIZES:
            rows = [line] if len(line) == size * size else lines[at : at + size]
            if sum(map(len, rows)) != size * size or (
                len(rows) > 1 and any(len(row) != size for row in rows)
            ):
                continue
            grid = np.array([int(mark) if mark.isdigit() else 0 for mark in "".join(rows)], dtype=np.int64)
            if grid.max() <= size:
                return grid
    return None
