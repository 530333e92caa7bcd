"""The loop with mask noise on a toy, against the enumeration of every way that it can go."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass

import pytest
import torch
from toy_models import END, PAD, Base, vocabulary

from canvasgen.constraints import choice, infill, regex
from canvasgen.denoise import Defaults, Draft, Job, Mask, Policy, Start, run, stream
from canvasgen.errors import ValidationFailed

MASK = 2
AB = vocabulary("#", "a", "b")
"""Pad, end, the mask token (whose text is never generated), a, b."""
SIZE = AB.size
BOUND = 0.9


@dataclass
class Masked(Base):
    """A random function of the canvas, sharper for some canvases than for others; it has no self-conditioning."""

    seed: int = 0

    def row(self, read, canvas, known):
        key = (self.seed, *canvas.tolist())
        generator = torch.Generator().manual_seed(hash(key) % 2**31)
        return 2.0 * torch.randn(self.canvas_length, SIZE, generator=generator)


def model(seed, length=2):
    return Masked(
        vocabulary=AB,
        canvas_length=length,
        noise=Mask(MASK),
        defaults=Defaults(max_tokens=length, entropy_bound=BOUND, confidence=0.0),
        seed=seed,
    )


PLAIN = Policy(disbelief=0.0)


def shares_of(toy, canvas):
    """P(token) at each position of a canvas, a tuple; by the definition of masked diffusion."""
    logits = toy.row((), torch.tensor(canvas), None).double()
    logits[:, MASK] = -math.inf
    shares = torch.softmax(logits, dim=-1)
    for position, token in enumerate(canvas):
        if token != MASK:
            shares[position] = torch.nn.functional.one_hot(torch.tensor(token), SIZE)
    return shares


def accepted_of(marginals):
    """Positions by increasing entropy, while the entropies before sum to at most the bound."""
    entropies = [-sum(p * math.log(p) for p in row if p > 0) for row in marginals.tolist()]
    order = sorted(range(len(entropies)), key=lambda position: entropies[position])
    return {place for at, place in enumerate(order) if sum(entropies[one] for one in order[:at]) <= BOUND}


def outcomes(toy, canvas, steps, valid):
    """By final canvas, its probability; `valid` says which canvases can be."""
    joint = {}
    shares = shares_of(toy, canvas)
    for tokens in itertools.product(range(SIZE), repeat=len(canvas)):
        weight = math.prod(float(shares[at, token]) for at, token in enumerate(tokens))
        if weight > 0 and valid(tokens):
            joint[tokens] = weight
    whole = sum(joint.values())
    joint = {tokens: weight / whole for tokens, weight in joint.items()}
    if steps == 1:
        return {max(joint, key=joint.__getitem__): 1.0}
    marginals = torch.zeros(len(canvas), SIZE, dtype=torch.float64)
    for tokens, weight in joint.items():
        for position, token in enumerate(tokens):
            marginals[position, token] += weight
    accepted = accepted_of(marginals)
    found = defaultdict(float)
    reached = defaultdict(float)
    for tokens, weight in joint.items():
        reached[tuple(t if at in accepted else canvas[at] for at, t in enumerate(tokens))] += weight
    for next_canvas, weight in reached.items():
        for final, share in outcomes(toy, next_canvas, steps - 1, valid).items():
            found[final] += weight * share
    return found


class Scripted:
    """Draws what a script says, and notes how probable the loop made each draw; no other random numbers are needed."""

    def __init__(self, script):
        self._script, self.shares = iter(script), []

    def canvas(self, rows):
        raise AssertionError("a mask is not drawn")

    def seed(self, row):
        raise AssertionError("free text needs no joint samples")

    def tokens(self, rows, probabilities):
        drawn = torch.tensor([next(self._script)])
        self.shares.append(math.prod(probabilities[0].gather(-1, drawn[0][:, None]).flatten().tolist()))
        return drawn


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_free_text_follows_the_exact_distribution(seed):
    """Every script of draws is run once; its probability is the product of those that the loop drew from."""
    toy, steps = model(seed), 3
    every = list(itertools.product([PAD, END, 3, 4], repeat=2))
    found = defaultdict(float)
    for script in itertools.product(every, repeat=steps - 1):
        numbers = Scripted([*script, (PAD, PAD)])  # the draws of the last step are for nothing
        events = stream(toy, [Job([3], None, 2, steps, 1.0)], policy=PLAIN, randomness=numbers)
        last = [event.record for event in events if isinstance(event, Draft)][-1]
        found[tuple(last.ids.tolist())] += math.prod(numbers.shares[:-1])
    expected = outcomes(toy, (MASK, MASK), steps, lambda tokens: True)
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-5)
    assert len(expected) > 1
    assert {final: share for final, share in found.items() if share > 0} == pytest.approx(expected, abs=1e-5)


def is_text_of(pattern):
    """Whether a canvas holds a text, an end unless it fills the canvas, and then anything."""

    def valid(tokens):
        ids = [*itertools.takewhile(lambda token: token != END, tokens)]
        content = AB.text_bytes(ids).decode()
        return MASK not in ids and PAD not in ids and pattern.matches(content)

    return valid


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "written"), [(0, "a|b|ab|ba"), (1, "(a|b)(a|b)?"), (2, "aa|bb|b")])
def test_under_a_constraint_results_follow_the_exact_distribution(seed, written):
    """Frequencies over many rows of one batch, against the exact probabilities: within five standard deviations."""
    toy, steps, count, pattern = model(seed), 3, 1200, regex(written)
    compiled = pattern.compile(AB)
    jobs = [Job([3], compiled, 2, steps, 1.0, seed=number) for number in range(count)]
    # A canvas that has only one text left to hold is committed early, and it holds that.
    done = run(toy, jobs, policy=PLAIN)
    found = defaultdict(int)
    for one in done:
        found[one.text] += 1
    expected = defaultdict(float)
    for final, share in outcomes(toy, (MASK, MASK), steps, is_text_of(pattern)).items():
        ids = [*itertools.takewhile(lambda token: token != END, final)]
        expected[AB.text_bytes(ids).decode()] += share
    assert sum(expected.values()) == pytest.approx(1.0)
    assert set(found) <= set(expected)
    for text, share in expected.items():
        spread = math.sqrt(count * share * (1 - share))
        assert abs(found[text] - count * share) <= 5 * spread + 1e-9, text


@pytest.mark.parametrize("temperature", [None, 0.0, 1.5])
def test_texts_are_valid_and_no_row_depends_on_another(temperature):
    toy = model(3, length=4)
    patterns = [regex("(ab)*a?"), None, regex("b{2,7}"), choice(["aab", "bba"]), regex("[ab]{6}")]
    jobs = [
        Job([3, number], None if one is None else one.compile(AB), 8, 5, temperature, seed=number)
        for number, one in enumerate(patterns)
    ]
    together = run(toy, jobs)
    for job, done in zip(jobs, together, strict=True):
        (alone,) = run(toy, [job])
        assert (done.token_ids, done.steps, done.log_prob) == (alone.token_ids, alone.steps, alone.log_prob)
        assert MASK not in done.token_ids
        assert job.constraint is None or job.constraint.constraint.matches(done.text)


def test_what_is_accepted_stays():
    seen = []

    class Watched(Masked):
        def row(self, read, canvas, known):
            seen.append(canvas.tolist())
            return super().row(read, canvas, known)

    toy = Watched(
        vocabulary=AB, canvas_length=6, noise=Mask(MASK), defaults=Defaults(max_tokens=6, entropy_bound=0.1)
    )
    run(toy, [Job([3], regex("[ab]{6}").compile(AB), 6, 12, 1.0, seed=1)])
    assert seen[0] == [MASK] * 6
    for before, after in itertools.pairwise(seen):
        assert all(old in (MASK, new) for old, new in zip(before, after, strict=True))
        assert after.count(MASK) < before.count(MASK)


def test_a_start_lays_its_text_over_masks():
    """What stays stands on the canvas until it is accepted; the rest of the start is a hint for the first step."""
    seen = []

    class Watched(Masked):
        def row(self, read, canvas, known):
            seen.append(canvas.tolist())
            return super().row(read, canvas, known)

    toy = Watched(
        vocabulary=AB, canvas_length=4, noise=Mask(MASK), defaults=Defaults(max_tokens=4, entropy_bound=0.0)
    )
    start = Start(canvas=(3, 3, None, 4), kept=1)
    constraint = infill("a", "b", regex("[ab]{2}"))
    (done,) = run(toy, [Job([3], constraint.compile(AB), 4, 6, 1.0, seed=1, starts=(start,))])
    assert seen[0] == [3, 3, MASK, 4]
    assert seen[1][0] == 3
    assert seen[1].count(MASK) >= 2
    assert constraint.matches(done.text)


def test_a_restart_at_temperature_zero_is_sampled():
    """Else it would come to the same canvas, whose decided tokens leave no other text."""
    toy = model(1, length=3)
    compiled = regex("[ab]{1,3}").compile(AB)
    (first,) = run(toy, [Job([3], compiled, 3, 2, 0.0)])
    refuse = (lambda text: text != first.text,)
    (done,) = run(toy, [Job([3], compiled, 3, 2, 0.0, validators=refuse)], policy=Policy(restarts=30))
    assert done.text != first.text
    with pytest.raises(ValidationFailed):
        run(toy, [Job([3], compiled, 3, 2, 0.0, validators=refuse)], policy=Policy(restarts=0))
