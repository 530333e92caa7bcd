"""Round-robin timetables: every two teams meet once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from canvasgen.constraints.choices import choice
from canvasgen.constraints.table.arguments import different_names
from canvasgen.constraints.table.build import table
from canvasgen.constraints.table.grid import Grid
from canvasgen.constraints.table.layouts import Layout
from canvasgen.constraints.table.table import Mode, Table
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.relations import Relation, all_different, count

__all__ = ["round_robin"]

MOST_TEAMS = 60
"""Teams of a tournament, whose games are the values of each cell."""


def round_robin(teams: Sequence[str], *, layout: Layout = "markdown", mode: Mode = "exact") -> Table:
    """Return a round-robin timetable: every two teams meet once, and each plays once a round (or pauses, if they are odd).

    The value is the list of rounds, each a list of pairs of teams.

    Raises:
        InvalidConstraint: fewer than two teams, two of one name, or a name that is no text.
        ConstraintTooLarge: more games than a cell can list.
    """
    names = different_names(teams, "teams")
    if len(names) < 2:
        raise InvalidConstraint(
            "a tournament has at least two teams", rule="teams", value=names, remedy="give two names or more"
        )
    if len(names) > MOST_TEAMS:
        raise ConstraintTooLarge(
            f"a tournament of more than {MOST_TEAMS} teams",
            rule="teams",
            value=len(names),
            remedy="split it into groups",
        )
    odd = next((name for name in names if " - " in name), None)
    if odd is not None:
        raise InvalidConstraint(
            "a team's name has ' - ', which stands between two teams",
            rule="teams",
            value=odd,
            remedy="write the name without it",
        )
    games = {f"{one} - {other}": (one, other) for one, other in combinations(names, 2)}
    each = len(names) // 2
    rounds = len(games) // each
    row_names = [f"round {number}" for number in range(1, rounds + 1)]
    column_names = [f"game {number}" for number in range(1, each + 1)]

    def relations(about: Grid) -> list[Relation]:
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
