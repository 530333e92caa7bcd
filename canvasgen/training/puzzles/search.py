"""Backtracking over bit masks: solutions of a grid, counted, and puzzles with one solution, dug out of one.

A grid is int64 `[n * n]`, row by row, 0 for a blank; a mask has bit d - 1 for digit d. The search places naked
and hidden singles until there are none, then branches on a cell with the fewest digits left.
"""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false

from __future__ import annotations

import numpy as np
from numba import njit

from canvasgen.training.puzzles.shape import Ints

__all__ = ["dig_cells", "popcount", "search"]


@njit(cache=True, nogil=True)
def popcount(mask: int) -> int:
    """Number of set bits."""
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@njit(cache=True, nogil=True)
def _digit(mask: int) -> int:
    """The digit of the lowest set bit."""
    digit = 1
    while not mask & 1:
        mask >>= 1
        digit += 1
    return digit


@njit(cache=True, nogil=True)
def _advance(grid, used, unit_of, units, trail, top):
    """Places singles. Returns the trail's new top, and the cell to branch on (-1: solved, -2: no solution)."""
    size = units.shape[1]
    full = (1 << size) - 1
    while True:
        fewest, where = size + 1, -1
        placed = False
        for cell in range(size * size):
            if grid[cell]:
                continue
            row, column, box = unit_of[cell, 0], size + unit_of[cell, 1], 2 * size + unit_of[cell, 2]
            left = full & ~(used[row] | used[column] | used[box])
            if left == 0:
                return top, -2
            if left & (left - 1) == 0:
                grid[cell] = _digit(left)
                used[row] |= left
                used[column] |= left
                used[box] |= left
                trail[top] = cell
                top += 1
                placed = True
                continue
            count = popcount(left)
            if count < fewest:
                fewest, where = count, cell
        if placed:
            continue
        if where < 0:
            return top, -1
        for unit in range(3 * size):
            if used[unit] == full:
                continue
            once, twice = 0, 0
            for place in range(size):
                cell = units[unit, place]
                if grid[cell] == 0:
                    left = full & ~(
                        used[unit_of[cell, 0]]
                        | used[size + unit_of[cell, 1]]
                        | used[2 * size + unit_of[cell, 2]]
                    )
                    twice |= once & left
                    once |= left
            if once | used[unit] != full:
                return top, -2
            single = once & ~twice
            if single == 0:
                continue
            for place in range(size):
                cell = units[unit, place]
                if grid[cell]:
                    continue
                row, column, box = unit_of[cell, 0], size + unit_of[cell, 1], 2 * size + unit_of[cell, 2]
                hit = single & full & ~(used[row] | used[column] | used[box])
                if hit == 0:
                    continue
                if hit & (hit - 1):
                    return top, -2
                grid[cell] = _digit(hit)
                used[row] |= hit
                used[column] |= hit
                used[box] |= hit
                trail[top] = cell
                top += 1
                placed = True
        if not placed:
            return top, where


@njit(cache=True, nogil=True)
def _choose(mask, order):
    """The bit of the mask that comes first in an order of the digits `[n]`."""
    for digit in order:
        bit = 1 << (digit - 1)
        if mask & bit:
            return bit
    return 0


@njit(cache=True, nogil=True)
def search(start, unit_of, units, order, limit, most_nodes, out):
    """Counts solutions up to a limit; the first is written to `out` `[n * n]`.

    Args:
        start: the grid.
        unit_of, units: of its `Shape`.
        order: `[n * n, n]`, in which order digits are tried at a cell.
        limit: number of solutions at which to stop.
        most_nodes: branches to try before giving up.

    Returns:
        The number of solutions, or -1 if it gave up; 0 also if the givens contradict each other.
    """
    size = units.shape[1]
    full = (1 << size) - 1
    grid = start.copy()
    used = np.zeros(3 * size, np.int64)
    for cell in range(size * size):
        if grid[cell]:
            bit = 1 << (grid[cell] - 1)
            row, column, box = unit_of[cell, 0], size + unit_of[cell, 1], 2 * size + unit_of[cell, 2]
            if (used[row] | used[column] | used[box]) & bit:
                return 0
            used[row] |= bit
            used[column] |= bit
            used[box] |= bit
    trail = np.empty(size * size, np.int64)
    mark = np.empty(size * size + 1, np.int64)
    branch = np.empty(size * size + 1, np.int64)
    left = np.empty(size * size + 1, np.int64)
    top, depth, found, nodes = 0, 0, 0, 0
    while True:
        top, cell = _advance(grid, used, unit_of, units, trail, top)
        if cell == -1:
            if found == 0:
                out[:] = grid
            found += 1
            if found >= limit:
                return found
        elif cell >= 0:
            mark[depth], branch[depth] = top, cell
            left[depth] = full & ~(
                used[unit_of[cell, 0]] | used[size + unit_of[cell, 1]] | used[2 * size + unit_of[cell, 2]]
            )
            depth += 1
        while depth and left[depth - 1] == 0:
            depth -= 1
        if depth == 0:
            return found
        while top > mark[depth - 1]:
            top -= 1
            cell = trail[top]
            bit = 1 << (grid[cell] - 1)
            used[unit_of[cell, 0]] &= ~bit
            used[size + unit_of[cell, 1]] &= ~bit
            used[2 * size + unit_of[cell, 2]] &= ~bit
            grid[cell] = 0
        nodes += 1
        if nodes > most_nodes:
            return -1
        cell = branch[depth - 1]
        bit = _choose(left[depth - 1], order[cell])
        left[depth - 1] &= ~bit
        grid[cell] = _digit(bit)
        used[unit_of[cell, 0]] |= bit
        used[size + unit_of[cell, 1]] |= bit
        used[2 * size + unit_of[cell, 2]] |= bit
        trail[top] = cell
        top += 1


@njit(cache=True, nogil=True)
def dig_cells(solution, cells, unit_of, units, order, givens, most_nodes, removed):
    """Blanks cells, in the order given, where the solution stays the only one, down to a number of givens.

    The cells that were blanked are written to `removed` `[n * n]` in their order; their number is returned. A cell
    whose check takes more than `most_nodes` branches stays.
    """
    grid = solution.copy()
    out = np.empty_like(grid)
    count = 0
    for cell in cells:
        if len(grid) - count <= givens:
            break
        digit = grid[cell]
        grid[cell] = 0
        if search(grid, unit_of, units, order, 2, most_nodes, out) == 1:
            removed[count] = cell
            count += 1
        else:
            grid[cell] = digit
    return count


def digits_in_order(cells: int, size: int) -> Ints:
    """Digits from 1 up at every cell."""
    return np.tile(np.arange(1, size + 1), (cells, 1))
