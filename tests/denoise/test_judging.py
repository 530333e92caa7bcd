"""Rows that are judged beside the loop write what they write in it, and hold nobody up."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from test_batch import Machine
from toy_models import LETTERS, Erratic

from canvasgen.constraints import choice
from canvasgen.denoise import Batch, Commit, Done, Failed, Job, Judges, Policy
from canvasgen.errors import ModelError, ValidationFailed


class Held(Judges):
    """Works in no thread: what is asked is decided when the test says so, or at once."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[Future, object]] = []
        self.waits = True

    def submit(self, work):
        self.open.append((Future(), work))
        return self.open[-1][0]

    def wait(self, results):
        if self.waits:
            self.release(len(self.open))

    def release(self, count: int) -> None:
        for _ in range(min(count, len(self.open))):
            result, work = self.open.pop(0)
            if result.set_running_or_notify_cancel():
                result.set_result(work())


class Judged(Machine):
    """Decisions come at once or at any later time, and in any order with all else."""

    def __init__(self):
        super().__init__()
        self.judges = Held()

    @precondition(lambda self: self.batch is None)
    @rule(size=st.sampled_from([None, 1, 2, 4]))
    def begin(self, size):
        self.batch = Batch(self.model, policy=Policy(restarts=1), size=size, judges=self.judges)

    @rule(waits=st.booleans())
    def patience(self, waits):
        self.judges.waits = waits

    @precondition(lambda self: self.judges.open)
    @rule(count=st.integers(1, 4))
    def release(self, count):
        self.judges.release(count)

    def teardown(self):
        self.judges.waits = True
        self.judges.release(len(self.judges.open))
        super().teardown()


Judged.TestCase.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
test_any_order_with_judges = pytest.mark.slow(Judged.TestCase)


def rows_of(model: Erratic) -> list[str]:
    return [call for call in model.calls if call.startswith("denoise")]


def test_a_row_that_is_judged_takes_no_part_in_passes_and_comes_back() -> None:
    model, judges = Erratic(seed=1, canvas_length=4), Held()
    batch = Batch(model, judges=judges, policy=Policy(restarts=1))
    judges.waits = False
    refused = Job([2], choice(["ab"]).compile(LETTERS), 4, 1, seed=1, validators=(lambda text: False,))
    batch.add(refused)
    batch.add(Job([3], None, 4, 6, seed=2))
    batch.step()
    while len(judges.open) < 1:
        batch.step()
    before = len(rows_of(model))
    batch.step()
    assert rows_of(model)[before:] == ["denoise 1"]
    assert len(batch) == 2
    judges.release(1)  # refused: the block begins again
    batch.step()
    assert rows_of(model)[-1] == "denoise 2"
    while not judges.open:
        batch.step()
    judges.release(1)
    events = batch.step()
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert isinstance(failed.error, ValidationFailed)


def test_a_batch_in_which_all_are_judged_is_at_rest() -> None:
    judges = Held()
    judges.waits = False
    batch = Batch(Erratic(seed=1, canvas_length=4), judges=judges)
    assert batch.is_at_rest
    number = batch.add(Job([2], choice(["ab", "cd"]).compile(LETTERS), 4, 1, seed=1))
    assert not batch.is_at_rest
    while not judges.open:
        batch.step()
    assert batch.is_at_rest
    assert batch.step() == []
    judges.release(1)
    assert not batch.is_at_rest
    assert [type(event) for event in batch.step()] == [Commit, Done]
    assert len(batch) == 0
    again = batch.add(Job([2], choice(["ab", "cd"]).compile(LETTERS), 4, 1, seed=1))
    assert again == number + 1
    while not judges.open:
        batch.step()
    assert batch.remove(again)
    assert (len(batch), batch.is_at_rest) == (0, True)
    judges.release(1)
    assert batch.step() == []


def test_threads_decide_and_end_what_is_too_much() -> None:
    woken = threading.Semaphore(0)
    judges = Judges(patience=60, most=2, woken=woken.release)
    gate = threading.Event()
    held = [judges.submit(gate.wait) for _ in range(2)]
    with pytest.raises(ModelError, match="2 judgements are under way"):
        judges.submit(lambda: 1).result()
    gate.set()
    judges.wait(held)
    assert [one.result() for one in held] == [True, True]
    for _ in held:
        assert woken.acquire(timeout=60)
    broken = judges.submit(lambda: 1 / 0)
    judges.wait([broken])
    assert isinstance(broken.exception(), ZeroDivisionError)
    assert judges.settle(60)
    patient = Judges(patience=0)
    gate.clear()
    late = patient.submit(gate.wait)
    patient.wait([late])
    assert not late.done()
    assert not patient.settle(0)
    gate.set()
    assert late.result(60)
    assert patient.settle(60)
