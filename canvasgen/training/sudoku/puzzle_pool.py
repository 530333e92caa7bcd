"""Puzzles for training: a pool made once, of which every batch draws under random symmetries.

Shapes: K puzzles, n size, L canvas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from canvasgen.models.embedded.sudoku.grid_tokens import (
    CANVAS_LENGTH,
    SIZES,
    answer_ids,
    cell_places,
    prompt_ids,
)
from canvasgen.training.puzzles import Split, dig, shape_of, shuffled, solution_grid
from canvasgen.training.puzzles.shape import Ints

__all__ = ["GIVENS", "HARD", "Batch", "Feed", "Pool", "batch_of", "held_out"]

GIVENS = {4: (4, 12), 6: (8, 28), 9: (24, 60)}
HARD = {4: (4, 6), 6: (8, 12), 9: (22, 33)}
"""Fewest and most givens in training, of all puzzles and of hard ones; where digging left more, these it is."""


@dataclass(frozen=True)
class Pool:
    """Solutions `[N, n * n]` of one size, the order in which their cells can be blanked, and how many can."""

    solutions: Ints
    removed: Ints
    counts: Ints

    @classmethod
    def make(cls, size: int, count: int, seed: int, split: Split) -> Pool:
        """Solutions of a split, each dug as deep as it goes."""
        shape, rng = shape_of(size), np.random.default_rng([seed, size, split == "test"])
        solutions = np.stack([solution_grid(shape, rng, split) for _ in range(count)])
        removed = np.zeros_like(solutions)
        counts = np.zeros(count, dtype=np.int64)
        for index, solution in enumerate(solutions):
            cells = dig(solution, shape, rng)
            removed[index, : len(cells)], counts[index] = cells, len(cells)
        return cls(solutions, removed, counts)

    def puzzle(self, index: int, givens: int) -> Ints:
        """A puzzle `[n * n]` with that many givens, or as few as there can be."""
        grid = self.solutions[index].copy()
        blank = min(int(self.counts[index]), len(grid) - givens)
        grid[self.removed[index, :blank]] = 0
        return grid


@dataclass(frozen=True)
class Batch:
    """Prompts and canvases int64 `[K, L]`; which canvas positions are blank cells, given cells, bool `[K, L]`.

    ``sizes`` int64 `[K]`.
    """

    prompts: Tensor
    canvas: Tensor
    blank: Tensor
    given: Tensor
    sizes: Tensor

    def repeat(self, copies: int) -> Batch:
        """The batch ``copies`` times over, but for its prompts."""
        return Batch(
            self.prompts,
            self.canvas.repeat(copies, 1),
            self.blank.repeat(copies, 1),
            self.given.repeat(copies, 1),
            self.sizes.repeat(copies),
        )


def batch_of(puzzles: list[tuple[Ints, Ints]]) -> Batch:
    """Puzzles `[n * n]` with their solutions, grouped by size."""
    groups: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []
    for size in SIZES:
        chosen = [pair for pair in puzzles if len(pair[0]) == size * size]
        if not chosen:
            continue
        grids, solutions = (np.stack(part) for part in zip(*chosen, strict=True))
        blank = np.zeros((len(grids), CANVAS_LENGTH), dtype=np.int64)
        given = blank.copy()
        places = cell_places(size)
        blank[:, places], given[:, places] = grids == 0, grids > 0
        groups.append((prompt_ids(grids), answer_ids(solutions), blank, given, np.full(len(grids), size)))
    prompts, canvas, blank, given, sizes = (
        torch.from_numpy(np.concatenate(part)) for part in zip(*groups, strict=True)
    )
    return Batch(prompts, canvas, blank.bool(), given.bool(), sizes)


class Feed:
    """Endless batches; its state is its random generator."""

    def __init__(self, pools: dict[int, Pool], seed: int) -> None:
        self.pools = pools
        self.rng = np.random.default_rng(seed)

    def next(self, counts: dict[int, int], hard: float = 0.0) -> Batch:
        """A batch with so many puzzles of each size; a share of them has few givens."""
        puzzles: list[tuple[Ints, Ints]] = []
        for size, count in counts.items():
            pool, shape = self.pools[size], shape_of(size)
            for _ in range(count):
                low, high = (HARD if self.rng.random() < hard else GIVENS)[size]
                index = int(self.rng.integers(len(pool.solutions)))
                grid = pool.puzzle(index, int(self.rng.integers(low, high + 1)))
                both = shuffled(np.stack([grid, pool.solutions[index]]), shape, self.rng)
                puzzles.append((both[0], both[1]))
        return batch_of(puzzles)


def held_out(size: int, givens: int, count: int, pool: Pool) -> Batch:
    """The first puzzles of a pool with that many givens, or as few as there can be."""
    return batch_of([(pool.puzzle(index, givens), pool.solutions[index]) for index in range(count)])
