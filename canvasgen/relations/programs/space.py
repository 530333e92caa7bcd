"""The cells of a problem with their values, numbered for the kernels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canvasgen.checks import is_iterable
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.relations.cell_values import Cell, Key, Value, exact, is_number, key, order
from canvasgen.relations.relation_limits import RelationLimits

__all__ = ["LARGEST", "Space"]

LARGEST = 2**60  # no sum of a relation may leave ±LARGEST


class Space:
    """Numbers for cells and values.

    Cells whose values overlap (also over others) share a *universe*: its values are numbered by increasing
    `order`, and a cell's value is known by this number, its *bit*. Cells of different universes have no value
    in common.

    Attributes:
        cells: the cells, in the order of the domains.
        number: each cell's number.
        values: each cell's values, in the order given, without duplicates.
        width: most values of a cell.
        universe: each cell's universe.
        bit: bits of each cell's values, int64 `[cells, width]`; -1 beyond its last.
        place: the inverse: where each bit is among the cell's values, int64 `[cells, 64 · words]`; -1: nowhere.
        start: where each cell's universe starts in `numbers` and `ranks`, int64 `[cells]`.
        scale: what makes the numbers of all cells that sums are about whole: a power of 10.
        numbers: numbers times `scale`, int64; 0 for other values, those that it does not make whole, and those beyond
            ±2^60.
        ranks: places of numbers and strings in their order, int64; 1 and 1.0 share one.
        words: 64-bit words of the largest universe.
    """

    def __init__(
        self,
        domains: Mapping[Cell, Sequence[Value]],
        limits: RelationLimits,
        summed: frozenset[Cell] = frozenset(),
    ) -> None:
        """Number the cells and values.

        Args:
            domains: each cell's values.
            limits: the budgets.
            summed: the cells that sums are about.
        """
        limits.check("max_cells", len(domains), "cells of the problem")
        self.cells: tuple[Cell, ...] = tuple(domains)
        self.number: dict[Cell, int] = {cell: n for n, cell in enumerate(self.cells)}
        # Cells often share one list of values, which is then looked at once.
        seen: dict[int, list[Key]] = {}
        lists = [domains[cell] for cell in self.cells]
        for cell, values in zip(self.cells, lists, strict=True):
            if id(values) not in seen:
                seen[id(values)] = self._domain(cell, values, limits)
        self._keys = [seen[id(values)] for values in lists]
        self.values: tuple[tuple[Any, ...], ...] = tuple(tuple(v for _, v in ks) for ks in self._keys)
        limits.check("max_cell_values", sum(map(len, self.values)), "values of all cells")
        self.width = max(map(len, self.values), default=0)
        self.scale = _scale(self.values[n] for n, cell in enumerate(self.cells) if cell in summed)
        self._number_values(limits)

    @staticmethod
    def _domain(cell: Cell, values: Sequence[Value], limits: RelationLimits) -> list[Key]:
        if isinstance(values, (str, bytes)) or not is_iterable(values):
            raise InvalidConstraint(
                f"the values of the cell {cell} are {'one string' if isinstance(values, str) else 'no list'}",
                rule="domains",
                value=values,
                remedy="give a list of values, or a range",
            )
        found = list(dict.fromkeys(key(value) for value in values))
        if not found:
            raise InvalidConstraint(
                f"the cell {cell} has no values",
                rule="domains",
                value=cell,
                remedy="give it one value or more",
            )
        limits.check("max_values", len(found), f"values of the cell {cell}")
        return found

    def _number_values(self, limits: RelationLimits) -> None:
        groups = _joined(self._keys)
        self.universe = [groups[ks[0]] for ks in self._keys]
        members: dict[int, list[Key]] = {}
        for k in sorted(groups, key=order):
            members.setdefault(groups[k], []).append(k)
        self._bits = [{k: b for b, k in enumerate(ks)} for ks in (members[u] for u in sorted(members))]
        numbered = {u: n for n, u in enumerate(sorted(members))}
        self.universe = [numbered[u] for u in self.universe]
        rank, last = 0, None
        ranks: dict[Key, int] = {}
        for k in sorted(groups, key=order):
            if last is not None and order(last)[:2] != order(k)[:2]:
                rank += 1
            ranks[k], last = rank, k
        flat = [k for u in sorted(members) for k in members[u]]
        starts = np.cumsum([0, *(len(bits) for bits in self._bits)])
        self.start: NDArray[np.int64] = np.array([starts[u] for u in self.universe], np.int64)
        self.numbers: NDArray[np.int64] = np.array([self._scaled(v) or 0 for _, v in flat], np.int64)
        self.ranks: NDArray[np.int64] = np.array([ranks[k] for k in flat], np.int64)
        self.words = max(1, -(-max(map(len, self._bits), default=1) // 64))
        self.bit: NDArray[np.int64] = np.full((len(self.cells), self.width), -1, np.int64)
        for n, ks in enumerate(self._keys):
            bits = self._bits[self.universe[n]]
            self.bit[n, : len(ks)] = [bits[k] for k in ks]
        size = len(self.cells) * 64 * self.words
        limits.check("max_bits", size, "cells times values of the largest universe")
        self.place: NDArray[np.int64] = np.full((len(self.cells), 64 * self.words), -1, np.int64)
        rows, columns = np.nonzero(self.bit >= 0)
        self.place[rows, self.bit[rows, columns]] = columns

    def bits_of(self, assignment: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the bits of assignments, int64 `[..., cells]`, given as indices into the cells' values."""
        return self.bit[np.arange(len(self.cells)), assignment]

    def places_of(self, bits: NDArray[np.int64]) -> NDArray[np.int64]:
        """Assignments, int64 `[..., cells]`, given as bits, as indices into the cells' values."""
        return self.place[np.arange(len(self.cells)), bits]

    def bits(self, cell: int, wanted: Iterable[Key]) -> int:
        """Return the set of bits of those keys that are values of the cell."""
        numbered = self._bits[self.universe[cell]]
        found = 0
        for k in wanted:
            if k in numbered and self.place[cell, numbered[k]] >= 0:
                found |= 1 << numbered[k]
        return found

    def bit_of(self, cell: int, wanted: Key) -> int:
        """Return the bit of a key; -1 if the cell cannot have it."""
        bits = self.bits(cell, (wanted,))
        return bits.bit_length() - 1 if bits else -1

    def every(self, cell: int) -> int:
        """Return the set of bits of all values of the cell."""
        return self.bits(cell, self._keys[cell])

    def index(self, cell: int, value: object) -> int:
        """Return where `value` is among the cell's values; -1 if the cell cannot have it."""
        wanted = key(value)
        return self._keys[cell].index(wanted) if wanted in self._keys[cell] else -1

    def _scaled(self, value: object) -> int | None:
        """A number times `scale`; None if that is no whole number within ±2^60."""
        if type(value) is int:
            return value * self.scale if abs(value) * self.scale <= LARGEST else None
        if not is_number(value):
            return None
        scaled = exact(value) * self.scale
        return int(scaled) if scaled.denominator == 1 and abs(scaled) <= LARGEST else None

    def require_numbers(self, cell: Cell, rule: str) -> list[int]:
        """Return the values of a cell, all numbers, times `scale`.

        Raises:
            InvalidConstraint: one of them is no number (a bool is not).
            ConstraintTooLarge: one is beyond ±2^60 when it is scaled.
        """
        found: list[int] = []
        for value in self.values[self.number[cell]]:
            if not is_number(value):
                raise InvalidConstraint(
                    f"{rule} needs numbers, and the cell {cell} may be {value!r}",
                    rule=rule,
                    value=value,
                    remedy="give the cell numbers only",
                )
            scaled = self._scaled(value)
            found.append(check_range(2 * LARGEST, rule) if scaled is None else scaled)
        return found

    def require_integers(self, cell: Cell, rule: str) -> list[int]:
        """Return the values of a cell, all integers.

        Raises:
            InvalidConstraint: one of them is not (a bool is not).
            ConstraintTooLarge: one is beyond ±2^60.
        """
        found: list[int] = []
        for value in self.values[self.number[cell]]:
            if type(value) is not int:
                raise InvalidConstraint(
                    f"{rule} needs integers, and the cell {cell} may be {value!r}",
                    rule=rule,
                    value=value,
                    remedy="give the cell integer values only",
                )
            found.append(check_range(value, rule))
        return found


