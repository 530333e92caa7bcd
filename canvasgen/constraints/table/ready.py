"""Ready tables: Latin and magic squares, queens, Futoshiki, rosters, seating plans and round-robin timetables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

from canvasgen.checks import whole_number
from canvasgen.constraints.table.build import assemble, checked_relations, table
from canvasgen.constraints.table.grid import Cell, grid
from canvasgen.constraints.table.layouts import Layout
from canvasgen.constraints.table.puzzle_text import MOST_SIZE, read_cells
from canvasgen.constraints.table.sudoku import require_one_solution, square_domains
from canvasgen.constraints.table.table import Mode, Table
from canvasgen.constraints.text import choice
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.relations import (
    Relation,
    all_different,
    any_of,
    at_most,
    count,
    different,
    exactly,
    is_in,
    ordered,
    total,
)

__all__ = ["futoshiki", "latin_square", "magic_square", "queens", "roster", "round_robin", "seating"]

MOST_ROWS = 44
"""Rows of the largest square of queens, and of a magic square: its cells hold up to `MOST_VALUES` values each."""


def latin_square(puzzle: int | Any, *, mode: Mode = "exact", unique: bool = False) -> Table:
    """A Latin square: every row and column holds 1 to n once. The value is the list of rows.

    Args:
        puzzle: n, or a square with givens, as for `sudoku`.
        mode: as for `table`.
        unique: whether several solutions are refused.

    Raises:
        InvalidConstraint: the square is malformed, or `unique` and there are several solutions.
        Unsatisfiable: there is no solution.
    """
    rows = _square(puzzle)
    about = grid(len(rows), len(rows))
    made = assemble(
        about,
        square_domains(rows, about),
        tuple(_rows_and_columns(about.rows, about.columns)),
        layout="plain",
        mode=mode,
        instruction=(
            f"Complete this Latin square: every row and column holds each of 1 to {len(rows)} once. "
            "Answer only with the full square:"
        ),
        gap=".",
    )
    if unique:
        require_one_solution(made)
    return made


def futoshiki(
    puzzle: int | Any,
    less: Iterable[tuple[tuple[int, int], tuple[int, int]]],
    *,
    mode: Mode = "exact",
    unique: bool = True,
) -> Table:
    """A Futoshiki: a Latin square in which some neighbours are ordered. The value is the list of rows.

    Args:
        puzzle: n, or a square with givens, as for `sudoku`.
        less: pairs of cells `(row, column)`, from 0; the first of each holds less than the second.
        mode: as for `table`.
        unique: whether several solutions are refused.

    Raises:
        InvalidConstraint: it is malformed, or has several solutions.
        Unsatisfiable: it has none.
    """
    rows = _square(puzzle)
    about = grid(len(rows), len(rows))
    orders = [
        ordered((a, b), "<", name=f"{_place(a)} is less than {_place(b)}")
        for a, b in _pairs(less, "less", "cells (row, column)", about.cells)
    ]
    told = "; ".join(relation.describe() for relation in orders)
    made = assemble(
        about,
        square_domains(rows, about),
        (*_rows_and_columns(about.rows, about.columns), *orders),
        layout="plain",
        mode=mode,
        instruction=(
            f"Solve this Futoshiki: every row and column holds each of 1 to {len(rows)} once; {told}. "
            "Answer only with the full square:"
        ),
        gap=".",
    )
    if unique:
        require_one_solution(made)
    return made


def magic_square(size: int, *, mode: Mode = "exact", layout: Layout = "aligned") -> Table:
    """A magic square: 1 to n² once each, with equal sums along rows, columns and diagonals.

    Raises:
        InvalidConstraint: `size` is no number above zero, or there is no such layout.
        Unsatisfiable: there is none of size 2.
    """
    _count(size, "size")
    added = size * (size * size + 1) // 2

    def relations(about: Any) -> list[Relation]:
        lines = [*about.rows, *about.columns, *about.diagonals]
        return [all_different(about.cells), *(total(line, "==", added) for line in lines)]

    return table(
        size,
        size,
        range(1, size * size + 1),
        relations,
        layout=layout,
        mode=mode,
        instruction=(
            f"Write a magic square: each of 1 to {size * size} once, every row, column and diagonal adding up to {added}. "
            "Answer only with the square:"
        ),
    )


def queens(size: int, *, mode: Mode = "exact") -> Table:
    """n queens on a board, none attacking another. The value is the list of rows, of `Q` and `.`.

    Raises:
        InvalidConstraint: `size` is no number above zero.
        Unsatisfiable: there is no solution (2 and 3).
    """
    _count(size, "size")

    def relations(about: Any) -> list[Relation]:
        found = [exactly(1, line, ["Q"]) for line in (*about.rows, *about.columns)]
        by_sum: dict[int, list[Cell]] = {}
        by_difference: dict[int, list[Cell]] = {}
        for row, column in about.cells:
            by_sum.setdefault(row + column, []).append((row, column))
            by_difference.setdefault(row - column, []).append((row, column))
        diagonals = [*by_sum.values(), *by_difference.values()]
        return [*found, *(at_most(1, line, ["Q"]) for line in diagonals if len(line) > 1)]

    return table(
        size,
        size,
        [".", "Q"],
        relations,
        layout="plain",
        mode=mode,
        instruction=(
            f"Place {size} queens (Q) on a board of {size} rows (. is empty): no two share a row, column or diagonal. "
            "Answer only with the board:"
        ),
    )


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
    """A roster: who works each shift of each day. Nobody works twice on a day.

    Args:
        days, shifts: names of the rows and columns.
        people: who may work.
        most, least: shifts of each person in all.
        rest: whether nobody works a day's last shift and the next day's first.
        away: by person, the days, or `(day, shift)`, on which they cannot work.
        given: shifts that are settled.
        relations: any others, over cells `(day, shift)`.
        layout, mode: as for `table`.

    Raises:
        InvalidConstraint: a name is unknown.
        Unsatisfiable: there is no such roster; names a minimal set of rules that contradict each other.
    """
    days, shifts = _names(days, "days"), _names(shifts, "shifts")
    everyone = _names(people, "people")
    about = grid(days, shifts)
    rules: list[Relation] = []
    if len(shifts) > 1:
        rules += [
            all_different(row, name=f"nobody works twice on {day}")
            for day, row in zip(days, about.rows, strict=True)
        ]
    if rest and len(shifts) > 1:
        rules += [
            different(
                (day, shifts[-1]),
                (after, shifts[0]),
                name=f"whoever works {shifts[-1]} on {day} rests on the morning of {after}",
            )
            for day, after in pairwise(days)
        ]
    for person in everyone:
        if most is not None:
            rules.append(at_most(most, about.cells, [person], name=f"{person} works at most {most} shifts"))
        if least:
            rules.append(
                count(about.cells, [person], ">=", least, name=f"{person} works at least {least} shifts")
            )
    for person, times in _mapping(away, "away").items():
        if person not in everyone:
            raise InvalidConstraint("`away` names nobody of the people", rule="away", value=person)
        if isinstance(times, str) or not isinstance(times, Iterable):
            raise InvalidConstraint(
                "whoever is away is so on a list of days", path=person, rule="away", value=times
            )
        for time in times:
            if not isinstance(time, str) and not _is_pair(time):
                raise InvalidConstraint(
                    "one is away on a day or a (day, shift)", path=person, rule="away", value=time
                )
            cells = about.row(time) if isinstance(time, str) else [about.cell(*time)]
            rules.append(exactly(0, cells, [person], name=f"{person} is away on {_time(time)}"))
    domains: dict[Any, Any] = {...: everyone}
    for time, person in _mapping(given, "given").items():
        if not _is_pair(time):
            raise InvalidConstraint("a shift that is settled is a (day, shift)", rule="given", value=time)
        if person not in everyone:
            raise InvalidConstraint("`given` names nobody of the people", rule="given", value=person)
        domains[about.cell(*time)] = person
    rules += checked_relations(relations, about)
    return table(days, shifts, domains, rules, layout=layout, mode=mode)


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
    """A seating plan: every guest has a seat; seats left over hold `-`. Neighbours sit side by side or face to face.

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
    _count(rows, "rows")
    _count(columns, "columns")
    about = grid(rows, columns)
    names = _names(guests, "guests")
    if "-" in names:
        raise InvalidConstraint("no guest is named -, which is an empty seat", rule="guests", value="-")
    if len(names) > len(about.cells):
        raise InvalidConstraint(
            f"{len(names)} guests do not fit on {len(about.cells)} seats", rule="guests", value=len(names)
        )
    spare = len(about.cells) - len(names)
    rules: list[Relation] = [exactly(1, about.cells, [name], name=f"{name} has one seat") for name in names]
    beside = {
        (row, column): [
            (row + down, column + right)
            for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0))
            if 0 <= row + down < rows and 0 <= column + right < columns
        ]
        for row, column in about.cells
    }
    pairs = [(pair, True) for pair in _pairs(together, "together", "guests", names)]
    pairs += [(pair, False) for pair in _pairs(apart, "apart", "guests", names)]
    for (one, other), near in pairs:
        others = [*(name for name in names if name != one), *["-"] * bool(spare)]
        without = [*(name for name in names if name != other), *["-"] * bool(spare)]
        told = f"{one} sits {'' if near else 'not '}next to {other}"
        for seat, neighbours in beside.items():
            if near:
                close = [is_in(place, [other]) for place in neighbours]
                rules.append(any_of([is_in(seat, others), *close], name=told))
            else:
                rules += [
                    any_of([is_in(seat, others), is_in(place, without)], name=told) for place in neighbours
                ]
    domain = [*names, *["-"] * bool(spare)]
    told = "; ".join(dict.fromkeys(rule.describe() for rule in rules if "next to" in rule.describe()))
    return table(
        rows,
        columns,
        domain,
        [*rules, *checked_relations(relations, about)],
        layout=layout,
        mode=mode,
        instruction=(
            f"Seat {', '.join(names)}, each on one seat{' (- is an empty one)' if spare else ''}. "
            f"{told + '. ' if told else ''}"
            "Answer only with this table, every ? in it filled in:"
        ),
    )


