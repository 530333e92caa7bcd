"""A grid of symbols on a terminal: borders around its regions, the given cells bold, those that just changed coloured."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["box_labels", "cells_of_text", "drawn"]

_CORNERS = " ╵╶└╷│┌├╴┘─┴┐┤┬┼"
"""By which of the four lines meet: 1 above, 2 right, 4 below, 8 left."""
_BLANK = "."
_GIVEN, _CHANGED = "bold", "bold green"


def box_labels(size: int, height: int, width: int) -> list[list[int]]:
    """Return the number of the box that each cell of a square grid is in."""
    across = size // width
    return [[row // height * across + column // width for column in range(size)] for row in range(size)]


def cells_of_text(text: str, size: int) -> list[list[str]]:
    """Return the cells of a grid from its text, row by row, one character each; blanks for cells without text."""
    lines = [*text.split("\n"), *[""] * size][:size]
    return [[one if one.isalnum() else _BLANK for one in line[:size].ljust(size)] for line in lines]


def drawn(
    cells: Sequence[Sequence[str]],
    labels: Sequence[Sequence[object]],
    given: Sequence[Sequence[bool]],
    before: Sequence[Sequence[str]] | None = None,
) -> Text:
    """Return the grid as text.

    Args:
        cells: a character each.
        labels: of the regions; cells of different ones are separated by a border.
        given: whether a cell was given.
        before: the cells as they were; those that differ are coloured.
    """
    from rich.text import Text

    size = len(cells)
    grid = Text()
    for row in range(size + 1):
        crossing = [_differ(labels, row - 1, column, row, column) for column in range(size)]
        if any(crossing):
            grid.append(_line(labels, row, crossing) + "\n")
        if row == size:
            break
        for column in range(size):
            grid.append("│" if _differ(labels, row, column - 1, row, column) else " ")
            changed = before is not None and cells[row][column] != before[row][column]
            style = _GIVEN if given[row][column] else _CHANGED if changed else ""
            grid.append(f" {cells[row][column]} ", style=style)
        grid.append("│\n")
    grid.right_crop(1)
    return grid


def _differ(labels: Sequence[Sequence[object]], row: int, column: int, down: int, right: int) -> bool:
    """Return whether there is a border between two cells; one of them may be outside."""
    size = len(labels)
    first, second = (
        labels[r][c] if 0 <= r < size and 0 <= c < size else None for r, c in ((row, column), (down, right))
    )
    return first != second


def _line(labels: Sequence[Sequence[object]], row: int, crossing: Sequence[bool]) -> str:
    """Return the border above a row."""
    line = ""
    for column, (left, right) in enumerate(pairwise([False, *crossing, False])):
        above = _differ(labels, row - 1, column - 1, row - 1, column)
        below = _differ(labels, row, column - 1, row, column)
        line += _CORNERS[above + 2 * right + 4 * below + 8 * left]
        line += ("─" if right else " ") * (3 if column < len(crossing) else 0)
    return line