def _scale(domains: Iterable[Sequence[Value]]) -> int:
    """Return the least power of 10 that makes all numbers of the domains whole."""
    places = 0
    for value in {value for values in domains for value in values if type(value) is float}:
        if is_number(value):
            exponent = Decimal(repr(value)).normalize().as_tuple().exponent
            places = max(places, -int(exponent))
    return 10**places


def check_range(number: int, rule: str) -> int:
    """`number` if it is within ±2^60.

    Raises:
        ConstraintTooLarge: it is not.
    """
    if abs(number) > LARGEST:
        raise ConstraintTooLarge(
            f"{rule} reaches numbers beyond ±2^60", rule=rule, value=number, remedy="use smaller numbers"
        )
    return number


def _joined(domains: list[list[Key]]) -> dict[Key, int]:
    """Return a group for each key, numbered by first appearance: keys of one domain are in one group."""
    parent: dict[Key, Key] = {}

    def root(k: Key) -> Key:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for domain in {id(domain): domain for domain in domains}.values():
        first = domain[0]
        for k in domain:
            parent.setdefault(k, k)
            a, b = root(first), root(k)
            if a != b:
                parent[b] = a
    numbers: dict[Key, int] = {}
    return {k: numbers.setdefault(root(k), len(numbers)) for k in parent}
