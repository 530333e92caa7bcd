"""What no symmetry changes, and the splits that rest on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_solutions import every_4x4, is_solution

from canvasgen.training.puzzles import generate, invariant, shape_of, shuffled, solution_grid, split_of
from canvasgen.training.puzzles.making import to_grid

BOXES = [(2, 3), (3, 2), (1, 5), (2, 4), (3, 3)]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BOXES), st.integers(0, 2**32))
def test_symmetries_keep_solutions_invariants_and_splits(box: tuple[int, int], seed: int) -> None:
    shape, rng = shape_of(box), np.random.default_rng(seed)
    solution = solution_grid(shape, rng)
    for _ in range(4):
        other = shuffled(solution, shape, rng)
        assert is_solution(other, shape)
        assert invariant(other, shape) == invariant(solution, shape)
        assert split_of(other, shape) == split_of(solution, shape)


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_the_same_symmetry_moves_puzzle_and_solution(seed: int) -> None:
    one, shape = generate(9, 30, 5), shape_of(9)
    both = np.stack([one.grid, to_grid(one.solution)])
    grid, solution = shuffled(both, shape, np.random.default_rng(seed))
    assert (grid > 0).sum() == (one.grid > 0).sum()
    assert (grid[grid > 0] == solution[grid > 0]).all()
    assert is_solution(solution, shape)


def test_transposition_counts_where_boxes_are_square() -> None:
    rng = np.random.default_rng(0)
    nine = solution_grid(shape_of(9), rng)
    assert invariant(nine.reshape(9, 9).T.reshape(-1), shape_of(9)) == invariant(nine, shape_of(9))
    six = solution_grid(shape_of(6), rng)
    lying, standing = (
        invariant(six, shape_of(6)),
        invariant(six.reshape(6, 6).T.reshape(-1), shape_of((3, 2))),
    )
    assert lying == standing[::-1], "boxes that lie become boxes that stand"


def test_the_two_classes_of_4x4() -> None:
    found = every_4x4()
    assert len({invariant(grid, shape_of(4)) for grid in found}) == 2
    splits = [split_of(grid, shape_of(4)) for grid in found]
    assert splits.count("test") == 72
    rng = np.random.default_rng(0)
    for grid, split in zip(found, splits, strict=True):
        assert split_of(shuffled(grid, shape_of(4), rng), shape_of(4)) == split


@pytest.mark.parametrize(("size", "low", "high"), [(6, 0.1, 0.3), (9, 0.06, 0.14)])
def test_the_test_split_is_a_share(size: int, low: float, high: float) -> None:
    shape, rng = shape_of(size), np.random.default_rng(1)
    splits = [split_of(solution_grid(shape, rng), shape) for _ in range(500)]
    assert low < splits.count("test") / 500 < high
