"""Exact optima, sums and samples by variable elimination, where the relations connect few cells at a time.

Cells are eliminated one by one. The factors and messages that name a cell make its *bucket*, a table over the cell and
its neighbours that are left; its maximum, or its sum, over the cell is a message to the neighbours. The order and the
tables of the relations do not depend on the scores, and are made once. Time and memory grow with the largest bucket.

Source: R. Dechter, "Bucket elimination: a unifying framework for reasoning", Artificial Intelligence 113, 1999; the order by
least fill. One recurrence serves both semirings.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

import numpy as np
from numpy.typing import NDArray

from canvasgen.relations.answers.factors import Factor, factors_of
from canvasgen.relations.programs.primitives import Different, Primitive

__all__ = ["Elimination"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LARGEST = 100_000
"""Entries of one bucket."""
_MOST = 1_000_000
"""Entries of all buckets."""


@dataclass(frozen=True)
class _Bucket:
    """What is known of a cell when it is eliminated.

    Attributes:
        cell: the cell.
        others: the neighbours that are left, in the order in which they are eliminated.
        known: float64, log of the relations' factors: an axis for the cell, then one for each neighbour.
        parent: the place of the bucket that the message goes to; -1 if it is a number.
        shape: of the message in the parent's table.
    """

    cell: int
    others: tuple[int, ...]
    known: Floats
    parent: int
    shape: tuple[int, ...]


class Elimination:
    """A problem whose buckets are small.

    Args:
        sets: by cell, the bits that it may have, increasing.
        buckets: in the order of elimination.
    """

    def __init__(self, sets: Sequence[Ints], buckets: Sequence[_Bucket]) -> None:
        self._sets, self._buckets = sets, buckets

    @classmethod
    def of(
        cls, sets: Sequence[Ints], primitives: Sequence[Primitive], numbers: Ints, start: Ints
    ) -> Elimination | None:
        """Return the elimination of a problem; None if its buckets would be too large.

        Args:
            sets: by cell, the bits that it may have, increasing.
            primitives: what must hold.
            numbers, start: of the space.
        """
        factors: list[Factor] = []
        for primitive in primitives:
            if isinstance(primitive, Different) and prod(len(sets[c]) for c in primitive.cells) > _LARGEST:
                return None  # the cells would come together in one bucket
            made = factors_of(primitive, sets, numbers, start, _LARGEST)
            if made is None:
                return None
            factors += [small for factor in made if not (small := factor.without_fixed()).is_trivial]
        order = _order(sets, factors)
        return None if order is None else cls(sets, _buckets(sets, factors, order))

    def best(self, scores: Floats) -> tuple[float, Ints]:
        """Return the greatest sum of scores, and an assignment with it as bits; −inf and any bits if there is none.

        Args:
            scores: by cell and bit, float64 `[cells, bits]`.
        """
        total, tables = self._sweep(scores, lambda table: table.max(axis=0))
        return total, self._trace(tables, lambda column: int(np.argmax(column)))

    def log_partition(self, scores: Floats) -> float:
        """Return log Σ exp(sum of scores) over all assignments that satisfy the relations; −inf if there is none."""
        return self._sweep(scores, _log_sum)[0]

    def sample(self, scores: Floats, rng: np.random.Generator) -> Ints | None:
        """Return an assignment drawn with probability ∝ exp(sum of scores), as bits; None if there is none."""
        total, tables = self._sweep(scores, _log_sum)
        if total == -np.inf:
            return None

        def draw(column: Floats) -> int:
            weights = np.exp(column - column.max())
            return int(rng.choice(len(column), p=weights / weights.sum()))

        return self._trace(tables, draw)

    def _sweep(self, scores: Floats, reduce: Callable[[Floats], Floats]) -> tuple[float, list[Floats]]:
        """Eliminate all cells; return the value of the whole, and the buckets' tables."""
        tables: list[Floats] = []
        for bucket in self._buckets:
            own = scores[bucket.cell, self._sets[bucket.cell]]
            tables.append(bucket.known + own.reshape(-1, *[1] * len(bucket.others)))
        total = 0.0
        for bucket, table in zip(self._buckets, tables, strict=True):
            message = reduce(table)
            if bucket.parent < 0:
                total += float(message)
            else:
                tables[bucket.parent] += message.reshape(bucket.shape)
        return total, tables

    def _trace(self, tables: list[Floats], choose: Callable[[Floats], int]) -> Ints:
        """Choose the cells' values from the last eliminated to the first."""
        bits = np.zeros(len(self._sets), np.int64)
        at: dict[int, int] = {}
        for bucket, table in zip(reversed(self._buckets), reversed(tables), strict=True):
            column = table[(slice(None), *(at[other] for other in bucket.others))]
            at[bucket.cell] = choose(column)
            bits[bucket.cell] = self._sets[bucket.cell][at[bucket.cell]]
        return bits


