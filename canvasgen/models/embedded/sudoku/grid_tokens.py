"""The vocabulary: digits and newline for the canvas, and one token for each cell of a prompt with what is in it.

A prompt token such as ``<9:E4=7>`` (in the 9 x 9 Sudoku, column E of row 4 holds a 7; ``<9:E4=.>``: it is blank) is no
text: no canvas can hold it in an answer. Digits and the newline are text.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from canvasgen.models.embedded.special_tokens import BOS, BOS_ID, EOS, EOS_ID, PAD, PAD_ID

__all__ = [
    "ANSWER_IDS",
    "BOS_ID",
    "CANVAS_LENGTH",
    "CELL_STARTS",
    "EOS_ID",
    "FIRST_CELL",
    "NEWLINE_ID",
    "PAD_ID",
    "SIZES",
    "VOCABULARY",
    "answer_ids",
    "cell_places",
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
CELL_STARTS = {
    size: FIRST_CELL + sum(other * other * (other + 1) for other in SIZES if other < size) for size in SIZES
}
"""The id of the first prompt token of each size."""

ANSWER_IDS = {token: number for number, token in enumerate(VOCABULARY) if len(token) == 1}
"""The ids of the characters that an answer is made of."""


@cache
def _layout(size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return places of the cells on the canvas `[n * n]`, and a canvas `[L]` with 0 at the cells."""
    cells = np.arange(size * size)
    places = cells + cells // size
    canvas = np.full(CANVAS_LENGTH, PAD_ID)
    canvas[places[-1] + 1] = EOS_ID
    canvas[places[size - 1 : -1 : size] + 1] = NEWLINE_ID
    return places, canvas


def cell_places(size: int) -> npt.NDArray[np.int64]:
    """Return places of the cells on the canvas, and in the prompt, `[n * n]`."""
    return _layout(size)[0]


def answer_ids(grids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return canvases `[K, L]` of complete grids `[K, n * n]` of one size."""
    places, canvas = _layout(round(grids.shape[1] ** 0.5))
    out = np.tile(canvas, (len(grids), 1))
    out[:, places] = DIGIT_0 + grids
    return out


def prompt_ids(grids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return prompts `[K, L]` of puzzles `[K, n * n]` of one size, 0 for a blank; each as long as the canvas."""
    size = round(grids.shape[1] ** 0.5)
    places, canvas = _layout(size)
    names = np.array([FILL_ID, END_ID, 0, 0, 0, 0, ROW_ID])
    out = np.tile(names[canvas], (len(grids), 1))
    out[:, places] = CELL_STARTS[size] + np.arange(size * size) * (size + 1) + grids
    return out
