"""The vocabulary: digits and newline for the canvas, and one token for each cell of a prompt with what is in it.

A prompt token such as ``<9:E4=7>`` (in the 9 x 9 Sudoku, column E of row 4 holds a 7; ``<9:E4=.>``: it is blank) is no
text: no canvas can hold it in an answer. Digits and the newline are text.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from canvasgen.models.small import BOS, BOS_ID, EOS, EOS_ID, PAD, PAD_ID
from canvasgen.puzzles import Shape, shape_of

__all__ = [
    "ANSWER_IDS",
    "BOS_ID",
    "CANVAS_LENGTH",
    "EOS_ID",
    "FEATURES",
    "FIRST_CELL",
    "NEWLINE_ID",
    "PAD_ID",
    "SIZES",
    "VOCABULARY",
    "answer_ids",
    "features",
    "prompt_ids",
]

SIZES = (4, 6, 9)
CANVAS_LENGTH = 96
"""Of the canvas, and of every prompt: cell i of the prompt is this far before cell i of the canvas."""

ROW, END, FILL = "<row>", "<end>", "<fill>"
ROW_ID, END_ID, FILL_ID, NEWLINE_ID, DIGIT_0 = 3, 4, 5, 6, 6
_CANVAS = [PAD, EOS, BOS, ROW, END, FILL, "\n", *"123456789"]
FIRST_CELL = len(_CANVAS)


def _cell_tokens(size: int) -> list[str]:
    return [
        f"<{size}:{chr(ord('A') + column)}{row + 1}={value or '.'}>"
        for row in range(size)
        for column in range(size)
        for value in range(size + 1)
    ]


VOCABULARY: list[str] = [*_CANVAS, *(token for size in SIZES for token in _cell_tokens(size))]
_STARTS = {
    size: FIRST_CELL + sum(other * other * (other + 1) for other in SIZES if other < size) for size in SIZES
}

ANSWER_IDS = {token: number for number, token in enumerate(VOCABULARY) if len(token) == 1}
"""The ids of the characters that an answer is made of."""

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
                token = _STARTS[size] + cell * (size + 1) + value
                table[token, [SIZE + number, ROWS + row, COLUMNS + column, BOXES + box, VALUES + value]] = 1.0
    return table


@cache
def _layout(size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Places of the cells on the canvas `[n * n]`, and a canvas `[L]` with 0 at the cells."""
    cells = np.arange(size * size)
    places = cells + cells // size
    canvas = np.full(CANVAS_LENGTH, PAD_ID)
    canvas[places[-1] + 1] = EOS_ID
    canvas[places[size - 1 : -1 : size] + 1] = NEWLINE_ID
    return places, canvas


def cell_places(shape: Shape) -> npt.NDArray[np.int64]:
    """Places of the cells on the canvas, and in the prompt, `[n * n]`."""
    return _layout(shape.size)[0]


def answer_ids(grids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Canvases `[K, L]` of complete grids `[K, n * n]` of one size."""
    places, canvas = _layout(round(grids.shape[1] ** 0.5))
    out = np.tile(canvas, (len(grids), 1))
    out[:, places] = DIGIT_0 + grids
    return out


def prompt_ids(grids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Prompts `[K, L]` of puzzles `[K, n * n]` of one size, 0 for a blank; each as long as the canvas."""
    size = round(grids.shape[1] ** 0.5)
    places, canvas = _layout(size)
    names = np.array([FILL_ID, END_ID, 0, 0, 0, 0, ROW_ID])
    out = np.tile(names[canvas], (len(grids), 1))
    out[:, places] = _STARTS[size] + np.arange(size * size) * (size + 1) + grids
    return out
