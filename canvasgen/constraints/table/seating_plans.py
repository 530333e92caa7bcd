"""Seating plans: who sits next to whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from canvasgen.checks import invalid
from canvasgen.constraints.table.arguments import different_names, known_pairs, row_count
from canvasgen.constraints.table.build import checked_relations, table
from canvasgen.constraints.table.grid import Cell, Grid, grid
from canvasgen.constraints.table.layouts import Layout
from canvasgen.constraints.table.table import Mode, Table
from canvasgen.relations import Relation, any_of, exactly, is_in

__all__ = ["seating"]

_EMPTY = "-"
"""What stands on a seat that is left over."""


def seating(
    guests: Sequence[str],
    rows: int,
    columns: int,
    *,
    together: Iterable[tuple[str, str]] = (),
    apart: Iterable[tuple[str, str]] = (),
    relations: Iterable[Relation] = (),
    layout: Layout = "markdown",
    mode: Mode = "exact",
) -> Table:
    """Return a seating plan: every guest has a seat; seats left over hold `-`. Neighbours sit side by side or face to face.

    Args:
        guests: their names.
        rows, columns: of the seats.
        together: pairs that sit next to each other.
        apart: pairs that do not.
        relations: any others, over seats `(row, column)` from 0.
        layout, mode: as for `table`.

    Raises:
        InvalidConstraint: there are more guests than seats, or a pair names nobody.
        Unsatisfiable: there is no such plan.
    """
    about = grid(row_count(rows, "rows"), row_count(columns, "columns"))
    names = different_names(guests, "guests")
    if _EMPTY in names:
        raise invalid(
            "no guest is named -, which is an empty seat", "guests", _EMPTY, "write the name differently"
        )
    if len(names) > len(about.cells):
        raise invalid(
            f"{len(names)} guests do not fit on {len(about.cells)} seats",
            "guests",
            len(names),
            "give more tables or seats, or fewer guests",
        )
    spare = len(about.cells) > len(names)
    domain = [*names, _EMPTY] if spare else names
    neighbours = _neighbours(about)
    pairs = [(pair, True) for pair in known_pairs(together, "together", "guests", names)]
    pairs += [(pair, False) for pair in known_pairs(apart, "apart", "guests", names)]
    wishes = [rule for pair, near in pairs for rule in _of_pair(*pair, near, neighbours, domain)]
    told = "; ".join(dict.fromkeys(rule.describe() for rule in wishes))
    return table(
        rows,
        columns,
        domain,
        [
            *(exactly(1, about.cells, [name], name=f"{name} has one seat") for name in names),
            *wishes,
            *checked_relations(relations, about),
        ],
        layout=layout,
        mode=mode,
        instruction=(
            f"Seat {', '.join(names)}, each on one seat{' (- is an empty one)' if spare else ''}. "
            f"{told + '. ' if told else ''}"
            "Answer only with this table, every ? in it filled in:"
        ),
    )


def _neighbours(about: Grid) -> dict[Cell, list[Cell]]:
    """Return, by seat, the seats beside it and opposite."""
    seats = set(about.cells)
    return {
        (row, column): [
            seat
            for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0))
            if (seat := (row + down, column + right)) in seats
        ]
        for row, column in about.cells
    }


def _of_pair(
    one: str, other: str, near: bool, neighbours: Mapping[Cell, Sequence[Cell]], domain: Sequence[str]
) -> Iterator[Relation]:
    """Yield that two guests sit next to each other, or do not: wherever the one sits, the other does (not) beside."""
    name = f"{one} sits {'' if near else 'not '}next to {other}"
    others = [value for value in domain if value != one]
    without = [value for value in domain if value != other]
    for seat, beside in neighbours.items():
        elsewhere = is_in(seat, others)
        if near:
            yield any_of([elsewhere, *(is_in(place, [other]) for place in beside)], name=name)
        else:
            for place in beside:
                yield any_of([elsewhere, is_in(place, without)], name=name)
