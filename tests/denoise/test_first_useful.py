"""The time to the first useful edit: of the first draft that stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_models import LETTERS, Erratic

from canvasgen.constraints import regex
from canvasgen.denoise import Job, Step, run
from canvasgen.denoise.steps import first_useful


def step(text: str, at: int, block: int = 1) -> Step:
    """A step whose draft is one letter, `at` seconds after the beginning."""
    ids = np.array([LETTERS.tokens.index(text.encode())])
    return Step(block, at, 1.0, 0.0, 0.0, 0.0, 1, ids, LETTERS, seconds=float(at))


@pytest.mark.parametrize(
    ("drafts", "committed", "seconds"),
    [("a", "a", 1), ("aaa", "a", 1), ("baa", "a", 2), ("aba", "a", 3), ("abab", "a", 4), ("aab", "b", 3)],
)
def test_the_first_that_stays(drafts, committed, seconds):
    trace = [step(text, at) for at, text in enumerate(drafts, 1)]
    assert first_useful(trace, committed) == seconds
    assert first_useful([*trace, step("h", 99, block=2)], committed) == seconds


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=8))
def test_from_there_on_every_draft_is_the_text(drafts):
    trace = [step(text, at) for at, text in enumerate(drafts, 1)]
    at = first_useful(trace, drafts[-1])
    assert {one.draft for one in trace if one.seconds >= at} == {drafts[-1]}
    assert at == 1 or trace[int(at) - 2].draft != drafts[-1]


def test_of_several_blocks_the_first_counts():
    job = Job([2], regex("[a-d]{9}").compile(LETTERS), 12, 3, seed=1)
    (done,) = run(Erratic(seed=2, canvas_length=4), [job])
    assert done.blocks > 1
    first = [one for one in done.trace if one.block == 1]
    assert first[0].seconds <= done.timings["first_useful"] <= first[-1].seconds
    assert [one.seconds for one in done.trace] == sorted(one.seconds for one in done.trace)
