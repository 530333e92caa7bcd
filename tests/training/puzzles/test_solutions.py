"""The solver against brute force, and against what a solution is."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.training import puzzles
from canvasgen.training.puzzles import Shape, count_solutions, shape_of
from canvasgen.training.puzzles.making import to_grid, to_text


def is_solution(grid: np.ndarray, shape: Shape) -> bool:
    return all(sorted(grid[unit].tolist()) == list(range(1, shape.size + 1)) for unit in shape.units)


def every_4x4() -> np.ndarray:
    """All solutions `[288, 16]`, by trying every combination of rows."""
    shape = shape_of(4)
    rows = [row for row in product(range(1, 5), repeat=4) if len(set(row)) == 4]
    tops = [a + b for a, b in product(rows, repeat=2) if len({*a[:2], *b[:2]}) == 4 == len({*a[2:], *b[2:]})]
    grids = np.array([top + bottom for top, bottom in product(tops, repeat=2)])
    return np.array([grid for grid in grids if is_solution(grid, shape)])


@pytest.fixture(scope="module")
def all_4x4() -> np.ndarray:
    found = every_4x4()
    assert len(found) == 288
    return found


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_counts_as_brute_force(all_4x4: np.ndarray, data: st.DataObject) -> None:
    """Givens of a solution, or any digits at all."""
    if data.draw(st.booleans()):
        grid = all_4x4[data.draw(st.integers(0, 287))].copy()
        grid[data.draw(st.lists(st.integers(0, 15), min_size=6, max_size=16))] = 0
    else:
        cells = st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4])
        grid = np.array(data.draw(st.lists(cells, min_size=16, max_size=16)))
    expected = int(((all_4x4 == grid) | (grid == 0)).all(axis=1).sum())
    assert count_solutions(grid, limit=1000) == expected
    assert count_solutions(grid) == min(expected, 2)


def test_an_empty_grid_has_288_solutions() -> None:
    assert count_solutions("....\n....\n....\n....", limit=1000) == 288
    assert count_solutions(np.zeros(16), (1, 4), limit=1000) == 576, "Latin squares of order 4"


def test_a_puzzle_from_the_papers() -> None:
    text = "53..7....\n6..195...\n.98....6.\n8...6...3\n4..8.3..1\n7...2...6\n.6....28.\n...419..5\n....8..79"
    assert count_solutions(text) == 1
    assert count_solutions(text.replace("53", "5."), limit=1000) > 0
    assert count_solutions("55" + text[2:]) == 0


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([(2, 2), (2, 3), (3, 2), (1, 5), (2, 4), (3, 3), (4, 4)]), st.integers(0, 2**32))
def test_random_solutions_are_solutions(box: tuple[int, int], seed: int) -> None:
    shape = shape_of(box)
    grid = puzzles.solution_grid(shape, np.random.default_rng(seed))
    assert is_solution(grid, shape)
    assert count_solutions(grid, box) == 1


def test_text_and_grid_are_each_other() -> None:
    shape = shape_of(16)
    grid = puzzles.solution_grid(shape, np.random.default_rng(0))
    assert (to_grid(to_text(grid, shape)) == grid).all()
    assert (to_grid("1_\n0.") == [1, 0, 0, 0]).all()


@pytest.mark.parametrize("wrong", ["", "12\n3", "123\n123", "1x\n.."])
def test_no_grid(wrong: str) -> None:
    with pytest.raises(ValueError, match="a grid is"):
        to_grid(wrong)


def test_shapes() -> None:
    shape = shape_of(6)
    assert (shape.box_rows, shape.box_columns, shape.size, shape.cells) == (2, 3, 6, 36)
    assert shape.unit_of[14].tolist() == [2, 2, 2]
    assert shape.units[12].tolist() == [0, 1, 2, 6, 7, 8]
    for size in (7, 25, (5, 5), (1, 3)):
        with pytest.raises(ValueError):
            shape_of(size)
    with pytest.raises(ValueError, match="4 x 4"):
        count_solutions(np.full(16, 5))
