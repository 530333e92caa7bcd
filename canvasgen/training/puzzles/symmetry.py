"""The symmetries of a solution, and what they leave unchanged: the ground for disjoint train and test splits.

A Sudoku stays one when digits are renamed, bands, rows within a band, stacks or columns within a stack change places,
and, if boxes are square, when rows and columns do. Two rows of a solution define the permutation of the digits that
takes the one to the other, position by position. Moving columns does not change it, renaming digits conjugates it, and
exchanging the two rows inverts it: its cycle type stays in all cases. Moving rows within a band or whole bands moves
these cycle types around. So the multiset, over bands, of the multisets of the cycle types of a band's pairs of rows is
an invariant of all these moves, the same holds of columns and stacks, and transposition exchanges the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import combinations
from typing import Literal

import numpy as np

from canvasgen.training.puzzles.shape import Ints, Shape

__all__ = ["Split", "invariant", "shuffled", "split_of"]

Split = Literal["train", "test"]

SMALL = 4
"""Size at which solutions are told apart by their digits' first places alone; see `split_of`."""


def _cycle_type(first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
    """Lengths of the cycles of the permutation that takes one row to another, ascending."""
    to = dict(zip(first, second, strict=True))
    lengths: list[int] = []
    while to:
        start, at, length = next(iter(to)), None, 0
        while at != start:
            at = to.pop(start if at is None else at)
            length += 1
        lengths.append(length)
    return tuple(sorted(lengths))


def _lines(grid: Ints, per_group: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """The multiset of groups of rows, each as the multiset of the cycle types of its pairs."""
    rows = grid.tolist()
    groups = [rows[at : at + per_group] for at in range(0, len(rows), per_group)]
    return tuple(
        sorted(tuple(sorted(_cycle_type(a, b) for a, b in combinations(group, 2))) for group in groups)
    )


def invariant(solution: Ints, shape: Shape) -> tuple[object, ...]:
    """What no symmetry of the shape changes.

    Args:
        solution: int `[n * n]`, complete.
    """
    grid = solution.reshape(shape.size, shape.size)
    both = _lines(grid, shape.box_rows), _lines(grid.T, shape.box_columns)
    return tuple(sorted(both)) if shape.box_rows == shape.box_columns else both


def _renamed(solution: Ints) -> tuple[int, ...]:
    """The solution with its digits renamed in the order in which they appear."""
    names: dict[int, int] = {}
    return tuple(names.setdefault(digit, len(names)) for digit in solution.tolist())


def split_of(solution: Ints, shape: Shape) -> Split:
    """The split that a solution belongs to: "test" for a share of the classes by hash.

    From size 5 on, all solutions that a symmetry takes into each other are in the same split (`invariant`). A 4 x 4
    Sudoku has two such classes only, of which a model could learn nothing about the other; there the
    split keeps together what renaming of digits takes into each other, and no more. The share is a tenth of the
    invariants, of size 6 a fifth, of size 4 a quarter.
    """
    small = shape.size <= SMALL
    key = _renamed(solution) if small else invariant(solution, shape)
    text = repr((shape.box_rows, shape.box_columns, key)).encode()
    number = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
    return "test" if number % (4 if small else 5 if shape.size <= 6 else 10) == 0 else "train"


def shuffled(grids: Ints, shape: Shape, rng: np.random.Generator) -> Ints:
    """Grids `[..., n * n]`, complete or not, all under one random symmetry; at size 4 only digits are renamed.

    It keeps the split of the solutions.
    """
    names = np.concatenate([[0], 1 + rng.permutation(shape.size)])
    renamed = names[grids]
    return renamed if shape.size <= SMALL else renamed[..., _moved(shape, rng)]


def _moved(shape: Shape, rng: np.random.Generator) -> Ints:
    """Where each cell comes from, `[n * n]`, under a random symmetry of the places."""
    rows = _lines_moved(shape.box_rows, shape.size, rng)
    columns = _lines_moved(shape.box_columns, shape.size, rng)
    places = rows[:, None] * shape.size + columns[None]
    if shape.box_rows == shape.box_columns and rng.random() < 0.5:
        places = places.T
    return places.reshape(-1)


def _lines_moved(per_group: int, size: int, rng: np.random.Generator) -> Ints:
    groups = rng.permutation(size // per_group)
    return np.concatenate([group * per_group + rng.permutation(per_group) for group in groups])
