"""The open batch: whatever joins, leaves or fails, and whenever, a row writes what it writes alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from toy_models import LETTERS, Erratic, vocabulary

from canvasgen.constraints import choice, regex
from canvasgen.constraints.table import table
from canvasgen.denoise import Batch, Done, Failed, Job, Mask, Policy, Start, run, stream
from canvasgen.errors import BudgetTooSmall, CanvasgenError, ModelError
from canvasgen.relations import all_different

BROKEN = 7
"""A prompt with this token gets logits that are no numbers, once its first block is committed or at once."""


@dataclass
class Moody(Erratic):
    """Erratic; for some prompts it breaks down when so many tokens have been read."""

    def row(self, read, canvas, known):
        logits = super().row(read, canvas, known)
        return torch.full_like(logits, float("nan")) if read[0] == BROKEN and len(read) >= read[1] else logits


@lru_cache(maxsize=1)
def jobs():
    """Rows of all kinds: one block and several, races, tables, refusals, failures."""
    text = regex("[a-d]{3,9}").compile(LETTERS)
    short = choice(["ab", "cd", "{1}"]).compile(LETTERS)
    cells = table(1, 2, [1, 2], lambda grid: [all_different(grid.rows[0])], layout="plain").compile(LETTERS)
    starts = (Start(canvas=(2, 3)), Start(canvas=(None, 2)), Start(canvas=(4,), kept=1))
    return [
        Job([2], text, 9, 3, seed=1),
        Job([2, 3], text, 10, 2, 0.0, seed=2),
        Job([3], None, 6, 4, seed=3),
        Job([4, 2, 2, 2, 2], short, 4, 5, 1.0, seed=4, probabilities=True),
        Job([5], text, 9, 4, seed=5, starts=starts),
        Job([2], text, 9, 1, seed=6, starts=starts[:2]),
        Job([6], cells, 4, 3, seed=7),
        Job([3, 3], short, 4, 2, seed=8, validators=(lambda text: text == "cd",)),
        Job([3, 3], short, 4, 2, seed=9, validators=(lambda text: False,)),
        Job([BROKEN, 2], text, 9, 3, seed=10),
        Job([BROKEN, 3], None, 12, 2, seed=11),
    ]


def result_of(event):
    """What a row came to, exactly."""
    if isinstance(event, Failed):
        return type(event.error), event.error.message.split(":")[-1]
    done = event.completion
    drafts = [(step.block, step.step, step.ids.tolist(), step.log_partition) for step in done.trace]
    return done.token_ids, done.steps, done.outcome, done.log_prob, done.probabilities, drafts


@lru_cache(maxsize=64)
def alone(kind):
    """What a job comes to in a batch of its own."""
    *_, last = stream(Moody(seed=5, canvas_length=4), [jobs()[kind]], policy=Policy(restarts=1))
    return result_of(last)


class Machine(RuleBasedStateMachine):
    """Adds, steps and removes in any order."""

    def __init__(self):
        super().__init__()
        self.model = Moody(seed=5, canvas_length=4)
        self.batch = None
        self.kinds = {}

    @precondition(lambda self: self.batch is None)
    @rule(size=st.sampled_from([None, 1, 2, 4]))
    def begin(self, size):
        self.batch = Batch(self.model, policy=Policy(restarts=1), size=size)

    @precondition(lambda self: self.batch is not None)
    @rule(kind=st.integers(0, 10))
    def add(self, kind):
        number = self.batch.add(jobs()[kind])
        assert number not in self.kinds
        self.kinds[number] = kind

    @precondition(lambda self: self.batch is not None)
    @rule()
    def add_what_is_impossible(self):
        with pytest.raises(BudgetTooSmall):
            self.batch.add(Job([2], jobs()[0].constraint, 1))

    @precondition(lambda self: self.kinds)
    @rule(data=st.data())
    def remove(self, data):
        number = data.draw(st.sampled_from(sorted(self.kinds)))
        assert self.batch.remove(number)
        assert not self.batch.remove(number)
        del self.kinds[number]

    @precondition(lambda self: self.batch is not None)
    @rule()
    def step(self):
        for event in self.batch.step():
            assert event.row in self.kinds
            if isinstance(event, (Done, Failed)):
                assert result_of(event) == alone(self.kinds.pop(event.row))
                assert not self.batch.remove(event.row)

    @precondition(lambda self: self.batch is not None)
    @rule(count=st.integers(2, 6))
    def steps(self, count):
        for _ in range(count):
            self.step()

    @invariant()
    def counts(self):
        assert self.batch is None or len(self.batch) == len(self.kinds)

    def teardown(self):
        for _ in range(200):
            if self.batch is None or not len(self.batch):
                break
            self.step()
        assert not self.kinds


Machine.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
test_any_order = Machine.TestCase


def test_every_kind_of_row_ends_as_it_should():
    """The machine means something only if its jobs are of many kinds."""
    ends = [alone(kind) for kind in range(len(jobs()))]
    assert [isinstance(end[0], type) for end in ends] == [False] * 8 + [True] * 3
    assert [end[0] for end in ends[8:]] == [ends[8][0], ModelError, ModelError]
    blocks = [len(end[1]) for end in ends[:8]]
    assert max(blocks) >= 2


def test_seats_are_refilled():
    """Rows of one to eight steps on two seats: no seat stays empty while a row waits."""
    model = Erratic(seed=1, canvas_length=4)
    batch = Batch(model, size=2)
    lengths = [1, 8, 2, 5, 3, 1]
    for number, steps in enumerate(lengths):
        batch.add(Job([2, 2 + number], None, 4, steps, seed=number))
    while len(batch):
        batch.step()
    calls = [call for call in model.calls if call.startswith("denoise")]
    alone = [run(model, [Job([2, 2 + number], None, 4, steps, seed=number)])[0].steps[0]
             for number, steps in enumerate(lengths)]  # fmt: skip
    assert sum(int(call.split()[1]) for call in calls) == sum(alone)
    first_single = next((at for at, call in enumerate(calls) if call == "denoise 1"), len(calls))
    assert all(call == "denoise 1" for call in calls[first_single:])
    assert len(calls) < sum(max(alone[at : at + 2]) for at in range(0, len(alone), 2))


def test_rows_at_different_steps_and_blocks_share_each_pass():
    model = Erratic(seed=2, canvas_length=4)
    batch = Batch(model)
    for number in range(3):
        batch.add(Job([2], regex("[a-d]{9}").compile(LETTERS), 12, 3, seed=number))
        batch.step()
    before = len([call for call in model.calls if call.startswith("denoise")])
    batch.step()
    calls = [call for call in model.calls if call.startswith("denoise")]
    assert calls[before:] == ["denoise 3"]


def test_a_removed_row_costs_no_further_pass():
    model = Erratic(seed=2, canvas_length=4)
    batch = Batch(model)
    rows = [batch.add(Job([2], None, 8, 6, seed=number)) for number in range(3)]
    batch.step()
    batch.remove(rows[1])
    batch.step()
    assert [call for call in model.calls if call.startswith("denoise")] == ["denoise 3", "denoise 2"]
    batch.remove(rows[0])
    batch.remove(rows[2])
    assert batch.step() == []
    assert len(batch) == 0


def test_an_error_of_the_model_changes_nothing():
    """What failed can be tried again, and the rows end as they would have."""

    class Failing(Erratic):
        fail = False

        def denoise(self, *arguments):
            if self.fail:
                raise MemoryError
            return super().denoise(*arguments)

    model = Failing(seed=4, canvas_length=4)
    job = Job([2], regex("[a-d]{6}").compile(LETTERS), 8, 4, seed=3)
    (expected,) = run(model, [job])
    batch = Batch(model)
    batch.add(job)
    events = batch.step()
    model.fail = True
    for _ in range(2):
        with pytest.raises(MemoryError):
            batch.step()
    model.fail = False
    while len(batch):
        events += batch.step()
    assert events[-1].completion.token_ids == expected.token_ids
    assert events[-1].completion.steps == expected.steps


@pytest.mark.parametrize("seed", range(3))
def test_masked_models_batch_alike(seed):
    words = vocabulary("#", "a", "b")
    model = Erratic(vocabulary=words, seed=seed, canvas_length=3, noise=Mask(2))
    compiled = regex("(a|b){2,7}").compile(words)
    these = [Job([3, 3 + number % 2], compiled, 7, 2 + number, seed=number) for number in range(4)]
    batch = Batch(model, size=3)
    ends = {}
    for job in these:
        batch.add(job)
        for event in batch.step():
            if isinstance(event, Done):
                ends[event.row] = result_of(event)
    while len(batch):
        ends |= {event.row: result_of(event) for event in batch.step() if isinstance(event, Done)}
    for number, job in enumerate(these):
        *_, last = stream(model, [job])
        assert ends[number] == result_of(last)


def test_failures_are_told_and_others_go_on():
    batch = Batch(Moody(seed=5, canvas_length=4))
    for kind in (9, 0, 10):
        batch.add(jobs()[kind])
    errors: list[CanvasgenError] = []
    done = 0
    while len(batch):
        for event in batch.step():
            if isinstance(event, Failed):
                errors.append(event.error)
            done += isinstance(event, Done)
    assert done == 1
    assert len(errors) == 2
    assert "row 0" in str(errors[0])
    assert "block 1, step 1" in str(errors[0])
