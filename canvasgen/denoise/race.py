"""The first steps of a row from each of its starts, side by side: starts that are beaten leave after each step.

What decides is the mass that the model gives to valid texts: where fixed text stands in the wrong place, the model
contradicts it the more the longer it looks. With all starts alike likely before, contender k's share is
w_k = Z_k / sum of all Z, and a text has the probability sum_k w_k P_k(text | valid) over all of them. After each step

    decided   from the second step on: the best text of one has at least the probability `Policy.certain`: it is committed,
              the race is over. After the first step a model seems certain of a text as wide as the start's gap
    beaten    contenders with less than exp(-`Policy.beaten`) of the largest mass leave
    alike     of contenders with the same best text the one with the most mass stays
    halved    of what is left, at most half as many go on as came: successive halving, Karnin et al., "Almost optimal
              exploration in multi-armed bandits", ICML 2013

One step of the schedule is left for the winner alone where it has two or more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp
from typing import Literal

from canvasgen.denoise.row import Row
from canvasgen.trace import Contender

__all__ = ["Fate", "Heat", "run_heat", "tell_race"]

Fate = Literal["leads", "goes on", "beaten", "alike", "halved", "decided"]


@dataclass
class Heat:
    """What one step of all races leaves.

    Attributes:
        alone: by seat, whether the row is in no race, or has just won its race.
        going: seats that go on, in order.
        leading: seats of the rows that are alone or ahead in their races.
        decided: seats of the rows whose race is over because the best text is certain.
        fates: by seat of a contender, what became of it, as `trace.Contender` tells it.
    """

    alone: list[bool]
    going: list[int] = field(default_factory=list[int])
    leading: list[int] = field(default_factory=list[int])
    decided: list[int] = field(default_factory=list[int])
    fates: dict[int, Fate] = field(default_factory=dict[int, "Fate"])


def run_heat(rows: Sequence[Row]) -> Heat:
    """Drop contenders of every race; rows of one number are contenders, and have recorded this step."""
    groups: dict[int, list[int]] = {}
    for seat, row in enumerate(rows):
        groups.setdefault(row.number, []).append(seat)
    heat = Heat([False] * len(rows))
    for seats in groups.values():
        going = seats
        if len(seats) > 1:
            going, decided = _going_on(seats, rows, heat.fates)
            heat.decided += going[:1] if decided else []
        heat.alone[going[0]] = len(going) == 1
        heat.leading.append(going[0])
        heat.going += going
    return heat


def tell_race(rows: Sequence[Row], heat: Heat) -> None:
    """Record what became of the contenders, for the rows that are traced; after `run_heat`."""
    for seat, fate in heat.fates.items():
        row = rows[seat]
        if row.recorder is not None:
            start, step = row.start, row.trace[-1]
            row.recorder.raced(
                Contender(
                    step=step.step,
                    start=row.job.starts.index(start),
                    width=len(start.canvas),
                    mass=step.mass,
                    text=step.draft,
                    fate=fate,
                )
            )


def _going_on(seats: list[int], rows: Sequence[Row], fates: dict[int, Fate]) -> tuple[list[int], bool]:
    """Return the contenders that go on, the one with the most mass first, and whether its text is decided."""
    ordered = sorted(seats, key=lambda seat: -rows[seat].trace[-1].mass)
    lead, policy = rows[ordered[0]].trace[-1].mass, rows[ordered[0]].policy
    shares = {seat: exp(rows[seat].trace[-1].mass - lead) for seat in ordered}
    texts: dict[str, list[int]] = {}
    for seat in ordered:
        texts.setdefault(rows[seat].trace[-1].draft, []).append(seat)
    total = sum(shares.values())
    for alike in texts.values() if rows[ordered[0]].step > 1 else ():
        if sum(shares[seat] * _certainty(rows[seat]) for seat in alike) >= policy.certain * total:
            for seat in ordered:
                fates[seat] = "leads" if seat == alike[0] else "decided"
            return alike[:1], True
    least = exp(-policy.beaten)
    different = [alike[0] for alike in texts.values() if shares[alike[0]] >= least]
    going = different[: -(-len(seats) // 2)] if rows[ordered[0]].steps_left > 1 else ordered[:1]
    for seat in ordered:
        is_alike = seat != texts[rows[seat].trace[-1].draft][0]
        fates[seat] = "alike" if is_alike else "halved" if shares[seat] >= least else "beaten"
    for seat in going:
        fates[seat] = "leads" if seat == going[0] else "goes on"
    return going, False


def _certainty(row: Row) -> float:
    """Return P(best canvas | valid) of this step; 0 where there is none."""
    log_prob = row.trace[-1].log_prob
    return 0.0 if log_prob is None else exp(log_prob)
