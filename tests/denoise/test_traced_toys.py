"""Full traces of toys whose every logit is known: marks, candidates and doubt are what the rules say."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from test_masked_trajectory import AB, MASK, PLAIN, model
from toy_models import Reciter

from canvasgen.constraints import regex
from canvasgen.denoise import Defaults, Job, Policy, run
from canvasgen.trace import ACCEPTED, FIXED, FORCED, TEXT, Tracing

A, B, C, D = 2, 3, 4, 5


@pytest.mark.parametrize("seed", range(12))
def test_mask_noise_fixes_what_it_has_accepted(seed: int) -> None:
    job = Job([0], regex("[ab]{3}").compile(AB), max_tokens=4, seed=seed)
    plain = run(model(seed, 4), [job], policy=PLAIN)[0]
    done = run(model(seed, 4), [replace(job, tracing=Tracing(top=5))], policy=PLAIN)[0]
    assert (done.token_ids, done.steps, done.log_prob) == (plain.token_ids, plain.steps, plain.log_prob)
    assert done.full_trace is not None
    known: set[int] = set()
    restarts = {one.step for one in done.full_trace.restarts}
    for step in done.full_trace.steps:
        assert {at for at, is_fixed in enumerate(step.marked(FIXED)) if is_fixed} == known
        known |= {at for at, is_taken in enumerate(step.marked(ACCEPTED)) if is_taken}
        if step.step in restarts:
            known = set()
        for at in range(4):
            before, after = step.candidates(at)
            assert MASK not in dict(before)
            if step.marked(TEXT)[at] and at < 3:
                assert {token for token, _ in after} <= {3, 4}
                assert sum(share for _, share in after) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("disbelief", [0.0, 1.0])
def test_candidates_are_those_of_the_posterior(disbelief: float) -> None:
    """The model wants a d; the constraint allows a, b and c there."""
    toy = Reciter(target=(A, D, C), sureness=3.0, canvas_length=4, defaults=Defaults(max_tokens=4))
    compiled = regex("a[abc]c").compile(toy.vocabulary)
    job = Job([A], compiled, max_tokens=4, seed=1, tracing=Tracing(top=64), max_denoising_steps=3)
    policy = Policy(disbelief=disbelief)
    done = run(toy, [job], policy=policy)[0]
    assert done.full_trace is not None
    for step in done.full_trace.steps:
        before, after = step.candidates(1)
        assert D in dict(before)
        assert set(dict(after)) <= {A, B, C}
        inside = step.marked(TEXT)
        forced = [at for at in range(4) if step.marked(FORCED)[at]]
        assert forced == [0, 2] or 1 not in forced
        for at in range(4):
            if not inside[at]:
                continue
            entropy, doubt = step.nats("entropies")[at], step.nats("doubt")[at]
            mass = sum(share for token, share in before if token in dict(after)) if at == 1 else None
            if mass is not None:
                assert math.exp(step.nats("log_mass")[at]) == pytest.approx(mass, abs=0.02)
            assert doubt >= entropy - 1e-3
            if disbelief == 0:
                assert doubt == pytest.approx(entropy, abs=2e-3)
