"""The factorised embedding of the Sudoku model: what each token's embedding is the sum of."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from canvasgen.models.embedded.sudoku.grid_tokens import CELL_STARTS, FIRST_CELL, SIZES, VOCABULARY
from canvasgen.training.puzzles import shape_of

__all__ = ["BOXES", "COLUMNS", "CONSTANT", "FEATURES", "ROWS", "SIZE", "VALUES", "features"]

# Rows of the factorised embedding: one for each token of the canvas, one for all tokens, then what a cell has.
CONSTANT = FIRST_CELL
SIZE = CONSTANT + 1
ROWS = SIZE + len(SIZES)
COLUMNS = ROWS + 9
BOXES = COLUMNS + 9
VALUES = BOXES + 9
FEATURES = VALUES + 10


@cache
def features() -> npt.NDArray[np.float32]:
    """F `[V, FEATURES]`: which rows of the factorised embedding a token's embedding is the sum of."""
    table = np.zeros((len(VOCABULARY), FEATURES), dtype=np.float32)
    table[:, CONSTANT] = 1.0
    table[np.arange(FIRST_CELL), np.arange(FIRST_CELL)] = 1.0
    for number, size in enumerate(SIZES):
        shape = shape_of(size)
        for cell, (row, column, box) in enumerate(shape.unit_of.tolist()):
            for value in range(size + 1):
                token = CELL_STARTS[size] + cell * (size + 1) + value
                table[token, [SIZE + number, ROWS + row, COLUMNS + column, BOXES + box, VALUES + value]] = 1.0
    return table
