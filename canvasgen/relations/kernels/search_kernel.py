"""Depth-first searches with propagation at each node, in numba: all solutions, the best one, a greedy one.

A node is a domain at the fixpoint. It is split in two: a cell has a value, or has it not. Nodes are counted; a search for
all solutions can go on where it ran out of them.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit
from canvasgen.relations.kernels.bits import first_bit, ones, trailing
from canvasgen.relations.kernels.propagation_kernel import Longs, Mask, close, fixpoint, restrict
from canvasgen.relations.kernels.work import changed, clear_bit, has_bit, make_work
from canvasgen.relations.programs.program import Program

__all__ = [
    "COMPLETE",
    "OUT_OF_NODES",
    "TOO_MANY",
    "all_solutions",
    "begin_search",
    "best_solution",
    "go_on",
    "greedy_solution",
]

Floats = npt.NDArray[np.float64]

COMPLETE, TOO_MANY, OUT_OF_NODES, TOO_DEEP = range(4)
_LARGEST_STACK = 1 << 23  # words of the domains from the root to a node


@njit(cache=True, nogil=True)
def _longer(stack):
    """Return the stack with room for twice as many domains."""
    more = np.empty((2 * stack.shape[0], stack.shape[1], stack.shape[2]), np.int64)
    more[: stack.shape[0]] = stack
    return more


@njit(cache=True, nogil=True)
def _smallest(domain) -> int:
    """Return the open cell with the fewest values; -1 if all have one."""
    found, fewest = -1, 1 << 60
    for cell in range(domain.shape[0]):
        count = ones(domain[cell])
        if 1 < count < fewest:
            found, fewest = cell, count
            if count == 2:
                break
    return found


@njit(cache=True, nogil=True)
def _back(program, work, stack, choices, depth) -> int:
    """Take the last choices back until another way is open; return its depth, or -1."""
    while depth > 0:
        depth -= 1
        if restrict(program, work, stack[depth], choices[depth, 0], choices[depth, 1], False):
            return depth
    return -1


@njit(cache=True, nogil=True)
def begin_search(program: Program, active: Mask, domain: Longs) -> tuple[Longs, Longs, int]:
    """Return the stack, the choices and the depth of a search for all solutions, for `go_on`."""
    cells, words = domain.shape
    stack = np.empty((4, cells, words), np.int64)
    stack[0] = domain
    alive = close(program, make_work(program, active, words), stack[0])
    return stack, np.empty((cells + 1, 2), np.int64), 0 if alive else -1


@njit(cache=True, nogil=True)
def go_on(
    program: Program,
    active: Mask,
    state: tuple[Longs, Longs, int],
    found: Longs,
    count: int,
    most: int,
    nodes: int,
) -> tuple[int, tuple[Longs, Longs, int], Longs, int]:
    """Go on with a search for all solutions, for some nodes.

    Args:
        program, active: the problem.
        state: the stack, the choices and the depth.
        found: solutions as bits, int64 `[≥ count, n]`, with room for more; not shorter than 1.
        count: how many of them were found before.
        most: how many may be found.
        nodes: how many nodes may be opened.

    Returns:
        Why it ended, and `state`, `found` and `count` to go on with after `OUT_OF_NODES`.
    """
    stack, choices, depth = state
    cells, words = stack.shape[1], stack.shape[2]
    work = make_work(program, active, words)
    while depth >= 0:
        cell = _smallest(stack[depth])
        if cell < 0:
            if count == most:
                return TOO_MANY, (stack, choices, depth), found, count
            if count == found.shape[0]:
                more = np.empty((min(most, 2 * count), cells), np.int64)
                more[:count] = found
                found = more
            for n in range(cells):
                found[count, n] = first_bit(stack[depth, n])
            count += 1
            depth = _back(program, work, stack, choices, depth)
            continue
        if (depth + 2) * cells * words > _LARGEST_STACK:
            return TOO_DEEP, (stack, choices, depth), found, count
        if nodes == 0:
            return OUT_OF_NODES, (stack, choices, depth), found, count
        nodes -= 1
        if depth + 1 == stack.shape[0]:
            stack = _longer(stack)
        choices[depth, 0], choices[depth, 1] = cell, first_bit(stack[depth, cell])
        stack[depth + 1] = stack[depth]
        depth += 1
        if not restrict(program, work, stack[depth], cell, choices[depth - 1, 1], True):
            depth = _back(program, work, stack, choices, depth)
    return COMPLETE, (stack, choices, depth), found, count


@njit(cache=True, nogil=True)
def all_solutions(program: Program, active: Mask, domain: Longs, most: int, nodes: int) -> tuple[int, Longs]:
    """Return every solution within a domain.

    Returns:
        Why it ended, and the solutions as bits, int64 `[count ≤ most, n]`.
    """
    state = begin_search(program, active, domain)
    room = np.empty((min(most, 16), domain.shape[0]), np.int64)
    status, _, found, count = go_on(program, active, state, room, 0, most, nodes)
    return status, found[:count]


@njit(cache=True, nogil=True)
def _best_two(domain, scores, cell):
    """Return the best bit of a cell with its score, and the score of the next."""
    bit, first, second = -1, -np.inf, -np.inf
    for k in range(domain.shape[1]):
        rest = domain[cell, k]
        while rest != 0:
            b = 64 * k + trailing(rest)
            rest &= rest - 1
            score = scores[cell, b]
            if bit < 0 or score > first:
                bit, first, second = b, score, first
            elif score > second:
                second = score
    return bit, first, second


@njit(cache=True, nogil=True)
def _surest(domain, scores):
    """Return the open cell whose best value is furthest before the next, and that value; -1 if all have one."""
    found, value, widest = -1, -1, -1.0
    for cell in range(domain.shape[0]):
        if ones(domain[cell]) > 1:
            bit, first, second = _best_two(domain, scores, cell)
            if first - second > widest:
                found, value, widest = cell, bit, first - second
    return found, value


@njit(cache=True, nogil=True)
def _tighten(program, work, domain, scores, floor) -> bool:
    """Remove values that cannot be part of a score above `floor`; False if nothing can.

    The bound is the sum of the cells' best scores.
    """
    cells = domain.shape[0]
    tops = np.empty(cells)
    while True:
        bound = 0.0
        for cell in range(cells):
            _, tops[cell], _ = _best_two(domain, scores, cell)
            bound += tops[cell]
        if bound <= floor:
            return False
        more = False
        for cell in range(cells):
            less = False
            for k in range(domain.shape[1]):
                rest = domain[cell, k]
                while rest != 0:
                    bit = 64 * k + trailing(rest)
                    rest &= rest - 1
                    if bound - tops[cell] + scores[cell, bit] <= floor:
                        clear_bit(domain[cell], bit)
                        less = True
            if less:
                more = True
                if not changed(program, work, domain, cell):
                    work.queued[:] = False
                    work.marks[:] = 0
                    return False
        if not more:
            return True
        if not fixpoint(program, work, domain):
            return False


@njit(cache=True, nogil=True)
def best_solution(
    program: Program,
    active: Mask,
    domain: Longs,
    scores: Floats,
    excluded: Longs,
    nodes: int,
    floor: float,
) -> tuple[int, float, Longs]:
    """Branch and bound for the assignment with the greatest sum of scores, `scores` `[n, 64 · words]` by bit.

    Args:
        program, active, domain: the problem and where to look.
        scores: finite wherever the domain has a bit.
        excluded: assignments as bits that do not count, `[k, n]`.
        nodes: how many nodes may be opened.
        floor: only a greater score counts; −inf for any.

    Returns:
        Why it ended, the best score found (`floor` if none), and the assignment as bits, int64 `[n]`, all -1 if none.
    """
    cells, words = domain.shape
    best = np.full(cells, -1, np.int64)
    work = make_work(program, active, words)
    stack = np.empty((4, cells, words), np.int64)
    choices = np.empty((cells + 1, 2), np.int64)
    stack[0] = domain
    depth = 0 if close(program, work, stack[0]) else -1
    while depth >= 0:
        if floor > -np.inf and not _tighten(program, work, stack[depth], scores, floor):
            depth = _back(program, work, stack, choices, depth)
            continue
        cell, bit = _surest(stack[depth], scores)
        if cell < 0:
            total = 0.0
            for n in range(cells):
                total += scores[n, first_bit(stack[depth, n])]
            if total > floor and not _listed(stack[depth], excluded):
                floor = total
                for n in range(cells):
                    best[n] = first_bit(stack[depth, n])
            depth = _back(program, work, stack, choices, depth)
            continue
        nodes -= 1
        if nodes < 0:
            return OUT_OF_NODES, floor, best
        if (depth + 2) * cells * words > _LARGEST_STACK:
            return TOO_DEEP, floor, best
        if depth + 1 == stack.shape[0]:
            stack = _longer(stack)
        choices[depth, 0], choices[depth, 1] = cell, bit
        stack[depth + 1] = stack[depth]
        depth += 1
        if not restrict(program, work, stack[depth], cell, bit, True):
            depth = _back(program, work, stack, choices, depth)
    return COMPLETE, floor, best


@njit(cache=True, nogil=True)
def _listed(domain, excluded) -> bool:
    for k in range(excluded.shape[0]):
        alike = True
        for n in range(domain.shape[0]):
            if not has_bit(domain[n], excluded[k, n]):
                alike = False
                break
        if alike:
            return True
    return False


@njit(cache=True, nogil=True)
def greedy_solution(program: Program, active: Mask, domain: Longs, scores: Floats) -> tuple[bool, Longs]:
    """Fix the surest cell and propagate, until all have a value; a value that leads nowhere is dropped.

    Returns:
        Whether it ended well, and the assignment as bits, int64 `[n]`.
    """
    cells, words = domain.shape
    work = make_work(program, active, words)
    here, trial = domain.copy(), domain.copy()
    result = np.full(cells, -1, np.int64)
    alive = close(program, work, here)
    while alive:
        cell, bit = _surest(here, scores)
        if cell < 0:
            for n in range(cells):
                result[n] = first_bit(here[n])
            return True, result
        trial[:] = here
        if restrict(program, work, trial, cell, bit, True):
            here[:] = trial
        else:
            alive = restrict(program, work, here, cell, bit, False)
    return False, result
