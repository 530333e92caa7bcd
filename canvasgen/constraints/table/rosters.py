"""Rosters: who works which shift of which day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from canvasgen.checks import invalid, is_iterable
from canvasgen.constraints.table.arguments import different_names, is_pair, mapping_or_empty
from canvasgen.constraints.table.build import checked_relations, table
from canvasgen.constraints.table.grid import Cell, Grid, grid
from canvasgen.constraints.table.layouts import Layout
from canvasgen.constraints.table.table import Mode, Table
from canvasgen.relations import Relation, all_different, at_most, count, different, exactly

__all__ = ["roster"]


def roster(
    days: Sequence[str],
    shifts: Sequence[str],
    people: Sequence[str],
    *,
    most: int | None = None,
    least: int = 0,
    rest: bool = True,
    away: Mapping[str, Iterable[str | tuple[str, str]]] | None = None,
    given: Mapping[tuple[str, str], str] | None = None,
    relations: Iterable[Relation] = (),
    layout: Layout = "markdown",
    mode: Mode = "exact",
) -> Table:
    """Return a roster: who works each shift of each day. Nobody works twice on a day.

    Args:
        days, shifts: names of the rows and columns.
        people: who may work.
        most, least: shifts of each person in all.
        rest: whether nobody works a day's last shift and the next day's first.
        away: by person, the days, or `(day, shift)`, on which they cannot work.
        given: who works some of the shifts, by `(day, shift)`.
        relations: any others, over cells `(day, shift)`.
        layout, mode: as for `table`.

    Raises:
        InvalidConstraint: a name is unknown.
        Unsatisfiable: there is no such roster; names a minimal set of rules that contradict each other.
    """
    days, shifts = different_names(days, "days"), different_names(shifts, "shifts")
    everyone = different_names(people, "people")
    about = grid(days, shifts)
    rules = [
        *(_of_days(days, shifts, about, rest) if len(shifts) > 1 else ()),
        *_of_people(everyone, about, most, least),
        *_of_absences(mapping_or_empty(away, "away"), everyone, about),
        *checked_relations(relations, about),
    ]
    domains: dict[Any, Any] = {...: everyone, **_known(mapping_or_empty(given, "given"), everyone, about)}
    return table(days, shifts, domains, rules, layout=layout, mode=mode)


def _of_days(days: Sequence[str], shifts: Sequence[str], about: Grid, rest: bool) -> Iterator[Relation]:
    """Yield what holds of everyone: one shift a day, and with `rest` no morning after an evening."""
    for day, row in zip(days, about.rows, strict=True):
        yield all_different(row, name=f"nobody works twice on {day}")
    for day, after in pairwise(days) if rest else ():
        yield different(
            (day, shifts[-1]),
            (after, shifts[0]),
            name=f"whoever works {shifts[-1]} on {day} rests on the morning of {after}",
        )


def _of_people(everyone: Sequence[str], about: Grid, most: int | None, least: int) -> Iterator[Relation]:
    """Yield the bounds of each person's shifts."""
    for person in everyone:
        if most is not None:
            yield at_most(most, about.cells, [person], name=f"{person} works at most {most} shifts")
        if least:
            yield count(about.cells, [person], ">=", least, name=f"{person} works at least {least} shifts")


def _of_absences(away: Mapping[Any, Any], everyone: Sequence[str], about: Grid) -> Iterator[Relation]:
    """Yield when each person cannot work."""
    for person, times in away.items():
        if person not in everyone:
            raise invalid(
                "`away` names nobody of the people",
                "away",
                person,
                "take a name from `people`, spelled as there",
            )
        if isinstance(times, str) or not is_iterable(times):
            raise invalid(
                "whoever is away is so on a list of days",
                "away",
                times,
                "write away={person: [day, (day, shift)]}",
                path=person,
            )
        for time in times:
            if isinstance(time, str):
                cells, when = about.row(time), time
            elif is_pair(time):
                cells, when = (about.cell(*time),), " ".join(time)
            else:
                raise invalid(
                    "one is away on a day or a (day, shift)",
                    "away",
                    time,
                    "name a day of `days`, or a (day, shift)",
                    path=person,
                )
            yield exactly(0, cells, [person], name=f"{person} is away on {when}")


def _known(given: Mapping[Any, Any], everyone: Sequence[str], about: Grid) -> dict[Cell, str]:
    """Return who works the shifts that are given."""
    known: dict[Cell, str] = {}
    for time, person in given.items():
        if not is_pair(time):
            raise invalid(
                "a shift that is settled is a (day, shift)",
                "given",
                time,
                "write given={(day, shift): person}",
            )
        if person not in everyone:
            raise invalid(
                "`given` names nobody of the people",
                "given",
                person,
                "take a name from `people`, spelled as there",
            )
        known[about.cell(*time)] = person
    return known
