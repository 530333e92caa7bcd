"""Primitives as factors: boolean tables over the values of the few cells that each of them connects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import prod

import numpy as np
from numpy.typing import NDArray

from canvasgen.relations.programs.primitives import (
    Cardinality,
    Different,
    Element,
    Equal,
    NotCount,
    NotSum,
    Primitive,
    Sum,
    Table,
)

__all__ = ["Factor", "factors_of"]

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Factor:
    """Which values of some cells go together.

    Attributes:
        cells: the cells, increasing.
        holds: bool, one axis for each cell, by place in its set of bits.
    """

    cells: tuple[int, ...]
    holds: Bools

    @property
    def is_trivial(self) -> bool:
        """Whether all values go together."""
        return bool(self.holds.all())

    def without_fixed(self) -> Factor:
        """Leave out cells with one value; the first stays if all have one."""
        kept = [n for n, size in enumerate(self.holds.shape) if size > 1] or [0]
        shape = tuple(self.holds.shape[n] for n in kept)
        return Factor(tuple(self.cells[n] for n in kept), self.holds.reshape(shape))


def factors_of(
    primitive: Primitive, sets: Sequence[Ints], numbers: Ints, start: Ints, largest: int
) -> list[Factor] | None:
    """Return factors that hold together exactly where the primitive does; None if one would be too large.

    Args:
        primitive: what must hold.
        sets: by cell, the bits that it may have, increasing.
        numbers, start: of the space.
        largest: entries of a factor, at most.
    """
    if isinstance(primitive, Different | Equal):
        differ = isinstance(primitive, Different)
        pairs = combinations(primitive.cells, 2) if differ else pairwise(primitive.cells)
        return [_factor(pair, (_pair(sets, *pair) != differ)) for pair in pairs]
    if isinstance(primitive, Element):
        return _element(primitive, sets, largest)
    cells = tuple(dict.fromkeys(_cells(primitive)))
    if prod(len(sets[cell]) for cell in cells) > largest:
        return None
    axes = {cell: axis for axis, cell in enumerate(cells)}

    def along(cell: int, values: NDArray[np.int64] | Bools) -> NDArray[np.int64]:
        return np.asarray(values, np.int64).reshape([-1 if n == axes[cell] else 1 for n in range(len(cells))])

    shape = tuple(len(sets[cell]) for cell in cells)
    total = np.zeros(shape, np.int64)
    if isinstance(primitive, Sum | NotSum):
        row = 1 if isinstance(primitive, Sum) and primitive.ranks else 0
        for cell, factor in zip(primitive.cells, primitive.factors, strict=True):
            total += along(cell, factor * numbers[row, start[cell] + sets[cell]])
        if isinstance(primitive, NotSum):
            return [_factor(cells, total != primitive.total)]
        return [_factor(cells, (primitive.low <= total) & (total <= primitive.high))]
    if isinstance(primitive, Table):
        holds = np.zeros(shape, np.bool_)
        places = [{int(bit): place for place, bit in enumerate(sets[cell])} for cell in primitive.cells]
        for given in primitive.tuples.tolist():
            at = [known.get(bit, -1) for known, bit in zip(places, given, strict=True)]
            if -1 not in at:
                holds[tuple(at)] = True
        return [_factor(cells, holds)]
    for cell, bits in primitive.literals:
        total += along(cell, np.array([bits >> int(bit) & 1 for bit in sets[cell]]))
    if isinstance(primitive, NotCount):
        return [_factor(cells, total != primitive.count)]
    return [_factor(cells, (primitive.low <= total) & (total <= primitive.high))]


def _cells(primitive: Sum | NotSum | Table | Cardinality | NotCount) -> Sequence[int]:
    if isinstance(primitive, Cardinality | NotCount):
        return [cell for cell, _ in primitive.literals]
    return primitive.cells


def _pair(sets: Sequence[Ints], a: int, b: int) -> Bools:
    """Which values of two cells are the same."""
    return sets[a][:, None] == sets[b][None, :]


def _element(p: Element, sets: Sequence[Ints], largest: int) -> list[Factor] | None:
    """For each choice: where the index has it, its cell has the value."""
    found: list[Factor] = []
    for bit, item in p.choices:
        chosen = sets[p.index] == bit
        cells = tuple(dict.fromkeys((p.index, item, p.value)))
        if prod(len(sets[cell]) for cell in cells) > largest:
            return None
        grids = dict(
            zip(
                cells,
                np.meshgrid(*(np.arange(len(sets[cell])) for cell in cells), indexing="ij"),
                strict=True,
            )
        )
        same = sets[item][grids[item]] == sets[p.value][grids[p.value]]
        found.append(_factor(cells, same | ~chosen[grids[p.index]]))
    return found


def _factor(cells: Sequence[int], holds: Bools) -> Factor:
    """With the cells in order."""
    order = sorted(range(len(cells)), key=lambda n: cells[n])
    return Factor(tuple(cells[n] for n in order), np.transpose(holds, order))
