"""The thread that steps open batches for all who ask.

    submit(…) ─▶ waiting ──room for its rows?──▶ group of its model ─┐
       ▲            (in the order of coming)                         ▼
    threads, tasks                             one step of each group, in turn ──▶ tell(event)

One thread runs the model, whoever asks and however many models there are (canvases of several lengths, a specialist), so
that requests share forward passes whatever step they are at, and the model needs no locks. The thread begins with the
first ticket and ends when nothing is left to do. Constraints, validators and values are judged in threads beside it
(`denoise.judging`): a row whose judgement takes long stands aside.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Literal
from weakref import WeakSet

from canvasgen.checks import whole_number
from canvasgen.denoise import Failed, Judges
from canvasgen.denoise.job import token_budget
from canvasgen.errors import InvalidConstraint, ModelError
from canvasgen.forks import Guard
from canvasgen.scheduling.groups import Group, bytes_of_row
from canvasgen.scheduling.ticket import Ticket

if TYPE_CHECKING:
    from canvasgen.denoise import Denoiser, Event, Job, Policy

__all__ = ["Load", "Scheduler"]


@dataclass(frozen=True)
class Load:
    """How busy a scheduler is.

    Attributes:
        running, waiting: generations with and without a seat.
        bytes: what the running ones take in a step, about.
        steps, rows_stepped: forward passes so far, and the rows that took part in them, added up.
    """

    running: int
    waiting: int
    bytes: int
    steps: int
    rows_stepped: int


class Scheduler:
    """Runs generations of one or several models in one thread; safe for threads.

    Args:
        size: rows (contenders of a race of starts count each) that run at a time at most. A job with more starts than that
            runs alone.
        memory: bytes that the running rows may take in a step, by `bytes_of_row`; None: no limit.
        admission: `continuous`: a row joins the others of its model at any step. `homogeneous`: rows that begin together
            stay together and share passes with nobody else, so that all are at the same step of their first block.
        clock: seconds.

    Raises:
        InvalidConstraint: an argument is not what it should be.
    """

    def __init__(
        self,
        *,
        size: int = 16,
        memory: int | None = None,
        admission: Literal["continuous", "homogeneous"] = "continuous",
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._size = whole_number(size, rule="size", low=1)
        self._memory = None if memory is None else whole_number(memory, rule="memory", low=1)
        wanted: object = admission
        if wanted not in ("continuous", "homogeneous"):
            raise InvalidConstraint(
                "admission is continuous or homogeneous",
                rule="admission",
                value=admission,
                remedy='admission="continuous" or admission="homogeneous"',
            )
        self._admission = admission
        self._clock = clock
        self._lock = Guard()
        self._forget()
        _living.add(self)

    def _forget(self) -> None:
        """Begin without a thread and without tickets."""
        self._process = os.getpid()
        self._thread: threading.Thread | None = None
        self._waiting: deque[Ticket] = deque()
        self._groups: list[Group] = []
        self._is_closed = False
        self._steps = self._rows_stepped = 0
        self._news = threading.Event()
        self._judges = Judges(woken=self._news.set)

    def submit(
        self,
        denoiser: Denoiser,
        job: Job,
        tell: Callable[[Event], None],
        *,
        policy: Policy | None = None,
    ) -> Ticket:
        """Take a generation in; its events are told as they come, the last one is `Done` or `Failed`.

        Args:
            denoiser, policy: the model. Rows share passes if these are the same objects.
            job: what it is asked.
            tell: called in the scheduler's thread; must return at once.

        Raises:
            BudgetTooSmall, InvalidConstraint, ModelError: the job is impossible, or the scheduler is closed.
        """
        token_budget(job, denoiser)
        ticket = Ticket(denoiser, policy, job, tell, woken=self._news.set, submitted=self._clock())
        with self._lock:
            if self._process != os.getpid():
                self._forget()  # the thread and its tickets are the parent's
            if self._is_closed:
                raise _closed()
            self._waiting.append(ticket)
            self._news.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="canvasgen scheduler", daemon=True)
                self._thread.start()
        return ticket

    @property
    def load(self) -> Load:
        """How busy it is now."""
        with self._lock:
            running = [ticket for group in self._groups for ticket in list(group.tickets.values())]
            taken = sum(map(_bytes, running))
            return Load(len(running), len(self._waiting), taken, self._steps, self._rows_stepped)

    def close(self) -> None:
        """End the thread after the step that it is in; what still runs or waits fails with `ModelError`."""
        with self._lock:
            if self._process != os.getpid():
                return
            self._is_closed = True
            self._news.set()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        self._judges.settle(_LAST_SECONDS)

    # In the thread.

    def _run(self) -> None:
        self._news.clear()  # what comes from here on is seen before the next wait
        while self._admit():
            going = [group for group in self._groups if not group.is_at_rest]
            if not going:
                self._news.wait()
            for group in going:
                rows = group.step()
                with self._lock:
                    self._steps += rows > 0
                    self._rows_stepped += rows
            self._news.clear()

    def _admit(self) -> bool:
        """Free seats and give them to those who wait; return whether there is anything to step, else the thread is over."""
        for group in self._groups:
            group.drop_cancelled()
        with self._lock:
            if not self._is_closed:
                self._seat()
                if self._groups:
                    return True
            groups, self._groups, self._thread = self._groups, [], None
            waiting = [*self._waiting]
            self._waiting.clear()
        for group in groups:
            group.fail(_closed())
        for ticket in waiting:
            ticket.told(Failed(_closed()))
        return False

    def _seat(self) -> None:
        """Give seats to those for whom there is room, in their order."""
        for ticket in self._waiting:
            ticket.is_over = ticket.is_cancelled
        self._waiting = deque(ticket for ticket in self._waiting if not ticket.is_over)
        self._groups = [group for group in self._groups if len(group)]
        fresh: list[Group] = []
        while self._waiting and self._has_room(self._waiting[0]):
            ticket = self._waiting.popleft()
            self._group_for(ticket, fresh).add(ticket)
        self._groups = [group for group in self._groups if len(group)]

    def _has_room(self, ticket: Ticket) -> bool:
        """Return whether a ticket can run beside the others; a single one always can."""
        running = [one for group in self._groups for one in group.tickets.values()]
        wanted = [*running, ticket]
        rows = sum(len(one.job.starts) for one in wanted)
        return not running or (
            rows <= self._size and (self._memory is None or sum(map(_bytes, wanted)) <= self._memory)
        )

    def _group_for(self, ticket: Ticket, fresh: list[Group]) -> Group:
        """Return the group that a ticket joins; `fresh` are those that began in this turn."""
        joined = self._groups if self._admission == "continuous" else fresh
        found = next((group for group in joined if group.takes(ticket)), None)
        if found is None:
            found = Group(ticket, self._clock, self._judges)
            self._groups.append(found)
            fresh.append(found)
        return found


_LAST_SECONDS = 1.0
"""For judgements that are under way when a scheduler is closed."""


def _bytes(ticket: Ticket) -> int:
    return bytes_of_row(ticket.denoiser, len(ticket.job.starts))


def _closed() -> ModelError:
    return ModelError("the engine has been closed", rule="closed", remedy="load the model again")


_living: WeakSet[Scheduler] = WeakSet()


@atexit.register
def _close_all() -> None:
    """Let no thread be in the model while the interpreter ends."""
    for scheduler in list(_living):
        scheduler.close()
