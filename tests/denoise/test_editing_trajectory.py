"""The loop with tokens that are edited, against the enumeration of every way that it can go; and what is not exact."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import pytest
import torch
from test_masked_trajectory import AB, BOUND, MASK, PLAIN, SIZE, Masked, accepted_of, is_text_of
from test_masked_trajectory import outcomes as without_edits
from toy_models import END

from canvasgen.constraints import choice, regex
from canvasgen.denoise import Defaults, Editing, Job, Mask, run

THRESHOLD = 0.55


def model(seed, length=2, noise=None):
    return Masked(
        vocabulary=AB,
        canvas_length=length,
        noise=noise or Editing(MASK, THRESHOLD),
        defaults=Defaults(max_tokens=length, entropy_bound=BOUND, confidence=0.0),
        seed=seed,
    )


def read_of(toy, canvas):
    """P(token) at each position: certain where a token stands that no other one beats by the threshold."""
    logits = toy.row((), torch.tensor(canvas), None).double()
    logits[:, MASK] = -math.inf
    shares = torch.softmax(logits, dim=-1)
    for position, token in enumerate(canvas):
        best = int(shares[position].argmax())
        contested = best != token and float(shares[position, best]) > THRESHOLD
        if token != MASK and not contested:
            shares[position] = torch.nn.functional.one_hot(torch.tensor(token), SIZE)
    return shares


def joint_of(shares, valid):
    """P(canvas | valid), by enumeration."""
    joint = {}
    for tokens in itertools.product(range(SIZE), repeat=len(shares)):
        weight = math.prod(float(shares[at, token]) for at, token in enumerate(tokens))
        if weight > 0 and valid(tokens):
            joint[tokens] = weight
    whole = sum(joint.values())
    return {tokens: weight / whole for tokens, weight in joint.items()}


def outcomes(toy, canvas, steps, valid):
    """By final canvas, its probability."""
    joint = joint_of(read_of(toy, canvas), valid)
    if steps == 1:
        return {max(joint, key=joint.__getitem__): 1.0}
    marginals = torch.zeros(len(canvas), SIZE, dtype=torch.float64)
    for tokens, weight in joint.items():
        for position, token in enumerate(tokens):
            marginals[position, token] += weight
    accepted = accepted_of(marginals)
    reached, found = defaultdict(float), defaultdict(float)
    for tokens, weight in joint.items():
        kept = {at for at, token in enumerate(canvas) if token != MASK} | accepted
        reached[tuple(t if at in kept else MASK for at, t in enumerate(tokens))] += weight
    for next_canvas, weight in reached.items():
        for final, share in outcomes(toy, next_canvas, steps - 1, valid).items():
            found[final] += weight * share
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "written"), [(0, "a|b|ab|ba"), (5, "(a|b)(a|b)?")])
def test_under_a_constraint_results_follow_the_exact_distribution(seed, written):
    """Frequencies over many rows of one batch, against the exact probabilities: within five standard deviations."""
    toy, steps, count, pattern = model(seed), 4, 600, regex(written)
    compiled = pattern.compile(AB)
    done = run(toy, [Job([3], compiled, 2, steps, 1.0, seed=number) for number in range(count)], policy=PLAIN)
    found, expected = defaultdict(int), defaultdict(float)
    for one in done:
        found[one.text] += 1
    for final, share in outcomes(toy, (MASK, MASK), steps, is_text_of(pattern)).items():
        ids = [*itertools.takewhile(lambda token: token != END, final)]
        expected[AB.text_bytes(ids).decode()] += share
    assert sum(expected.values()) == pytest.approx(1.0)
    assert set(found) <= set(expected)
    for text, share in expected.items():
        spread = math.sqrt(count * share * (1 - share))
        assert abs(found[text] - count * share) <= 5 * spread + 1e-9, text


def test_edits_change_results():
    """Else the tests above would hold for masks that stay."""
    pattern = is_text_of(regex("(a|b)(a|b)?"))
    differ = 0
    for seed in range(8):
        edited = outcomes(model(seed), (MASK, MASK), 4, pattern)
        stays = without_edits(model(seed, noise=Mask(MASK)), (MASK, MASK), 4, pattern)
        differ += any(abs(edited.get(one, 0) - stays.get(one, 0)) > 1e-3 for one in {*edited, *stays})
    assert differ > 0


@pytest.mark.parametrize("temperature", [None, 0.0, 1.5])
def test_texts_are_valid_whatever_is_edited(temperature):
    """What is decided always comes from one valid canvas: no step finds that no text is left."""
    for seed in range(6):
        toy = model(seed, length=4)
        patterns = [regex("(ab)*a?"), None, regex("b{2,7}"), choice(["aab", "bba"]), regex("[ab]{6}")]
        jobs = [
            Job([3, number], None if one is None else one.compile(AB), 8, 6, temperature, seed=number)
            for number, one in enumerate(patterns)
        ]
        for job, done in zip(jobs, run(toy, jobs), strict=True):
            assert MASK not in done.token_ids
            assert job.constraint is None or job.constraint.constraint.matches(done.text)


def test_a_step_is_exact_given_what_is_decided():
    """Log-partition, marginals and best canvas over the masked positions given the others, by enumeration."""
    pattern = regex("a|b|ab|ba|bb")
    valid, compiled = is_text_of(pattern), pattern.compile(AB)
    for seed, noise in itertools.product(range(4), (Mask(MASK), Editing(MASK, THRESHOLD))):
        toy = model(seed, noise=noise)
        for canvas in ((MASK, MASK), (MASK, 3), (4, MASK), (3, END)):
            decided = torch.tensor([[token != MASK for token in canvas]])
            logits = toy.denoise(toy.prefill([[3]]), torch.tensor([canvas]), None)
            read = noise.read(logits, torch.tensor([canvas]), decided)[0]
            shares = torch.softmax(read.double(), -1)
            weights = {
                tokens: math.prod(float(shares[at, token]) for at, token in enumerate(tokens))
                for tokens in itertools.product(range(SIZE), repeat=2)
                if valid(tokens)
            }
            posterior = compiled.condition(read)
            assert math.exp(posterior.log_partition) == pytest.approx(sum(weights.values()), rel=1e-5)
            best = max(weights, key=weights.__getitem__)
            assert int(posterior.best[0]) == best[0]
            if not isinstance(noise, Editing):
                fixed = [tokens for tokens, weight in weights.items() if weight > 0]
                assert all(
                    token in (MASK, tokens[at]) for tokens in fixed for at, token in enumerate(canvas)
                ), "every canvas that is possible has what is decided"


def test_a_trajectory_is_not_the_model_s_distribution_of_valid_texts(monkeypatch):
    """Each step is exact; where a step decides one token and the model then thinks of others, their product is not."""
    monkeypatch.setattr("test_masked_trajectory.BOUND", 0.0)
    pattern = is_text_of(regex("(a|b)(a|b)?"))
    most = 0.0
    for seed in range(8):
        toy = model(seed, noise=Mask(MASK))
        reached = without_edits(toy, (MASK, MASK), 3, pattern)
        one_step = joint_of(torch.softmax(_masked(toy), -1), pattern)
        distance = sum(abs(reached.get(c, 0) - one_step.get(c, 0)) for c in {*reached, *one_step}) / 2
        most = max(most, distance)
    assert most > 0.05


def _masked(toy):
    logits = toy.row((), torch.tensor((MASK, MASK)), None).double()
    logits[:, MASK] = -math.inf
    return logits
