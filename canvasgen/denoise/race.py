"""The first steps of a row from each of its starts, side by side: the less likely half leaves after each step.

What decides is the mass that the model gives to valid texts: where fixed text stands in the wrong place, the model
contradicts it the more the longer it looks. A step of the schedule is left for the winner. Source: successive halving,
Karnin et al., "Almost optimal exploration in multi-armed bandits", ICML 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from canvasgen.denoise.row import Row

__all__ = ["Heat", "run_heat"]


@dataclass
class Heat:
    """What one step of all races leaves.

    Attributes:
        alone: by seat, whether the row was in no race.
        going: seats that go on, in order.
        winners: seats of the rows that are ahead in their races.
        repeated: seats whose schedule has one step only, which is still to be taken: their canvas stays as it is.
    """

    alone: list[bool]
    going: list[int] = field(default_factory=list[int])
    winners: list[int] = field(default_factory=list[int])
    repeated: list[int] = field(default_factory=list[int])


def run_heat(rows: Sequence[Row]) -> Heat:
    """Halve the contenders of every race; rows of one number are contenders, and have recorded this step."""
    groups: dict[int, list[int]] = {}
    for seat, row in enumerate(rows):
        groups.setdefault(row.number, []).append(seat)
    heat = Heat([len(groups[row.number]) == 1 for row in rows])
    for seats in groups.values():
        if len(seats) == 1:
            heat.going += seats
            continue
        seats.sort(key=lambda seat: -rows[seat].trace[-1].mass)
        winner = rows[seats[0]]
        if winner.steps_left == 0:
            winner.forget()
            winner.begin_block()
            heat.repeated.append(seats[0])
            heat.going.append(seats[0])
            continue
        heat.winners.append(seats[0])
        heat.going += seats[: 1 if winner.steps_left == 1 else -(-len(seats) // 2)]
    return heat
