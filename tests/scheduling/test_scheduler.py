"""One thread for all: rows share passes, leave within a step, and nobody's error is another's."""

from __future__ import annotations

import queue
import threading
from dataclasses import replace
from typing import Any

import pytest
from gated_model import JOB, Gated

from canvasgen.denoise import Done, Event, Failed, Start
from canvasgen.errors import BudgetTooSmall, InvalidConstraint, ModelError
from canvasgen.scheduling import Scheduler, Ticket
from canvasgen.scheduling.groups import bytes_of_row


class Caller:
    """Submits a job and keeps what it is told."""

    def __init__(self, scheduler: Scheduler, model: Any, job: Any = JOB) -> None:
        self.events: list[Event] = []
        self.ended: queue.Queue[Event] = queue.Queue()
        self.ticket: Ticket = scheduler.submit(model, job, self.tell)

    def tell(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Done | Failed):
            self.ended.put(event)

    def end(self) -> Event:
        return self.ended.get(timeout=60)


def held() -> Gated:
    return Gated(open=threading.Semaphore(0))


def let_through(model: Gated, steps: int) -> None:
    assert model.open is not None
    model.open.release(steps)


def test_rows_at_different_steps_share_passes() -> None:
    scheduler, model = Scheduler(), held()
    first = Caller(scheduler, model)
    model.entered.acquire()  # it is in its first step, alone
    second = Caller(scheduler, model)
    let_through(model, 99)
    assert isinstance(first.end(), Done)
    assert isinstance(second.end(), Done)
    assert model.rows == [1, 2, 2, 2, 1]
    assert scheduler.load.rows_stepped == 8
    assert first.ticket.queue_seconds == pytest.approx(first.ticket.begun - first.ticket.submitted)


def test_homogeneous_rows_share_passes_with_those_that_came_with_them() -> None:
    scheduler, model = Scheduler(admission="homogeneous"), held()
    callers = [Caller(scheduler, model)]
    model.entered.acquire()
    callers += [Caller(scheduler, model), Caller(scheduler, model)]
    let_through(model, 99)
    assert all(isinstance(one.end(), Done) for one in callers)
    assert model.rows == [1, 1, 2, 1, 2, 1, 2, 2]


def test_the_size_bounds_rows_and_the_queue_keeps_its_order() -> None:
    scheduler, model = Scheduler(size=2), held()
    callers = [Caller(scheduler, model)]
    model.entered.acquire()
    callers += [Caller(scheduler, model) for _ in range(4)]
    assert (scheduler.load.running, scheduler.load.waiting) == (1, 4)
    let_through(model, 99)
    for one in callers:
        one.end()
    assert max(model.rows) == 2
    begun = [one.ticket.begun for one in callers]
    assert begun == sorted(begun)


def test_memory_bounds_rows_but_never_all_of_them() -> None:
    model = held()
    scheduler = Scheduler(memory=bytes_of_row(model) * 2)
    callers = [Caller(scheduler, model) for _ in range(3)]
    let_through(model, 99)
    assert [type(one.end()) for one in callers] == [Done] * 3
    assert max(model.rows) == 2
    tight = Scheduler(memory=1)
    assert isinstance(Caller(tight, Gated()).end(), Done)


def test_contenders_of_a_race_count_each() -> None:
    scheduler, model = Scheduler(size=2), held()
    race = replace(JOB, starts=(Start(), Start(), Start()))
    first = Caller(scheduler, model, race)  # more than the size: alone
    model.entered.acquire()
    second = Caller(scheduler, model)
    let_through(model, 99)
    assert isinstance(first.end(), Done)
    assert isinstance(second.end(), Done)
    assert model.rows[0] == 3
    assert max(model.rows) == 3


def test_who_leaves_frees_the_seat_before_the_next_step() -> None:
    scheduler, model = Scheduler(size=1), held()
    first = Caller(scheduler, model)
    model.entered.acquire()
    second = Caller(scheduler, model)
    first.ticket.cancel()
    let_through(model, 99)
    assert isinstance(second.end(), Done)
    assert model.rows == [1] * 5  # one step of the first, four of the second
    assert first.events == []
    assert first.ticket.is_over


