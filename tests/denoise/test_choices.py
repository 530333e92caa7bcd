"""The mean over the choices of a text: their number, the mean against enumeration, and where it ends a block."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_models import END, LETTERS, Confident

import canvasgen as cg
from canvasgen.denoise import Job, Policy, run
from canvasgen.denoise.beliefs import Asked, Beliefs
from canvasgen.denoise.protocol import SelfConditioning
from canvasgen.denoise.stopping.convergence import is_decided
from canvasgen.denoise.stopping.open_values import free_choices, is_form
from canvasgen.tokens import Budget, Prefix

HOLES = {"x": ["a", "b"], "y": ["c", "d", "cd"], "z": ["e", "f"]}
FORM = cg.template("{x}:{y}:{z}", **{name: cg.choice(texts) for name, texts in HOLES.items()})
OBJECT = cg.json_schema({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "array"}}})

COUNTED = {
    "holes": (FORM, "", 3),
    "a hole that occurs twice": (cg.template("{n} and {n}", n=str), "", 1),
    "JSON in a hole": (cg.template("{n}: {o}", n=str, o=OBJECT), "", 2),
    "scalars": (OBJECT, '{"a": 1, "b": [2, {"c": null}, []]}', 4),
    "an empty object": (OBJECT, "{}", 1),
    "half a text": (OBJECT, '{"a": 1, "b": [2, ', 1),
    "in a fence": (cg.json_schema({"type": "array"}, fence="allow"), "```\n[1, 2]\n```", 2),
    "open cells": (cg.table(2, 3, cells=str), "", 6),
    "cells that agree": (
        cg.table(2, 2, cells=[1, 2], relations=lambda grid: [cg.relations.all_different(grid.rows[0])]),
        "",
        1,
    ),
    "a sequence": ("Dear " + FORM + "!\n" + cg.table(1, 2, cells=str), "", 5),
    "fixed text": (cg.literal("abc"), "abc", 1),
    "a pattern": (cg.regex("[a-c]{1,4}"), "ab", 1),
    "alternatives": (FORM | OBJECT, "{}", 1),
}


@pytest.mark.parametrize("name", COUNTED)
def test_values_that_are_left_open(name: str) -> None:
    constraint, text, number = COUNTED[name]
    assert free_choices(constraint, text) == number


def tokenizations(text: str) -> list[tuple[int, ...]]:
    """All ways to cut a text into tokens."""
    if not text:
        return [()]
    found: list[tuple[int, ...]] = []
    for token, content in enumerate(LETTERS.tokens):
        if content and text.startswith(content.decode()):
            found += [(token, *rest) for rest in tokenizations(text[len(content.decode()) :])]
    return found


CANVASES = [
    (*ids, END)
    for parts in itertools.product(*HOLES.values())
    for ids in tokenizations(":".join(parts))
    if len(ids) < 8
]


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), spread=st.sampled_from([0.3, 1.0, 3.0]))
def test_the_mean_is_that_of_the_factors_of_the_joint_posterior(seed: int, spread: float) -> None:
    """By enumeration of all canvases: each choice's probability given the text before it, and their geometric mean."""
    logits = torch.randn(8, LETTERS.size, generator=torch.Generator().manual_seed(seed)) * spread
    logs = logits.double().log_softmax(-1)
    weights = {ids: math.exp(sum(float(logs[at, token]) for at, token in enumerate(ids))) for ids in CANVASES}
    best = max(weights, key=lambda ids: weights[ids])
    colon = LETTERS.tokens.index(b":")
    ends = [at + 1 for at, token in enumerate(best) if token in (colon, END)]
    masses = [sum(weight for ids, weight in weights.items() if ids[:end] == best[:end]) for end in (0, *ends)]
    factors = [after / before for before, after in itertools.pairwise(masses)]
    assert len(factors) == free_choices(FORM, "") == 3
    mean = math.exp(sum(map(math.log, factors)) / 3)

    asked = Asked(FORM.compile(LETTERS), Prefix(), Budget(here=8, after=0))
    believed = Beliefs(logits[None], [asked], LETTERS.end_ids)
    assert tuple(believed.best[0, : len(best)].tolist()) == best
    assert float(believed.best_log_prob[0]) == pytest.approx(sum(map(math.log, factors)), abs=1e-5)
    for likely, expected in ((mean - 1e-4, True), (mean + 1e-4, False)):
        policy = Policy(certain=2.0, likely=likely)
        whole = float(believed.best_log_prob[0])
        assert is_decided(whole, policy, streak=0, drafted=3, choices=3, settles=False) == expected


