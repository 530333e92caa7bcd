"""The votes of drafts for the texts of holes: against counting, and where they end a block."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_models import LETTERS, Confident

import canvasgen as cg
from canvasgen.denoise import Completion, Job, Policy, run
from canvasgen.denoise.steps import Step
from canvasgen.denoise.stopping.votes import FADES, Form, Votes, form_of

HOLES = {"x": ["a", "b"], "y": ["c", "d", "cd"], "z": ["e", "f"]}
FORM = cg.template("{x}:{y}:{z}", **{name: cg.choice(texts) for name, texts in HOLES.items()})
DRAFTS = st.lists(
    st.tuples(st.lists(st.sampled_from("abc"), min_size=2, max_size=2), st.floats(-6, 0)),
    min_size=1,
    max_size=8,
)


@given(DRAFTS)
def test_each_hole_has_the_text_with_the_most_votes(drafts: list[tuple[list[str], float]]) -> None:
    votes = Votes()
    for holes, log_prob in drafts:
        votes.add(Form(("<", "|", ">"), tuple(holes)), log_prob)
    last = len(drafts) - 1
    for hole, chosen in enumerate(votes.chosen):
        weights: dict[str, float] = defaultdict(float)
        for number, (holes, log_prob) in enumerate(drafts):
            weights[holes[hole]] += FADES ** (last - number) * math.exp(log_prob / 2)
        assert weights[chosen] == pytest.approx(max(weights.values()))
    assert votes.text == "<{}|{}>".format(*votes.chosen)
    seen = [[holes[hole] for holes, _ in drafts].count(text) for hole, text in enumerate(votes.chosen)]
    assert votes.times == min(seen)


def test_no_form_has_no_votes() -> None:
    votes = Votes()
    assert votes.times == 0
    assert votes.text is None
    votes.add(Form(("", ""), ("a",)), -1.0)
    assert (votes.times, votes.text) == (1, "a")
    votes.add(None, -1.0)
    assert (votes.times, votes.text) == (0, None)


def step_of(content: bytes, *, end: bool = True) -> Step:
    ids = [LETTERS.tokens.index(bytes([one])) for one in content] + ([*LETTERS.end_ids] if end else [])
    canvas = torch.tensor(ids, dtype=torch.int64).numpy()
    return Step(1, 1, 1.0, 0.0, 0.0, 0.0, 0, canvas, LETTERS, log_prob=-1.0)


def test_what_has_holes_that_choose_for_themselves() -> None:
    compiled = FORM.compile(LETTERS)
    form = form_of(compiled, step_of(b"a:cd:f"))
    assert form == Form(("", ":", ":", ""), ("a", "cd", "f"))
    assert form.filled(["b", "c", "e"]) == "b:c:e"
    assert form_of(compiled, step_of(b"a:cd", end=False)) is None
    assert form_of(None, step_of(b"a:cd:f")) is None
    twice = cg.template("{x}:{x}", x=cg.choice(["a", "b"])).compile(LETTERS)
    assert form_of(twice, step_of(b"a:a")) is None
    assert form_of(cg.choice(["a:cd:f"]).compile(LETTERS), step_of(b"a:cd:f")) is None


def answer(texts: list[bytes], policy: Policy) -> Completion:
    """From a model that gives each step's text, in turn, 0.6 at each hole."""
    turn = itertools.cycle(texts)

    class Turning(Confident):
        def row(self, read, canvas, known):
            logits = torch.full((8, LETTERS.size), -30.0)
            for position, one in enumerate(next(turn)):
                logits[position, LETTERS.tokens.index(bytes([one]))] = 0.0
                for other in b"abcdef" if one != ord(":") else b"":
                    logits[position, LETTERS.tokens.index(bytes([other]))] = max(
                        math.log(0.4 / 0.6) if one != other else 0.0, -30.0
                    )
            logits[len(texts[0]), LETTERS.end_ids[0]] = 0.0
            return logits

    job = Job([3], FORM.compile(LETTERS), temperature=1.0, max_denoising_steps=12, seed=1)
    return run(Turning(), [job], policy=policy)[0]


def test_holes_that_come_back_in_different_drafts_end_a_block_and_are_put_together() -> None:
    drafts = [b"a:c:e", b"a:d:f", b"b:c:f"]  # no two alike; a, c and f have two votes of three each
    done = answer(drafts, Policy(confidence=0.0, cycle=0, patience=2))
    assert done.text == "a:c:f"
    assert done.steps == (3,)
    assert math.exp(done.log_prob) < 0.6**3  # it is not the draft of the step that it is committed in
    assert done.value == {"x": "a", "y": "c", "z": "f"}
    assert answer(drafts, Policy(confidence=0.0, cycle=0, patience=4)).steps[0] > 3


def test_a_draft_that_is_certain_is_committed_as_it_is() -> None:
    done = answer([b"a:c:e", b"b:d:f"], Policy(confidence=0.0, cycle=0, certain=0.05))
    assert (done.text, done.steps) == ("a:c:e", (1,))
