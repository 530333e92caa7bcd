"""Log-probabilities of committed tokens, against enumeration and the model's own logits."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from toy_models import END, LETTERS, Confident

import canvasgen as cg
from canvasgen.denoise import Job, run
from canvasgen.denoise.telling.token_logs import token_logs

E, F = LETTERS.tokens.index(b"e"), LETTERS.tokens.index(b"f")


def model() -> Confident:
    logits = torch.randn((4, LETTERS.size), generator=torch.Generator().manual_seed(3)) * 2
    return Confident(logits=logits, canvas_length=4)


def test_under_a_constraint_they_are_exact_marginals() -> None:
    toy = model()
    constraint = cg.regex("(e|f){2}").compile(LETTERS)
    job = Job([2], constraint, max_tokens=4, temperature=1.0, max_denoising_steps=1, logprobs=3)
    (done,) = run(toy, [job])
    own = torch.log_softmax(toy.logits.double(), dim=-1)
    weights = {
        (one, other): math.exp(own[0, one] + own[1, other] + own[2, END])
        for one, other in itertools.product((E, F), repeat=2)
    }
    assert len(done.logprobs) == len(done.token_ids) == 3
    for at, log in enumerate(done.logprobs[:2]):
        mass = sum(weight for tokens, weight in weights.items() if tokens[at] == log.token)
        assert log.token == done.token_ids[at]
        assert log.log_prob == pytest.approx(math.log(mass / sum(weights.values())), abs=1e-5)
        assert log.model_log_prob == pytest.approx(float(own[at, log.token]), abs=1e-5)
        assert {one.token for one in log.alternatives} == {E, F}
        assert sum(math.exp(one.log_prob) for one in log.alternatives) == pytest.approx(1, abs=1e-5)
    assert (done.logprobs[2].token, done.logprobs[2].log_prob) == (END, pytest.approx(0, abs=1e-6))


def test_without_a_constraint_both_are_the_models_own() -> None:
    toy = model()
    (done,) = run(toy, [Job([2], max_tokens=4, temperature=1.0, max_denoising_steps=1, logprobs=0)])
    assert [log.token for log in done.logprobs] == [*done.token_ids]
    assert all(log.log_prob == log.model_log_prob and log.alternatives == () for log in done.logprobs)
    assert run(toy, [Job([2], max_tokens=4, max_denoising_steps=1)])[0].logprobs == ()


def test_alternatives_are_no_more_than_the_vocabulary() -> None:
    logits = torch.zeros((1, 3))
    (log,) = token_logs(logits, None, torch.tensor([1]).numpy(), 9)
    assert len(log.alternatives) == 3
    assert log.log_prob == pytest.approx(-math.log(3))