def unsure() -> Confident:
    """A model that gives each of three holes its first text with 6 : 4."""
    logits = torch.full((8, LETTERS.size), -30.0)
    for place, letters in enumerate(("ab", ":", "cd", ":", "ef")):
        for number, letter in enumerate(letters):
            logits[place, LETTERS.tokens.index(letter.encode())] = math.log(0.4 if number else 0.6)
    logits[5:, END] = 0.0
    return Confident(logits=logits)


def steps_under(constraint: cg.Constraint, policy: Policy) -> int:
    job = Job([3], constraint.compile(LETTERS), temperature=1.0, max_denoising_steps=12, seed=1)
    done = run(unsure(), [job], policy=policy)[0]
    assert done.text == "a:c:e"
    return done.steps[0]


def test_a_form_with_several_unsure_holes_ends_when_its_text_comes_back() -> None:
    """The whole has 0.6³ = 0.22, each hole 0.6."""
    alone = Policy(confidence=0.0, cycle=0)
    assert steps_under(FORM, alone) == 3
    assert steps_under(FORM, Policy(confidence=0.0, cycle=0, patience=5)) == 5
    assert steps_under(FORM, Policy(confidence=0.0, cycle=0, likely=0.7)) == 12
    one_choice = cg.choice([":".join(parts) for parts in itertools.product(*HOLES.values())])
    assert steps_under(one_choice, alone) == 12


@pytest.mark.parametrize(
    ("told", "usual"),
    [
        ("forms", "model"),
        ("templates", "model"),
        ("model", "templates"),
        ("constrained", "model"),
        (None, "templates"),
    ],
)
def test_forms_are_told_the_mean_of_both(told: SelfConditioning | None, usual: SelfConditioning) -> None:
    """Two rows of one batch, a template and the same texts as a choice: what `h` has, which no text has."""
    known: dict[int, torch.Tensor] = {}

    class Watched(Confident):
        def row(self, read, canvas, known_now):
            if known_now is not None:
                known[read[0]] = known_now.log_softmax(-1).exp()[0]
            return super().row(read, canvas, known_now)

    listed = cg.choice([":".join(parts) for parts in itertools.product(*HOLES.values())])
    jobs = [
        Job([prompt], constraint.compile(LETTERS), temperature=1.0, max_denoising_steps=2, seed=1)
        for prompt, constraint in ((3, FORM), (4, listed))
    ]
    logits = unsure().logits
    logits[:, LETTERS.tokens.index(b"h")] = 0.0  # half of the mass at the first position, beside `a` and `b`
    model = Watched(logits=logits)
    model.defaults = replace(model.defaults, self_conditioning=usual)
    run(model, jobs, policy=Policy(confidence=0.0, self_conditioning=told))
    forbidden = LETTERS.tokens.index(b"h")
    expected = {
        "forms": (0.25, 0.5),
        "model": (0.5, 0.5),
        "templates": (0.25, 0.5),
        "constrained": (0.0, 0.0),
    }[told or usual]
    assert [float(known[prompt][forbidden]) for prompt in (3, 4)] == pytest.approx(expected, abs=1e-6)
    allowed = 1 - known[3][forbidden]
    assert float(known[3][LETTERS.tokens.index(b"a")]) == pytest.approx(0.6 * float(allowed), abs=1e-6)


def test_what_is_a_form() -> None:
    related = cg.table(2, 2, cells=[1, 2], relations=lambda grid: [cg.relations.all_different(grid.rows[0])])
    forms = (FORM, cg.table(2, 3, cells=str), "Dear " + FORM, cg.table(1, 2, cells=str) + "!")
    others = (OBJECT, related, cg.regex("a+"), cg.choice(["a", "b"]), "x" + cg.text(), None)
    assert [is_form(one) for one in forms] == [True] * 4
    assert not any(is_form(one) for one in others)
    assert [is_form(one, tables=False) for one in forms] == [True, False, True, False]