def _log_sum(table: Floats) -> Floats:
    """log Σ exp over the first axis."""
    top = table.max(axis=0)
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(table - shift).sum(axis=0)) + shift


def _order(sets: Sequence[Ints], factors: Sequence[Factor]) -> list[int] | None:
    """Return an order of elimination, least fill first; None if a bucket, or all together, would be too large."""
    near: list[set[int]] = [set() for _ in sets]
    for factor in factors:
        for a, b in combinations(factor.cells, 2):
            near[a].add(b)
            near[b].add(a)
    left, order, entries = set(range(len(sets))), list[int](), 0

    def cost(cell: int) -> tuple[int, int, int]:
        fill = sum(b not in near[a] for a, b in combinations(near[cell], 2))
        return fill, prod(len(sets[other]) for other in near[cell]), cell

    costs = {cell: cost(cell) for cell in left}
    heap = sorted(costs.values())
    while left:
        known = heapq.heappop(heap)
        cell = known[-1]
        if cell not in left or costs[cell] != known:
            continue  # it has another cost by now
        size = prod(len(sets[other]) for other in (cell, *near[cell]))
        entries += size
        if size > _LARGEST or entries > _MOST:
            return None
        around = near[cell]
        for other in around:
            near[other] |= around - {other}
            near[other].discard(cell)
        left.remove(cell)
        order.append(cell)
        for one in {other for a in around for other in (a, *near[a])} & left:
            costs[one] = cost(one)
            heapq.heappush(heap, costs[one])
    return order


def _buckets(sets: Sequence[Ints], factors: Sequence[Factor], order: Sequence[int]) -> list[_Bucket]:
    place = {cell: n for n, cell in enumerate(order)}
    scopes: list[set[int]] = [{cell} for cell in order]
    own: list[list[Factor]] = [[] for _ in order]
    for factor in factors:
        first = min(place[cell] for cell in factor.cells)
        own[first].append(factor)
        scopes[first] |= set(factor.cells)
    buckets: list[_Bucket] = []
    for n, cell in enumerate(order):
        others = sorted(scopes[n] - {cell}, key=place.__getitem__)
        if others:
            scopes[place[others[0]]] |= set(others)
        axes = {one: axis for axis, one in enumerate((cell, *others))}
        known = np.zeros([len(sets[one]) for one in axes])
        for factor in own[n]:
            known += _log(factor, axes)
        buckets.append(_Bucket(cell, tuple(others), known, place[others[0]] if others else -1, ()))
    return [_with_shape(bucket, buckets, sets) for bucket in buckets]


def _with_shape(bucket: _Bucket, buckets: Sequence[_Bucket], sets: Sequence[Ints]) -> _Bucket:
    if bucket.parent < 0:
        return bucket
    parent = buckets[bucket.parent]
    shape = tuple(len(sets[one]) if one in bucket.others else 1 for one in (parent.cell, *parent.others))
    return _Bucket(bucket.cell, bucket.others, bucket.known, bucket.parent, shape)


def _log(factor: Factor, axes: dict[int, int]) -> Floats:
    """log of a factor, with the axes of a bucket."""
    order = sorted(range(len(factor.cells)), key=lambda n: axes[factor.cells[n]])
    turned = np.transpose(factor.holds, order)
    shape = [1] * len(axes)
    for cell, size in zip((factor.cells[n] for n in order), turned.shape, strict=True):
        shape[axes[cell]] = size
    return np.where(turned.reshape(shape), 0.0, -np.inf)