def test_who_leaves_the_queue_is_not_run() -> None:
    scheduler, model = Scheduler(size=1), held()
    callers = [Caller(scheduler, model) for _ in range(3)]
    model.entered.acquire()
    callers[1].ticket.cancel()
    let_through(model, 99)
    callers[2].end()
    assert callers[1].events == []
    assert len(model.rows) == 8


def test_an_error_of_the_model_is_told_to_its_rows_and_the_thread_goes_on() -> None:
    scheduler, model, other = Scheduler(), held(), Gated()
    model.fails = True
    first, second = Caller(scheduler, model), Caller(scheduler, model)
    elsewhere = Caller(scheduler, other)
    let_through(model, 99)
    ends = [one.end() for one in (first, second)]
    assert any(isinstance(end, Failed) and "out of memory" in str(end.error) for end in ends)
    assert isinstance(elsewhere.end(), Done)
    assert isinstance(Caller(scheduler, model).end(), Done)


def test_a_listener_that_is_gone_is_no_ones_trouble() -> None:
    scheduler, model = Scheduler(), held()

    def gone(event: Event) -> None:
        raise RuntimeError("Event loop is closed")

    ticket = scheduler.submit(model, JOB, gone)
    model.entered.acquire()
    other = Caller(scheduler, model)
    let_through(model, 99)
    assert isinstance(other.end(), Done)
    assert ticket.is_cancelled


def test_an_impossible_job_is_refused_where_it_is_submitted() -> None:
    with pytest.raises(BudgetTooSmall):
        Scheduler().submit(Gated(), replace(JOB, max_tokens=0), lambda event: None)
    for wrong in ({"size": 0}, {"memory": 0}, {"admission": "any"}):
        with pytest.raises(InvalidConstraint):
            Scheduler(**wrong)


def test_closing_tells_those_who_wait() -> None:
    scheduler, model = Scheduler(size=1), held()
    callers = [Caller(scheduler, model) for _ in range(2)]
    model.entered.acquire()
    closing = threading.Thread(target=scheduler.close)
    closing.start()
    while not scheduler._is_closed:
        pass
    let_through(model, 1)
    closing.join()
    for one in callers:
        end = one.end()
        assert isinstance(end, Failed)
        assert end.error.rule == "closed"
    with pytest.raises(ModelError, match="closed"):
        scheduler.submit(model, JOB, lambda event: None)


def test_the_thread_ends_when_nothing_is_left() -> None:
    scheduler, model = Scheduler(), Gated()
    for _ in range(2):
        Caller(scheduler, model).end()
    thread = scheduler._thread
    if thread is not None:
        thread.join(60)
    assert scheduler._thread is None
    assert scheduler.load.running == scheduler.load.waiting == 0


def test_a_slow_judge_holds_up_nobody_else() -> None:
    """Validators that sleep, or burn, until somebody else's generation has ended: it does end before theirs."""
    for burns in (False, True):
        scheduler, model = Scheduler(), Gated()
        gate, asked = threading.Event(), threading.Event()

        def waits(text: str, burns: bool = burns, gate: Any = gate, asked: Any = asked) -> bool:
            asked.set()
            if not burns:
                return gate.wait(60)
            while not gate.is_set():
                sum(range(1000))
            return True

        slow = Caller(scheduler, model, replace(JOB, validators=(waits,)))
        assert asked.wait(60)
        quick = Caller(scheduler, model)
        assert isinstance(quick.end(), Done)
        assert scheduler.load.running == 1
        gate.set()
        assert isinstance(slow.end(), Done)
        assert (scheduler.load.steps, scheduler.load.rows_stepped) == (len(model.rows), sum(model.rows))


def test_who_leaves_while_judged_frees_the_seat_and_others_begin() -> None:
    scheduler, model = Scheduler(size=1), Gated()
    gate, asked = threading.Event(), threading.Event()

    def waits(text: str) -> bool:
        asked.set()
        return gate.wait(60)

    slow = Caller(scheduler, model, replace(JOB, validators=(waits,)))
    assert asked.wait(60)
    quick = Caller(scheduler, model)
    slow.ticket.cancel()
    assert isinstance(quick.end(), Done)
    closing = Caller(scheduler, model, replace(JOB, validators=(waits,)))
    while scheduler.load.running == 0:
        pass
    scheduler.close()
    assert isinstance(closing.end(), Failed)
    gate.set()
