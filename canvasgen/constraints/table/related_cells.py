"""The cells that relations are about: their values are listed, or whole numbers within bounds, or they are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from canvasgen.checks import is_mapping
from canvasgen.constraints.table.cell_domains import MOST_VALUES, Domain
from canvasgen.constraints.table.grid import Cell
from canvasgen.errors import UnsupportedConstraint
from canvasgen.notes import Note
from canvasgen.relations import Check, Relation

__all__ = ["related_domains"]

_BOUNDS = (999, 99)
"""Whole numbers without bounds of their own are taken from -999 to 999, or from -99 to 99 where the cells are many."""
_MOST_TOGETHER = 40_000
"""Values of all such cells together."""


def related_domains(
    domains: Mapping[Cell, Domain], relations: Sequence[Relation], mode: str
) -> tuple[dict[Cell, Domain], tuple[Note, ...]]:
    """Return the domains with what relations need listed, and notes on what was left out of them.

    Raises:
        UnsupportedConstraint: a relation is about a cell whose values cannot be listed.
    """
    found = dict(domains)
    known: dict[int, Domain] = {}
    for cell in dict.fromkeys(cell for relation in relations for cell in _cells(relation)):
        domain = domains[cell]
        found[cell] = known.setdefault(id(domain), domain.listed())
    if mode == "model":
        return found, ()
    open_cells = {
        cell: relation
        for relation in relations
        if not isinstance(relation, Check)
        for cell in _cells(relation)
        if found[cell].values is None
    }
    notes: list[Note] = []
    bounded: dict[int, Domain | None] = {}
    for cell, relation in open_cells.items():
        domain = found[cell]
        if id(domain) not in bounded:
            bounded[id(domain)] = _bounded(domain, len(open_cells))
        narrower = bounded[id(domain)]
        if narrower is None:
            raise UnsupportedConstraint(
                f"a relation is about a cell whose values are not listed: {relation.describe()}",
                path=str(cell),
                rule="relations",
                remedy=f"give the cell up to {MOST_VALUES} values, such as range(0, 1000), a list, or a schema with minimum "
                "and maximum (decimals: and multipleOf); a relation that is only checked is cg.relations.check",
            )
        found[cell] = narrower
        numbers = sorted((narrower.values or {}).values())
        notes.append(
            Note(
                "departure",
                f"whole numbers from {numbers[0]} to {numbers[-1]}, so that relations can hold; give it a range for others",
                str(cell),
            )
        )
    return found, tuple(notes)


def _cells(relation: Relation) -> tuple[Cell, ...]:
    return cast("tuple[Cell, ...]", relation.cells)


def _bounded(domain: Domain, cells: int) -> Domain | None:
    """Return whole numbers within bounds as listed values; None if the domain is about something else."""
    schema = domain.constraint.shown.schema
    if not is_mapping(schema) or schema.get("type") != "integer":
        return None
    most = next((most for most in _BOUNDS if cells * (2 * most + 1) <= _MOST_TOGETHER), None)
    if most is None:
        return None
    numbers = [number for number in range(-most, most + 1) if domain.constraint.matches(str(number))]
    return replace(domain, values={str(number): number for number in numbers}) if numbers else None
