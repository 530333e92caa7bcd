"""Races of starts: which contenders leave after a step, and when a race is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_models import END, LETTERS, Confident

from canvasgen.constraints import infill, regex
from canvasgen.denoise import Job, Policy, Start, run
from canvasgen.denoise.race import run_heat
from canvasgen.models.prompts import GreedyPrompts
from canvasgen.models.starts import starts_from


@dataclass
class Record:
    mass: float
    draft: str
    log_prob: float | None = -3.0


@dataclass
class Contender:
    """What a race sees of a row."""

    number: int
    record: Record
    step: int = 2
    steps_left: int = 9
    policy: Policy = field(default_factory=Policy)
    trace: list[Record] = field(init=False)

    def __post_init__(self):
        self.trace = [self.record]


def heat_of(*records: Record, policy: Policy | None = None, **others):
    return run_heat([Contender(0, one, policy=policy or Policy(), **others) for one in records])


def test_what_is_beaten_clearly_leaves():
    heat = heat_of(Record(-1, "a"), Record(-5.9, "b"), Record(-6.1, "c"), Record(-2, "d"), Record(-99, "e"))
    assert heat.going == [0, 3, 1]
    assert heat.alone == [False] * 5
    assert heat.leading == [0]


def test_at_most_half_go_on():
    assert heat_of(*(Record(-0.1 * n, str(n)) for n in range(5))).going == [0, 1, 2]
    assert heat_of(Record(-1, "a"), Record(0, "b")).going == [1]


def test_of_the_same_text_one_goes_on():
    heat = heat_of(Record(-2, "a"), Record(-1, "a"), Record(-3, "b"), Record(-4, "b"))
    assert heat.going == [1, 2]


def test_a_race_whose_starts_agree_is_over():
    heat = heat_of(Record(-2, "a"), Record(-1, "a"), Record(-1.5, "a"))
    assert heat.going == [1]
    assert heat.alone == [False, True, False]
    assert heat.decided == []


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize(("share", "decided"), [(0.96, [0]), (0.94, [])])
def test_a_certain_text_ends_the_race_from_the_second_step_on(step, share, decided):
    """Two starts with the shares 0.6 and 0.35 agree; a third is left behind."""
    records = [
        Record(log(0.6), "a", log(share)),
        Record(log(0.35), "a", log(share)),
        Record(log(0.05), "b", log(0.99)),
    ]
    heat = heat_of(*records, step=step, policy=Policy(certain=0.95 * 0.95))
    assert heat.decided == (decided if step == 2 else [])
    assert heat.alone[0] == bool(heat.decided)


def test_starts_that_are_certain_of_different_texts_decide_nothing():
    heat = heat_of(Record(-1, "a", log(0.99)), Record(-1.2, "b", log(0.99)), Record(-1.4, "c", log(0.99)))
    assert heat.decided == []
    assert heat.going == [0, 1]


@pytest.mark.parametrize("left", [0, 1])
def test_the_last_steps_are_the_winners(left):
    heat = heat_of(Record(-1, "a"), Record(0, "b"), Record(-1, "c"), steps_left=left)
    assert heat.going == [1]
    assert heat.alone[1]


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.floats(-20, 0), st.sampled_from("abc"), st.floats(-9, 0)), min_size=1
    ),
    st.integers(1, 3),
)
def test_laws(rows, step):
    """Every race keeps its best contender, halves, and knows its own rows alone."""
    contenders = [Contender(n, Record(mass, draft, p), step) for n, mass, draft, p in rows]
    heat = run_heat(contenders)
    for number in {row.number for row in contenders}:
        seats = [seat for seat, row in enumerate(contenders) if row.number == number]
        going = [seat for seat in heat.going if seat in seats]
        drafts = [rows[seat][2] for seat in going]
        assert 1 <= len(going) <= -(-len(seats) // 2)
        assert len(set(drafts)) == len(drafts)
        assert sum(seat in heat.leading for seat in going) == 1
        assert [heat.alone[seat] for seat in seats] == [len(going) == 1 and seat in going for seat in seats]
        if not set(going) & set(heat.decided):
            assert rows[going[0]][1] == max(rows[seat][1] for seat in seats)
        alone = run_heat([contenders[seat] for seat in seats])
        assert [seats[seat] for seat in alone.going] == going


def test_a_race_costs_fewer_passes_than_halving():
    """A model that is sure of one text, whatever the start: the race is over after the step in which all agree."""
    constraint = infill("ab", "cd", regex("[e-h]{3}"))
    wanted = [*GreedyPrompts(LETTERS).tokens("abefgcd"), END]
    logits = torch.zeros(16, LETTERS.size)
    logits[torch.arange(len(wanted)), torch.tensor(wanted)] = 20.0
    made = starts_from(
        constraint.shown, GreedyPrompts(LETTERS).tokens, canvas_length=16, end_ids=(END,), seed=0
    )
    model = Confident(canvas_length=16, logits=logits)
    (done,) = run(model, [Job([2], constraint.compile(LETTERS), starts=made)])
    assert (done.text, done.steps) == ("abefgcd", (1,))
    assert [call for call in model.calls if call.startswith("denoise")] == [f"denoise {len(made)}"]


def test_a_schedule_of_one_step_is_kept():
    """Each start takes the one step, and the best is committed."""
    job = Job(
        [2], regex("[ab]{6}").compile(LETTERS), max_denoising_steps=1, starts=(Start(), Start(canvas=(2,)))
    )
    model = Confident()
    (done,) = run(model, [job], policy=Policy(certain=2.0))
    assert done.steps == (1,)
    assert [call for call in model.calls if call.startswith("denoise")] == ["denoise 2"]
