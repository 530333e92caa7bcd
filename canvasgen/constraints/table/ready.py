"""Ready tables: Latin and magic squares, queens, Futoshiki, rosters, seating plans and round-robin timetables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

from canvasgen.constraints.simple import choice
from canvasgen.constraints.table.build import assemble, table
from canvasgen.constraints.table.constraint import Mode, Table
from canvasgen.constraints.table.grid import Cell, grid
from canvasgen.constraints.table.layouts import Layout
from canvasgen.constraints.table.puzzle_text import read_cells
from canvasgen.constraints.table.sudoku import require_one_solution, square_domains
from canvasgen.errors import InvalidConstraint
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
        ordered((tuple(a), tuple(b)), "<", name=f"{_place(a)} is less than {_place(b)}") for a, b in less
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
    about = grid(days, shifts)
    everyone = list(people)
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
    for person, times in (away or {}).items():
        if person not in everyone:
            raise InvalidConstraint("`away` names nobody of the people", rule="away", value=person)
        for time in times:
            cells = [about.cell(*time)] if isinstance(time, tuple) else about.row(time)
            rules.append(exactly(0, cells, [person], name=f"{person} is away on {_time(time)}"))
    domains: dict[Any, Any] = {...: everyone}
    for (day, shift), person in (given or {}).items():
        if person not in everyone:
            raise InvalidConstraint("`given` names nobody of the people", rule="given", value=person)
        domains[about.cell(day, shift)] = person
    return table(list(days), list(shifts), domains, [*rules, *relations], layout=layout, mode=mode)


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
    about = grid(rows, columns)
    names = list(guests)
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
    pairs = [(pair, True) for pair in together] + [(pair, False) for pair in apart]
    for (one, other), near in pairs:
        for name in (one, other):
            if name not in names:
                raise InvalidConstraint("a pair names nobody of the guests", rule="together", value=name)
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
        [*rules, *relations],
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
        InvalidConstraint: fewer than two teams, or two of one name.
    """
    names = list(teams)
    if len(names) < 2 or len(set(names)) < len(names):
        raise InvalidConstraint(
            "a tournament has at least two teams, of different names", rule="teams", value=names
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
    if isinstance(puzzle, int) and not isinstance(puzzle, bool):
        _count(puzzle, "size")
        return read_cells([[None] * puzzle for _ in range(puzzle)])
    return read_cells(puzzle)


def _count(number: Any, rule: str) -> None:
    if type(number) is not int or number < 1:
        raise InvalidConstraint("a size is a whole number above zero", rule=rule, value=number)


def _place(cell: Sequence[int]) -> str:
    return f"r{cell[0] + 1}c{cell[1] + 1}"


def _time(time: str | tuple[str, str]) -> str:
    return time if isinstance(time, str) else " ".join(time)
