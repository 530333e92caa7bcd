"""A cell that points to another, and a cell that is looked up in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from canvasgen.checks import is_mapping
from canvasgen.relations.cell_values import Cell, Value, same, show_cells, show_value
from canvasgen.relations.kinds.relation import Relation, cell_of, cells_of, integer, listed, name_of, refuse
from canvasgen.relations.kinds.tuples import allowed
from canvasgen.relations.programs.primitives import Element, Primitive, clause
from canvasgen.relations.programs.space import Space

__all__ = ["Pointer", "element", "lookup"]


@dataclass(frozen=True, kw_only=True)
class Pointer(Relation):
    """items[index - base] == value.

    Attributes:
        index: the cell that points.
        items: the cells it may point to.
        value: the cell that is equal to the one pointed to.
        base: the index of the first item.
    """

    index: Cell
    items: tuple[Cell, ...]
    value: Cell
    base: int

    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether the index is an integer in range and its item is the value."""
        at = dict(zip(self.cells, values, strict=True))
        n = at[self.index]
        if type(n) is not int or not 0 <= n - self.base < len(self.items):
            return False
        return same(at[self.items[n - self.base]], at[self.value])

    def sentence(self) -> str:
        """Return the relation in words."""
        return f"{self.value} is number {self.index} (from {self.base}) of {show_cells(self.items)}"

    def lower(self, space: Space) -> list[Primitive]:
        """Return the choices that share values with `value`; the index has one of them."""
        space.require_integers(self.index, self.describe())
        index, value = space.number[self.index], space.number[self.value]
        choices: list[tuple[int, int]] = []
        for n, item in enumerate(self.items):
            bits = space.bits(index, ((int, n + self.base),))
            cell = space.number[item]
            if bits and space.universe[cell] == space.universe[value]:
                choices.append((bits.bit_length() - 1, cell))
        return [clause([(index, sum(1 << bit for bit, _ in choices))]), Element(index, tuple(choices), value)]


def element(
    index: Cell, items: Sequence[Cell], value: Cell, base: int = 0, *, name: str | None = None
) -> Relation:
    """Require items[index - base] == value, all of them cells; for constants see `lookup`.

    Args:
        index: a cell with integer values; one out of range is impossible.
        items: cells; one may come more than once.
        value: the cell equal to the item.
        base: the index of the first item.
        name: what `describe` says.

    Raises:
        InvalidConstraint: there are no items, or `base` is not an integer.
    """
    found = tuple(cell_of(item, "element") for item in listed(items, "element", "cells"))
    cells_of(dict.fromkeys(found), "element")
    return Pointer(
        cells=tuple(dict.fromkeys((cell_of(index, "element"), *found, cell_of(value, "element")))),
        index=index,
        items=found,
        value=value,
        base=integer(base, "element", "the base"),
        name=name_of(name, "element"),
    )


def lookup(index: Cell, table: Mapping[Any, Any], value: Cell, *, name: str | None = None) -> Relation:
    """Require table[index] == value; an index that is not in the table is impossible.

    Raises:
        InvalidConstraint: the table is no mapping, is empty, or has something else than values of cells.
    """
    if not is_mapping(table):
        refuse(
            "lookup takes a mapping", "lookup", table, "give a dict from the index's values to the other's"
        )
    shown = ", ".join(f"{show_value(k)} → {show_value(v)}" for k, v in list(table.items())[:5])
    more = ", …" if len(table) > 5 else ""
    return allowed(
        (index, value), list(table.items()), name=name or f"{value} is looked up by {index}: {shown}{more}"
    )