def round_robin(teams: Sequence[str], *, layout: Layout = "markdown", mode: Mode = "exact") -> Table:
    """A round-robin timetable: every two teams meet once, and each plays once a round (or pauses, if they are odd).

    The value is the list of rounds, each a list of pairs of teams.

    Raises:
        InvalidConstraint: fewer than two teams, two of one name, or a name that is no text.
        ConstraintTooLarge: more games than a cell can list.
    """
    names = _names(teams, "teams")
    if len(names) < 2:
        raise InvalidConstraint("a tournament has at least two teams", rule="teams", value=names)
    odd = next((name for name in names if " - " in name), None)
    if odd is not None:
        raise InvalidConstraint(
            "a team's name has ' - ', which stands between two teams", rule="teams", value=odd
        )
    games = {f"{one} - {other}": (one, other) for one, other in combinations(names, 2)}
    each = len(names) // 2
    rounds = len(games) // each
    row_names = [f"round {number}" for number in range(1, rounds + 1)]
    column_names = [f"game {number}" for number in range(1, each + 1)]

    def relations(about: Any) -> list[Relation]:
        found: list[Relation] = [all_different(about.cells, name="every two teams meet once")]
        op = "==" if len(names) % 2 == 0 else "<="
        for row in about.rows:
            for team in names:
                own = [written for written, pair in games.items() if team in pair]
                found.append(count(row, own, op, 1, name=f"{team} plays once in {row[0][0]}"))
        return found

    return table(
        row_names,
        column_names,
        choice(games),
        relations,
        layout=layout,
        mode=mode,
        instruction=(
            f"Make a round-robin timetable of {', '.join(names)}: every two meet once, and nobody plays twice in a round. "
            "Answer only with this table, every ? in it filled in:"
        ),
    )


