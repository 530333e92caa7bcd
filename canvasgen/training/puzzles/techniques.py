"""How hard a puzzle is for a person: the simplest techniques that solve it."""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false

from __future__ import annotations

import numpy as np
from numba import njit

from canvasgen.training.puzzles.search import popcount

__all__ = ["hardest_technique"]

NAKED_SINGLE, HIDDEN_SINGLE, LOCKED_OR_PAIR, SEARCH = 1, 2, 3, 4


@njit(cache=True, nogil=True)
def _place(grid, left, cell, bit, unit_of):
    digit = 1
    while bit >> digit:
        digit += 1
    grid[cell] = digit
    left[cell] = 0
    for other in range(len(grid)):
        if (
            unit_of[other, 0] == unit_of[cell, 0]
            or unit_of[other, 1] == unit_of[cell, 1]
            or unit_of[other, 2] == unit_of[cell, 2]
        ):
            left[other] &= ~bit


@njit(cache=True, nogil=True)
def _naked_singles(grid, left, unit_of):
    found = False
    for cell in range(len(grid)):
        mask = left[cell]
        if mask and mask & (mask - 1) == 0:
            _place(grid, left, cell, mask, unit_of)
            found = True
    return found


@njit(cache=True, nogil=True)
def _hidden_singles(grid, left, unit_of, units):
    found = False
    for unit in range(len(units)):
        once, twice = 0, 0
        for cell in units[unit]:
            twice |= once & left[cell]
            once |= left[cell]
        single = once & ~twice
        for cell in units[unit]:
            hit = single & left[cell]
            if hit and hit & (hit - 1) == 0:
                _place(grid, left, cell, hit, unit_of)
                found = True
    return found


@njit(cache=True, nogil=True)
def _locked(left, unit_of, units):
    """A digit whose places in one unit all lie in another goes nowhere else in that."""
    found = False
    size = units.shape[1]
    for unit in range(len(units)):
        for digit in range(size):
            bit = 1 << digit
            shared = np.full(3, -2, np.int64)
            for cell in units[unit]:
                if left[cell] & bit:
                    for kind in range(3):
                        if shared[kind] == -2:
                            shared[kind] = unit_of[cell, kind]
                        elif shared[kind] != unit_of[cell, kind]:
                            shared[kind] = -1
            for kind in range(3):
                if kind == unit // size or shared[kind] < 0:
                    continue
                for cell in units[kind * size + shared[kind]]:
                    if left[cell] & bit and unit_of[cell, unit // size] != unit % size:
                        left[cell] &= ~bit
                        found = True
    return found


@njit(cache=True, nogil=True)
def _pairs(left, units):
    """Two cells of a unit with the same two digits left: no other cell of it has these."""
    found = False
    for unit in range(len(units)):
        cells = units[unit]
        for one in range(len(cells)):
            mask = left[cells[one]]
            if popcount(mask) != 2:
                continue
            for other in range(one + 1, len(cells)):
                if left[cells[other]] != mask:
                    continue
                for third in range(len(cells)):
                    if third not in (one, other) and left[cells[third]] & mask:
                        left[cells[third]] &= ~mask
                        found = True
    return found


@njit(cache=True, nogil=True)
def hardest_technique(start, unit_of, units):
    """The hardest of the techniques 1 to 4 that the puzzle needs, where always the simplest that helps is used."""
    grid = start.copy()
    size = units.shape[1]
    full = (1 << size) - 1
    left = np.where(grid == 0, full, 0)
    for cell in range(len(grid)):
        if grid[cell]:
            _place(grid, left, cell, 1 << (grid[cell] - 1), unit_of)
    hardest = NAKED_SINGLE
    while True:
        if _naked_singles(grid, left, unit_of):
            continue
        if not np.any(grid == 0):
            return hardest
        if _hidden_singles(grid, left, unit_of, units):
            hardest = max(hardest, HIDDEN_SINGLE)
        elif _locked(left, unit_of, units) or _pairs(left, units):
            hardest = max(hardest, LOCKED_OR_PAIR)
        else:
            return SEARCH
