"""When a canvas is committed: position by position, and as a whole."""

from __future__ import annotations

import math

import pytest
import torch
from toy_constraints import compiled
from toy_models import LETTERS, Confident

from canvasgen.automata import literal, union
from canvasgen.denoise import Job, Policy, run
from canvasgen.denoise.beliefs import Asked, Beliefs
from canvasgen.denoise.stopping.convergence import is_decided
from canvasgen.tokens import Budget, Prefix

WORDS = union(literal("ab"), literal("cd"))
"""Two texts that differ in both letters: each position alone is as unsure as the whole."""


def logits_for(odds: float) -> torch.Tensor:
    """Each letter of `ab` has these odds against its letter of `cd`, so the whole text has their square."""
    logits = torch.zeros(8, LETTERS.size)
    for place, (one, other) in enumerate(("ac", "bd")):
        logits[place, LETTERS.tokens.index(one.encode())] = 10 + math.log(odds)
        logits[place, LETTERS.tokens.index(other.encode())] = 10
    return logits


def beliefs(odds: float) -> Beliefs:
    asked = Asked(compiled(WORDS, LETTERS), Prefix(), Budget(here=8, after=0))
    return Beliefs(logits_for(odds)[None], [asked], LETTERS.end_ids)


def asked(believed: Beliefs, drafted: int, choices: int, policy: Policy) -> bool:
    """Whether the only row is decided; its text has not stayed the same."""
    whole, settles = float(believed.best_log_prob[0]), bool(believed.settles[0])
    return is_decided(whole, policy, streak=0, drafted=drafted, choices=choices, settles=settles)


@pytest.mark.parametrize(
    ("odds", "drafted", "expected"),
    [(2.9, 1, False), (3.1, 1, True), (2.9, 2, False), (2.9, 3, True), (0.5, 3, False), (0.5, 9, False)],
)
def test_the_whole_text_decides(odds: float, drafted: int, expected: bool) -> None:
    believed = beliefs(odds)
    whole = max(odds**2, 1.0) / (odds**2 + 1)
    assert float(believed.best_log_prob[0]) == pytest.approx(math.log(whole), abs=1e-6)
    policy = Policy(likely=0.81)
    assert asked(believed, drafted, 1, policy) == expected


def test_it_can_be_switched_off() -> None:
    never = Policy(certain=2.0, likely=2.0)
    assert not asked(beliefs(100.0), 9, 50, never)
    assert asked(beliefs(1.0), 3, 1, Policy(likely=0.0))


def test_a_certain_text_takes_one_step() -> None:
    model = Confident(logits=logits_for(10.0))
    job = Job([3], compiled(WORDS, LETTERS))
    assert run(model, [job])[0].steps == (1,)
    longer = run(model, [job], policy=Policy(certain=2.0, likely=2.0))[0]
    assert longer.steps[0] > 1
    assert longer.text == run(model, [job])[0].text == "ab"


def test_without_a_constraint_positions_decide() -> None:
    free = Beliefs(logits_for(100.0)[None], [Asked(None, Prefix(), Budget(here=8, after=0))], LETTERS.end_ids)
    assert free.best_log_prob.tolist() == [-math.inf]
    assert not asked(free, 9, 1, Policy())
