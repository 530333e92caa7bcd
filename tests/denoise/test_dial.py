"""The dial: thresholds and steps by a quality, steps by a target in time; the clock of these tests counts model passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_models import LETTERS, Base, Erratic, vocabulary

from canvasgen.constraints import json_schema, regex
from canvasgen.denoise import Batch, Completion, Defaults, Done, Job, Policy, Start
from canvasgen.denoise.stopping.dial import Pace, dialled, dialled_steps
from canvasgen.errors import Outcome

NEVER = Policy(certain=2.0, likely=2.0, confidence=0.0, cycle=0)
"""Nothing but limits ends a block."""


@dataclass
class Clocked(Erratic):
    """A model whose n-th pass takes the n-th of these times, and the last one from then on; its clock knows nothing else."""

    takes: tuple[float, ...] = (1.0,)
    now: float = 0.0
    passes: int = 0
    defaults: Defaults = field(default_factory=lambda: Defaults(max_tokens=8, max_denoising_steps=20))

    def denoise(self, *arguments):
        self.now += self.takes[min(self.passes, len(self.takes) - 1)]
        self.passes += 1
        return super().denoise(*arguments)


def done_by(model: Clocked, job: Job, policy: Policy = NEVER) -> Completion:
    batch = Batch(model, policy=policy, clock=lambda: model.now)
    batch.add(job)
    while len(batch):
        for event in batch.step():
            if isinstance(event, Done):
                return event.completion
    raise AssertionError("the row did not end")


def job(target: float | None, pattern: str = "[a-d]{6}", **more: Any) -> Job:
    return Job([2], regex(pattern).compile(LETTERS), seed=1, target_seconds=target, **more)


@pytest.mark.parametrize(
    ("takes", "target", "steps"),
    [
        ((1.0,), 5.0, 5),
        ((1.0,), 5.9, 5),
        ((1.0,), 0.1, 1),
        ((0.1,), 0.75, 7),
        ((9.0,), 5.0, 1),
        ((4.0, 1.0), 10.0, 7),
        ((1.0, 1.0, 1.0, 4.0), 12.0, 5),
    ],
)
def test_as_many_steps_as_the_time_allows(takes, target, steps):
    """The median of the last three steps says what the next one takes."""
    done = done_by(Clocked(takes=takes), job(target))
    assert done.steps == (steps,)
    assert done.outcome is Outcome.TIME_LIMIT


def test_a_target_never_adds_steps():
    done = done_by(Clocked(), job(1000.0))
    assert (done.steps, done.outcome) == ((20,), Outcome.STEP_LIMIT)
    assert done.token_ids == done_by(Clocked(), job(None)).token_ids


def test_a_text_that_is_sure_in_time_is_complete():
    done = done_by(Clocked(), job(5.0), Policy(certain=0.0))
    assert (done.steps, done.outcome) == ((1,), Outcome.COMPLETE)


def test_the_schedule_ends_with_the_time():
    """The temperature comes down as far as in a whole schedule of as many steps."""
    timed = done_by(Clocked(), job(5.0))
    whole = done_by(Clocked(), job(None, max_denoising_steps=5))
    assert timed.trace[-1].temperature == pytest.approx(whole.trace[-1].temperature)


def test_blocks_that_are_needed_get_their_share():
    done = done_by(Clocked(canvas_length=4), job(12.0, "[a]{3}[b-c]{9}", max_tokens=12))
    assert done.blocks >= 2
    assert min(done.steps) >= 1
    assert sum(done.steps) <= 12
    hurried = done_by(Clocked(canvas_length=4), job(0.5, "[a]{3}[b-c]{9}", max_tokens=12))
    assert set(hurried.steps) == {1}


def test_a_race_keeps_to_its_time():
    starts = (Start(canvas=(2, 3)), Start(canvas=(None, 2)), Start(canvas=(4,)), Start())
    for target, steps in ((1.0, 1), (6.0, 6)):
        assert done_by(Clocked(), job(target, starts=starts)).steps == (steps,)


def test_rows_without_a_target_are_not_hurried():
    model = Clocked()
    batch = Batch(model, policy=NEVER, clock=lambda: model.now)
    for target in (3.0, None):
        batch.add(job(target))
    ends: dict[int, Completion] = {}
    while len(batch):
        ends |= {event.row: event.completion for event in batch.step() if isinstance(event, Done)}
    assert [ends[row].steps for row in (0, 1)] == [(3,), (20,)]


@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=9), st.floats(0.01, 60), st.integers(0, 3))
def test_the_plan(steps, target, further):
    pace, now = Pace(target, begun=7.0, last=7.0), 7.0
    assert pace.steps_left(further) is None
    for seconds in steps:
        now += seconds
        pace = pace.after_step(now)
    left = pace.steps_left(further)
    middle = sorted(steps[-3:])
    typical = (middle[(len(middle) - 1) // 2] + middle[len(middle) // 2]) / 2
    assert left is not None
    assert left >= 0
    assert left * typical * (1 + further) <= max(0.0, target - (now - 7.0)) + 1e-6


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_quality_asks_for_more(one, other):
    low, high = sorted((one, other))
    before, after = dialled(Policy(), low), dialled(Policy(), high)
    for name in ("certain", "likely", "patience", "patience_cycle"):
        assert getattr(before, name) <= getattr(after, name)
    assert 1 <= dialled_steps(24, low) <= dialled_steps(24, high) <= 24


def test_the_ends_of_the_dial():
    assert dialled(Policy(), None) == dialled(Policy(), 0.5) == Policy()
    fast, best = dialled(Policy(), 0.0), dialled(Policy(), 1.0)
    assert (fast.certain, fast.likely, fast.patience, fast.patience_cycle) == (0.5, 0.1, 2, 4)
    assert (best.certain, best.likely, best.patience, best.patience_cycle) == pytest.approx(
        (0.99, 0.9, 6, 12)
    )
    assert [dialled_steps(24, quality) for quality in (None, 0.0, 0.25, 0.5, 1.0)] == [24, 6, 15, 24, 24]
    assert dialled_steps(1, 0.0) == 1


def test_rows_of_one_batch_have_their_own_quality():
    """Two rows under the same logits: the fast one ends at a certainty that the other does not."""

    @dataclass
    class Sixty(Base):
        """`a` has six of ten parts, always."""

        def row(self, read, canvas, known):
            logits = torch.full((self.canvas_length, self.vocab_size), -30.0)
            for letter, share in (("a", 0.6), ("b", 0.4)):
                logits[:, LETTERS.tokens.index(letter.encode())] = torch.tensor(share).log()
            return logits

    batch = Batch(Sixty(), policy=Policy(likely=2.0, cycle=0))
    rows = [
        batch.add(Job([3], regex("a|b").compile(LETTERS), temperature=1.0, quality=quality))
        for quality in (0.0, None)
    ]
    ends = [event.row for event in batch.step() if isinstance(event, Done)]
    assert ends == rows[:1]


def test_a_block_of_fixed_text_takes_one_step():
    """Whatever the model thinks of it, and however it can be cut into tokens; the open block behind it takes its steps."""
    fixed = "abcd" * 6
    done = done_by(Clocked(canvas_length=8), job(None, fixed + "[ef]{6}", max_tokens=40))
    assert done.text.startswith(fixed)
    blocks = [[one for one in done.trace if one.block == block] for block in range(1, done.blocks + 1)]
    fixed_blocks = [steps for steps in blocks if len(steps[-1].draft) <= len(fixed)]
    assert len(fixed_blocks) >= 2
    assert {len(steps) for steps in fixed_blocks} == {1}
    assert max(map(len, blocks)) > 1


@pytest.mark.parametrize(("target", "steps"), [(0.1, 2), (1.0, 2), (2.0, 2), (3.0, 3), (6.0, 6)])
def test_drafts_that_lead_leave_a_step_for_the_text(target, steps):
    """From a draft nothing is committed, so such a block takes two steps at least."""
    whole = {"enum": [1, 2]}
    schema = {"type": "object", "properties": {"a": whole, "b": whole}, "required": ["a", "b"]}
    words = vocabulary(*'ab12{}[]":,')
    constraint = json_schema({**schema, "additionalProperties": False}, "compact", property_order="model")
    model = Clocked(words, canvas_length=16)
    done = done_by(model, Job([2], constraint.compile(words), 16, seed=1, target_seconds=target))
    assert done.steps == (steps,)
    assert done.outcome is Outcome.TIME_LIMIT
