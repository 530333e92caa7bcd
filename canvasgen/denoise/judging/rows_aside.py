"""The decisions on the canvases of a batch: made at once, or by judges while other rows take their steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from canvasgen.denoise.completion import Failed
from canvasgen.denoise.judging.verdict import Verdict, decide
from canvasgen.errors import CanvasgenError, Outcome

if TYPE_CHECKING:
    from canvasgen.denoise.beliefs import Beliefs
    from canvasgen.denoise.judging.judges import Judges
    from canvasgen.denoise.row import Row
    from canvasgen.denoise.seats import Seats

__all__ = ["Decisions"]


@dataclass
class _Aside:
    """A row that waits for its verdict while the others take steps: its seats, and what is to come."""

    seats: Seats
    verdict: Future[Verdict]


class Decisions:
    """Decides on canvases, and keeps the rows whose decision is still to come.

    Args:
        judges: None: all are made at once.
        clock: seconds.
    """

    def __init__(self, judges: Judges | None, clock: Callable[[], float]) -> None:
        self._judges = judges
        self._clock = clock
        self._aside: dict[int, _Aside] = {}  # by the row's number

    def __len__(self) -> int:
        """Rows that stand aside."""
        return len(self._aside)

    @property
    def has_news(self) -> bool:
        """Whether a row that stands aside can come back."""
        return any(one.verdict.done() for one in self._aside.values())

    def drop(self, number: int) -> bool:
        """Forget a row; return whether it stood aside."""
        aside = self._aside.pop(number, None)
        if aside is None:
            return False
        aside.verdict.cancel()
        return True

    def on(self, seats: Seats, ready: Mapping[int, Outcome], beliefs: Beliefs) -> dict[int, Verdict | None]:
        """Return what is decided on some seats; None for one whose row stands aside from now on.

        Args:
            seats: of all rows.
            ready: the seats, and why their blocks end.
            beliefs: of this step.
        """
        works = {
            seat: partial(decide, seats.rows[seat], beliefs.of(seat), ending, self._clock)
            for seat, ending in ready.items()
        }
        if self._judges is None or not works:
            return {seat: work() for seat, work in works.items()}
        verdicts = {seat: self._judges.submit(work) for seat, work in works.items()}
        self._judges.wait([*verdicts.values()])
        made: dict[int, Verdict | None] = {}
        for seat, verdict in verdicts.items():
            row = seats.rows[seat]
            if verdict.done():
                made[seat] = _result(row, verdict)
            else:
                self._aside[row.number] = _Aside(seats.alone(seat), verdict)
                made[seat] = None
        return made

    def back(self) -> list[tuple[Seats, Verdict]]:
        """Return the rows that come back, each with what is decided on it."""
        numbers = [number for number, one in self._aside.items() if one.verdict.done()]
        gone = [self._aside.pop(number) for number in numbers]
        return [(one.seats, _result(one.seats.rows[0], one.verdict)) for one in gone]


def _result(row: Row, verdict: Future[Verdict]) -> Verdict:
    try:
        return verdict.result()
    except CanvasgenError as error:  # of the judges themselves
        row.is_over = True
        return Verdict(events=[Failed(row.failed(error), row.number)])