def _rows_and_columns(rows: Iterable[Sequence[Cell]], columns: Iterable[Sequence[Cell]]) -> list[Relation]:
    return [
        *(all_different(row, name=f"row {n} has every value once") for n, row in enumerate(rows, 1)),
        *(all_different(line, name=f"column {n} has every value once") for n, line in enumerate(columns, 1)),
    ]


def _square(puzzle: Any) -> list[list[int | None]]:
    """The rows of a square from its size, or from what `read_cells` takes."""
    if isinstance(puzzle, (int, float)):
        _count(puzzle, "puzzle", MOST_SIZE)
        size = int(puzzle)
        return read_cells([[None] * size for _ in range(size)])
    return read_cells(puzzle)


def _count(number: Any, rule: str, most: int = MOST_ROWS) -> None:
    if whole_number(number, rule=rule, name="a size", low=1) > most:
        raise ConstraintTooLarge(f"more than {most} rows", rule=rule, value=number)


def _names(given: Any, rule: str) -> list[str]:
    """A list of different names."""
    if isinstance(given, (str, bytes, set, frozenset, Mapping)) or not isinstance(given, Iterable):
        raise InvalidConstraint(f"{rule} are a list of names", rule=rule, value=given)
    names = list(given)
    if not names:
        raise InvalidConstraint(f"there are no {rule}", rule=rule, value=names)
    for at, name in enumerate(names):
        if not isinstance(name, str) or not name:
            raise InvalidConstraint(
                f"a name of {rule} is a text", path=f"{rule}[{at}]", rule=rule, value=name
            )
        if name in names[:at]:
            raise InvalidConstraint(f"two {rule} have one name", path=f"{rule}[{at}]", rule=rule, value=name)
    return names


def _pairs(given: Any, rule: str, what: str, known: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Pairs of two different ones that are known."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidConstraint(f"`{rule}` is a list of pairs of {what}", rule=rule, value=given)
    found: list[tuple[Any, Any]] = []
    for pair in given:
        if not _is_pair(pair):
            raise InvalidConstraint(f"`{rule}` is a list of pairs of {what}", rule=rule, value=pair)
        one, other = (tuple(side) if isinstance(side, list) else side for side in pair)
        for side in (one, other):
            if side not in known:
                raise InvalidConstraint(f"`{rule}` names none of the {what}", rule=rule, value=side)
        if one == other:
            raise InvalidConstraint(f"`{rule}` pairs two different {what}", rule=rule, value=pair)
        found.append((one, other))
    return found


def _is_pair(given: Any) -> bool:
    return isinstance(given, (tuple, list)) and len(given) == 2


def _mapping(given: Any, rule: str) -> Mapping[Any, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise InvalidConstraint(f"`{rule}` is a mapping", rule=rule, value=given)
    return given or {}


def _place(cell: Sequence[int]) -> str:
    return f"r{cell[0] + 1}c{cell[1] + 1}"


def _time(time: str | tuple[str, str]) -> str:
    return time if isinstance(time, str) else " ".join(time)
