"""The few kinds of statements that relations are reduced to.

Cells are numbers 0 ≤ c < n. Values are bits: cells that share values number them alike (`Space`). A set of bits
is a Python integer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Cardinality",
    "Different",
    "Element",
    "Equal",
    "Literal",
    "NotCount",
    "NotSum",
    "Primitive",
    "Sum",
    "Table",
    "clause",
]

Literal = tuple[int, int]  # (cell, bits): the cell's value is among the bits


@dataclass(frozen=True)
class Different:
    """No two of the cells, all of one universe, have the same value."""

    cells: tuple[int, ...]


@dataclass(frozen=True)
class Equal:
    """All of the cells, all of one universe, have the same value."""

    cells: tuple[int, ...]


@dataclass(frozen=True)
class Sum:
    """low ≤ Σ factor · number(cell) ≤ high; the numbers are the integers, or (`ranks`) places in the order."""

    cells: tuple[int, ...]
    factors: tuple[int, ...]
    low: int
    high: int
    ranks: bool = False


@dataclass(frozen=True)
class NotSum:
    """Σ factor · integer(cell) ≠ total."""

    cells: tuple[int, ...]
    factors: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class Cardinality:
    """low ≤ number of literals that hold ≤ high. With low = 1 and no upper bound: a clause."""

    literals: tuple[Literal, ...]
    low: int
    high: int


@dataclass(frozen=True)
class NotCount:
    """The number of literals that hold is not `count`."""

    literals: tuple[Literal, ...]
    count: int


@dataclass(frozen=True)
class Table:
    """The bits of the cells are one of the rows of `tuples`, int32 `[T, number of cells]`."""

    cells: tuple[int, ...]
    tuples: NDArray[np.int32]


@dataclass(frozen=True)
class Element:
    """Where `index` has the bit of a choice, its cell has the value of `value`: choices are (bit, cell)."""

    index: int
    choices: tuple[tuple[int, int], ...]
    value: int


Primitive = Different | Equal | Sum | NotSum | Cardinality | NotCount | Table | Element


def clause(literals: list[Literal]) -> Cardinality:
    """Build the clause that at least one literal holds; those of one cell are joined, so that no cell is named twice."""
    joined: dict[int, int] = {}
    for cell, bits in literals:
        joined[cell] = joined.get(cell, 0) | bits
    return Cardinality(tuple(joined.items()), 1, len(joined))
