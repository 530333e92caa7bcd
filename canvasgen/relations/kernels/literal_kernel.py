"""Clauses and counts of literals, pointers, equalities and tables, in numba: all but counts that are told apart
from one number to generalised arc consistency.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np

from canvasgen.jit import njit
from canvasgen.relations.kernels.work import has_bit, intersect

__all__ = ["filter_cardinality", "filter_element", "filter_equal", "filter_not_count", "filter_table"]


@njit(cache=True, nogil=True)
def _state(program, domain, entry) -> int:
    """1: the literal of an entry holds; 0: it does not; -1: it is open."""
    cell, inside, outside = program.cells[entry], False, False
    for k in range(domain.shape[1]):
        inside |= domain[cell, k] & program.masks[entry, k] != 0
        outside |= domain[cell, k] & ~program.masks[entry, k] != 0
    return -1 if inside and outside else 1 if inside else 0


@njit(cache=True, nogil=True)
def _decide(program, work, domain, entry, holds) -> bool:
    """Make the literal of an entry hold, or not hold."""
    return intersect(
        program, work, domain, program.cells[entry], program.masks[entry] if holds else ~program.masks[entry]
    )


@njit(cache=True, nogil=True)
def filter_cardinality(program, work, domain, p) -> bool:
    """Decide the open literals once all of them are needed, or none is wanted."""
    args = program.args[p]
    first, last, low, high = args[1], args[2], args[3], args[4]
    sure, opened = 0, 0
    for e in range(first, last):
        state = _state(program, domain, e)
        if state < 0:
            opened += 1
        else:
            sure += state
        if low == 1 and high == last - first and sure > 0:
            return True
    if sure > high or sure + opened < low:
        return False
    if opened == 0 or (sure < high and sure + opened > low):
        return True
    holds = sure + opened == low
    if holds and sure == high:
        return False
    for e in range(first, last):
        if _state(program, domain, e) < 0 and not _decide(program, work, domain, e, holds):
            return False
    return True


@njit(cache=True, nogil=True)
def filter_not_count(program, work, domain, p) -> bool:
    """Decide the last open literal where one of its two outcomes would give the count."""
    args = program.args[p]
    sure, entry = 0, -1
    for e in range(args[1], args[2]):
        state = _state(program, domain, e)
        if state >= 0:
            sure += state
        elif entry >= 0:
            return True
        else:
            entry = e
    if entry < 0:
        return sure != args[3]
    if sure == args[3]:
        return _decide(program, work, domain, entry, True)
    if sure + 1 == args[3]:
        return _decide(program, work, domain, entry, False)
    return True


@njit(cache=True, nogil=True)
def filter_element(program, work, domain, p) -> bool:
    """Keep choices that share a value with the value cell, and values that a choice has."""
    args, words = program.args[p], domain.shape[1]
    index, value = args[3], args[4]
    union = np.zeros(words, np.int64)
    keep = np.zeros(words, np.int64)
    live, only = 0, -1
    for e in range(args[1], args[2]):
        bit, item = program.factors[e], program.cells[e]
        if has_bit(domain[index], bit):
            shares = False
            for k in range(words):
                if domain[item, k] & domain[value, k] != 0:
                    shares = True
            if shares:
                keep[bit >> 6] |= np.int64(1) << (bit & 63)
                live, only = live + 1, item
                for k in range(words):
                    union[k] |= domain[item, k]
    if not intersect(program, work, domain, index, keep):
        return False
    if not intersect(program, work, domain, value, union):
        return False
    return live != 1 or intersect(program, work, domain, only, domain[value].copy())


@njit(cache=True, nogil=True)
def filter_equal(program, work, domain, p) -> bool:
    """Keep the values that all cells have."""
    first, last = program.args[p, 1], program.args[p, 2]
    common = domain[program.cells[first]].copy()
    for e in range(first + 1, last):
        common &= domain[program.cells[e]]
    for e in range(first, last):  # noqa: SIM110 (numba)
        if not intersect(program, work, domain, program.cells[e], common):
            return False
    return True


@njit(cache=True, nogil=True)
def filter_table(program, work, domain, p) -> bool:
    """Keep the values that a row has whose other values are there."""
    args = program.args[p]
    first, arity = args[1], args[2] - args[1]
    support = np.zeros((arity, domain.shape[1]), np.int64)
    at = args[3]
    for _ in range(args[4]):
        alive = True
        for n in range(arity):
            if not has_bit(domain[program.cells[first + n]], program.tuples[at + n]):
                alive = False
                break
        if alive:
            for n in range(arity):
                bit = program.tuples[at + n]
                support[n, bit >> 6] |= np.int64(1) << np.int64(bit & 63)
        at += arity
    for n in range(arity):  # noqa: SIM110 (numba)
        if not intersect(program, work, domain, program.cells[first + n], support[n]):
            return False
    return True
