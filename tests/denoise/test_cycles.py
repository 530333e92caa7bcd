"""Drafts that go round in a cycle: found, told, and ended with the most probable text."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_constraints import compiled
from toy_models import LETTERS, Base

from canvasgen.automata import literal, union
from canvasgen.constraints import choice
from canvasgen.denoise import Job, Policy, Randomness, run
from canvasgen.denoise import beliefs as loop_beliefs
from canvasgen.denoise.stopping.cycles import Drafts, go_round
from canvasgen.errors import Outcome, ValidationFailed
from canvasgen.inference import condition_batch

WORDS = ["ab", "cd", "ef", "gh"]
NEVER = Policy(certain=2.0, likely=2.0, confidence=0.0)
"""Of the rules that stop, that of cycles is left."""


@dataclass
class Scripted(Base):
    """At step t it wants the t-th of its words, with these odds against each other word; the script goes round."""

    script: tuple[tuple[str, float], ...] = ()
    steps: int = 0

    def row(self, read, canvas, known):
        word, odds = self.script[self.steps % len(self.script)]
        self.steps += 1
        logits = torch.zeros(self.canvas_length, self.vocab_size)
        for place in range(2):
            for other in WORDS:
                logits[place, LETTERS.tokens.index(other[place].encode())] = 10.0
            logits[place, LETTERS.tokens.index(word[place].encode())] += math.log(odds) / 2
        return logits


def texts(words):
    return compiled(union(*map(literal, words)), LETTERS)


def job(**options):
    """At a constant temperature, so that the odds are those of the script."""
    return Job([3], texts(WORDS), temperature=1.0, max_denoising_steps=40, seed=1, **options)


CYCLES = {
    "period 1": ((("ab", 1.5),), 6, "ab"),
    "period 2": ((("ab", 1.5), ("cd", 1.7)), 6, "cd"),
    "period 3": ((("ab", 1.5), ("cd", 1.9), ("ef", 1.3)), 9, "cd"),
}


@pytest.mark.parametrize("name", CYCLES)
def test_a_cycle_ends_with_its_most_probable_text(name):
    script, steps, text = CYCLES[name]
    odds = dict(script)[text]
    (done,) = run(Scripted(script=script), [job()], policy=NEVER)
    assert (done.text, done.outcome, done.steps) == (text, Outcome.OSCILLATION, (steps,))
    assert done.log_prob == pytest.approx(math.log(odds / (odds + 3)), abs=1e-6)
    assert done.log_prob == max(step.log_prob for step in done.trace)
    (off,) = run(Scripted(script=script), [job()], policy=Policy(certain=2, likely=2, confidence=0, cycle=0))
    assert (off.outcome, off.steps) == (Outcome.STEP_LIMIT, (40,))


def test_the_most_probable_text_of_the_block_may_be_before_the_cycle():
    model = Scripted(script=(("gh", 5.0), *[("ab", 1.5), ("cd", 1.7)] * 20))
    (done,) = run(model, [job()], policy=NEVER)
    assert (done.text, done.outcome, done.steps) == ("gh", Outcome.OSCILLATION, (7,))


def rising(words, first=1.5, by=1.05):
    return tuple((words[step % len(words)], first * by**step) for step in range(40))


LOOKALIKES = {
    "its text stays and rises": rising(["ab"]),
    "two that rise": rising(["ab", "cd"]),
    "a fourth text comes again and again": (("ab", 1.5), ("cd", 1.5), ("ef", 1.5), ("gh", 1.5)),
    "one that gives way": (*[("ab", 1.5)] * 5, *[("cd", 1.5)] * 5, *[("ef", 1.5)] * 5, *[("gh", 1.5)] * 5),
}


@pytest.mark.parametrize("name", LOOKALIKES)
def test_what_only_looks_like_a_cycle_goes_on(name):
    (done,) = run(Scripted(script=LOOKALIKES[name]), [job()], policy=NEVER)
    assert (done.outcome, done.steps) == (Outcome.STEP_LIMIT, (40,))


def test_a_validator_that_refuses_it_gets_the_next_best():
    script, steps, _ = CYCLES["period 2"]
    (done,) = run(Scripted(script=script), [job(validators=(lambda text: text != "cd",))], policy=NEVER)
    assert (done.text, done.outcome, done.steps) == ("ab", Outcome.OSCILLATION, (steps,))


def test_a_block_that_starts_again_forgets_its_drafts():
    script, steps, _ = CYCLES["period 1"]
    refusing = Policy(certain=2.0, likely=2.0, confidence=0.0, candidates=0, restarts=1)
    model = Scripted(script=script)
    with pytest.raises(ValidationFailed):
        run(model, [job(validators=(lambda text: False,))], policy=refusing)
    assert model.steps == 2 * steps


def test_probabilities_are_those_of_the_step_that_was_taken():
    script, _, text = CYCLES["period 2"]
    wanted = Job(
        [3], choice(WORDS).compile(LETTERS), temperature=1.0, max_denoising_steps=40, probabilities=True
    )
    (done,) = run(Scripted(script=script), [wanted], policy=NEVER)
    assert (done.value, done.outcome) == (text, Outcome.OSCILLATION)
    odds = dict(script)[text]
    assert done.probabilities[""] == pytest.approx(
        {word: (odds if word == text else 1.0) / (odds + 3) for word in WORDS}, abs=1e-6
    )


def test_without_a_constraint_there_is_no_joint_probability_to_look_at():
    (done,) = run(Scripted(script=CYCLES["period 1"][0]), [Job([3], max_denoising_steps=12)], policy=NEVER)
    assert done.outcome is not Outcome.OSCILLATION
    assert {step.log_prob for step in done.trace} == {None}


class Same(Randomness):
    """The same numbers for every backend, whose own differ."""

    def canvas(self, rows):
        return torch.zeros((len(rows), 8), dtype=torch.int64)

    def tokens(self, rows, probabilities):
        return probabilities.argmax(-1)

    def seed(self, row):
        return 0


@pytest.mark.parametrize("name", CYCLES)
def test_backends_end_it_alike(name, monkeypatch):
    """The law: what stops a row is a function of its logits, whichever backend reads them."""
    found = []
    for backend in ("numba", "torch"):
        with monkeypatch.context() as patch:
            patch.setattr(
                loop_beliefs,
                "condition_batch",
                lambda *a, which=backend, **o: condition_batch(*a, backend=which, **o),
            )
            model = Scripted(script=CYCLES[name][0])
            (done,) = run(model, [job()], policy=NEVER, randomness=Same())
        found.append((done.text, done.outcome, done.steps))
        assert done.log_prob == pytest.approx(max(step.log_prob for step in done.trace), abs=1e-9)
    assert found[0] == found[1]


draft = st.tuples(st.sampled_from([b"a", b"b", b"c", b"d"]), st.sampled_from([-3.0, -2.0, -1.0]))


def by_definition(texts, log_probs, policy):
    """`go_round`, for each number of texts by itself."""
    for k in range(1, policy.cycle + 1):
        window = max(policy.patience_cycle, 3 * k)
        last, weights = texts[-window:], log_probs[-window:]
        half = window // 2
        if (
            len(last) == window
            and len(set(last)) == k == len(set(last[:half])) == len(set(last[half:]))
            and not any(max(weights[:half]) < weight for weight in weights[half:])
        ):
            return True
    return False


@given(st.lists(draft, max_size=14), st.integers(0, 3), st.integers(0, 7))
def test_the_definition(drafts, cycle, patience):
    texts, log_probs = [text for text, _ in drafts], [weight for _, weight in drafts]
    policy = Policy(cycle=cycle, patience_cycle=patience)
    assert go_round(texts, log_probs, policy) == by_definition(texts, log_probs, policy)


@pytest.mark.slow
@given(st.lists(draft, min_size=1, max_size=14))
def test_the_best_of_a_block(drafts):
    kept = Drafts()
    news = [kept.add(text, torch.tensor([at]).numpy(), weight) for at, (text, weight) in enumerate(drafts)]
    weights = [weight for _, weight in drafts]
    first = weights.index(max(weights))
    assert kept.best is not None
    assert (int(kept.best[0]), kept.best_log_prob) == (first, max(weights))
    assert [at for at, new in enumerate(news) if new][-1] == first
