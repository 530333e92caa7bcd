"""The shape of a Sudoku: how large its boxes are, and which cells share a unit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = ["Ints", "Shape", "shape_of"]

Ints = npt.NDArray[np.int64]

_USUAL = {4: (2, 2), 6: (2, 3), 8: (2, 4), 9: (3, 3), 10: (2, 5), 12: (3, 4), 15: (3, 5), 16: (4, 4)}


@dataclass(frozen=True)
class Shape:
    """Boxes of `box_rows` x `box_columns` cells; n = their product is the number of digits, rows and columns.

    Raises:
        ValueError: n is not in 4..16.
    """

    box_rows: int
    box_columns: int

    def __post_init__(self) -> None:
        if min(self.box_rows, self.box_columns) < 1 or not 4 <= self.size <= 16:
            raise ValueError(f"a box has 4 to 16 cells, not {self.box_rows} x {self.box_columns}")

    @property
    def size(self) -> int:
        """n."""
        return self.box_rows * self.box_columns

    @property
    def cells(self) -> int:
        """n * n."""
        return self.size * self.size

    @cached_property
    def unit_of(self) -> Ints:
        """`[n * n, 3]`: the row, the column and the box of each cell; boxes are numbered row by row."""
        row, column = np.divmod(np.arange(self.cells), self.size)
        box = row // self.box_rows * self.box_rows + column // self.box_columns
        return np.stack([row, column, box], axis=1)

    @cached_property
    def units(self) -> Ints:
        """`[3 n, n]`: the cells of each row, then of each column, then of each box."""
        return np.concatenate(
            [np.argsort(self.unit_of[:, kind], kind="stable").reshape(-1, self.size) for kind in range(3)]
        )


def shape_of(size: int | tuple[int, int]) -> Shape:
    """The usual shape of a size (6: boxes of 2 rows and 3 columns), or that of a box `(rows, columns)`.

    Raises:
        ValueError: there is no usual shape of that size, or it is out of bounds.
    """
    if isinstance(size, tuple):
        return Shape(*size)
    if size not in _USUAL:
        raise ValueError(f"no usual boxes for size {size}; name the box as (rows, columns)")
    return Shape(*_USUAL[size])
