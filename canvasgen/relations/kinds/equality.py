"""Cells that differ, cells that are equal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from canvasgen.relations.cell_values import Cell, Value, key, same, show_cells
from canvasgen.relations.kinds.relation import Relation, cells_of, name_of
from canvasgen.relations.programs.primitives import Cardinality, Different, Equal, Primitive
from canvasgen.relations.programs.space import Space

__all__ = ["AllDifferent", "AllEqual", "all_different", "different", "equal"]


@dataclass(frozen=True, kw_only=True)
class AllDifferent(Relation):
    """No two cells have the same value."""

    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether no value comes twice."""
        return len({key(value) for value in values}) == len(values)

    def sentence(self) -> str:
        """Return the relation in words."""
        return f"{show_cells(self.cells)} are all different"

    def lower(self, space: Space) -> list[Primitive]:
        """One for each universe: values of different universes differ anyhow."""
        groups: dict[int, list[int]] = {}
        for cell in self.cells:
            n = space.number[cell]
            groups.setdefault(space.universe[n], []).append(n)
        return [Different(tuple(group)) for group in groups.values() if len(group) > 1]


@dataclass(frozen=True, kw_only=True)
class AllEqual(Relation):
    """All cells have the same value."""

    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether all values are the first."""
        return all(same(value, values[0]) for value in values)

    def sentence(self) -> str:
        """Return the relation in words."""
        return f"{show_cells(self.cells)} are equal"

    def lower(self, space: Space) -> list[Primitive]:
        """Itself, or what cannot hold where cells have no value in common."""
        cells = tuple(space.number[cell] for cell in self.cells)
        if len({space.universe[n] for n in cells}) > 1:
            return [Cardinality(((cells[0], 0),), 1, 1)]
        return [Equal(cells)]


def all_different(cells: Iterable[Cell], *, name: str | None = None) -> Relation:
    """Require that no two of the cells have the same value."""
    return AllDifferent(cells=cells_of(cells, "all_different"), name=name_of(name, "all_different"))


def different(a: Cell, b: Cell, *, name: str | None = None) -> Relation:
    """Require that the two cells have different values."""
    return AllDifferent(cells=cells_of((a, b), "different"), name=name_of(name, "different"))


def equal(cells: Iterable[Cell], *, name: str | None = None) -> Relation:
    """Require that all of the cells have the same value."""
    return AllEqual(cells=cells_of(cells, "equal", 2), name=name_of(name, "equal"))
