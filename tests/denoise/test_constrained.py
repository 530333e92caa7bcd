"""The loop under constraints: always valid, always closed, batch like single."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_constraints import compiled
from toy_models import END, LETTERS, PAD, Confident, Erratic, vocabulary

from canvasgen.automata import byte_set, concat, literal, optional, repeat, union
from canvasgen.constraints import regex, text
from canvasgen.constraints.compiled.belief import text_length
from canvasgen.denoise import Defaults, Job, Policy, run
from canvasgen.errors import BudgetTooSmall, ModelError, Outcome

LETTER = byte_set([(ord("a"), ord("h"))])
DIGITS = repeat(byte_set([(ord("1"), ord("2"))]), 1)
OBJECT = concat(literal('{"a":'), optional(literal(" ")), DIGITS, literal("}"))


def atoms():
    return st.sampled_from(["a", "b", "ab", "cd", "é", "1", '"', "{", '":', "\n", " "]).map(literal)


def constraints():
    """Random regular languages, none of them empty."""
    return st.recursive(
        atoms(),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: concat(*parts)),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: union(*parts)),
            st.builds(
                lambda e, low, more: repeat(e, low, low + more), inner, st.integers(0, 2), st.integers(0, 2)
            ),
            inner.map(lambda e: repeat(e, 0)),
        ),
        max_leaves=6,
    )


@settings(deadline=None, max_examples=60)
@given(
    expr=constraints(),
    seed=st.integers(0, 2**32),
    length=st.integers(1, 6),
    slack=st.integers(0, 9),
    steps=st.integers(1, 4),
    temperature=st.sampled_from([None, 0.0, 0.3, 2.0]),
)
def test_always_valid_and_closed_within_the_budget(expr, seed, length, slack, steps, temperature):
    constraint = compiled(expr, LETTERS)
    shortest = max(1, constraint.token_automaton.shortest_tokens)
    model = Erratic(seed=seed % 1000, canvas_length=length)
    job = Job([3], constraint, shortest + slack, steps, temperature, seed=seed)
    done = run(model, [job])[0]
    assert constraint.constraint.automaton.accepts(done.text.encode())
    assert 1 <= len(done.token_ids) <= shortest + slack
    assert constraint.token_automaton.accepts(done.token_ids)
    assert done.value == ("parsed", done.text)
    assert done.log_prob <= 1e-6
    assert np.isfinite(done.log_prob)
    assert len(done.steps) == done.blocks <= -(-(shortest + slack) // length)
    assert all(1 <= number <= steps for number in done.steps)
    assert len(done.trace) == sum(done.steps)
    assert all(step.log_partition <= 1e-6 for step in done.trace)
    with pytest.raises(BudgetTooSmall):
        run(model, [Job([3], constraint, shortest - 1)])


@pytest.mark.slow
@settings(deadline=None, max_examples=20)
@given(exprs=st.lists(st.one_of(st.none(), constraints()), min_size=2, max_size=4), seed=st.integers(0, 1000))
def test_batch_equals_single(exprs, seed):
    model = Erratic(seed=seed, canvas_length=4)
    jobs = [
        Job(
            [2 + number] * (number + 1),
            None if expr is None else compiled(expr, LETTERS),
            max_tokens=14,
            max_denoising_steps=3 + number % 2,
            temperature=(None, 0.0, 1.0)[number % 3],
            seed=seed + number,
        )
        for number, expr in enumerate(exprs)
        if expr is None or compiled(expr, LETTERS).token_automaton.shortest_tokens <= 14
    ]
    for job, one in zip(jobs, run(model, jobs) if jobs else [], strict=True):
        alone = run(model, [job])[0]
        assert (alone.token_ids, alone.steps, alone.outcome) == (one.token_ids, one.steps, one.outcome)
        assert alone.log_prob == pytest.approx(one.log_prob, abs=1e-9)


def flat(length=8):
    return Confident(logits=torch.zeros(length, LETTERS.size), canvas_length=length)


def test_budget_is_checked_before_the_model_runs():
    model = flat()
    with pytest.raises(BudgetTooSmall, match="4 tokens"):
        run(model, [Job([3], compiled(repeat(literal("ab"), 4, 4), LETTERS), max_tokens=3)])
    assert model.calls == []


def test_the_exact_budget_needs_no_end_token():
    done = run(flat(), [Job([3], compiled(literal("eeeee"), LETTERS), max_tokens=5)])[0]
    assert done.text == "eeeee"
    assert END not in done.token_ids
    more = run(flat(), [Job([3], compiled(literal("eeeee"), LETTERS), max_tokens=6)])[0]
    assert more.text == "eeeee"


def test_default_budget_grows_to_hold_the_text():
    done = run(flat(), [Job([3], compiled(repeat(literal("e"), 20, 20), LETTERS))])[0]
    assert done.text == "e" * 20
    assert done.blocks == 3


def test_a_forced_text_takes_one_step():
    done = run(flat(), [Job([3], compiled(literal("efg"), LETTERS))])[0]
    assert (done.text, done.steps, done.outcome) == ("efg", (1,), Outcome.COMPLETE)


def test_a_full_text_at_the_end_of_a_block_needs_no_other_block():
    """Eight letters fill the canvas; nothing can follow, so no block is spent on the end token."""
    model = flat()
    done = run(model, [Job([3], compiled(literal("efgefgef"), LETTERS), max_tokens=24)])[0]
    assert (done.text, done.blocks) == ("efgefgef", 1)
    assert "commit 1" not in model.calls


def test_several_blocks_carry_the_state():
    """The model wants to go on for ever; the budget closes the quote in time."""
    wish = torch.zeros(8, LETTERS.size)
    wish[:, LETTERS.tokens.index(b"e")] = 30.0
    quoted = concat(literal('"'), repeat(union(LETTER, DIGITS), 0), literal('"'))
    done = run(Confident(logits=wish), [Job([3], compiled(quoted, LETTERS), max_tokens=20)])[0]
    assert done.text == '"' + "e" * 18 + '"'
    assert done.blocks == 3
    assert len(done.token_ids) == 20


def test_map_is_the_best_text():
    """Temperature 0 commits the most probable valid text."""
    logits = torch.randn(8, LETTERS.size, generator=torch.Generator().manual_seed(5))
    constraint = compiled(OBJECT, LETTERS)
    done = run(Confident(logits=logits), [Job([3], constraint, temperature=0, max_denoising_steps=1)])[0]
    posterior = constraint.condition(logits / 0.8)
    best = posterior.best
    assert list(done.token_ids) == best[: text_length(best, (END,))].tolist()
    assert done.log_prob == pytest.approx(posterior.log_prob(best), abs=1e-5)
    assert done.outcome is Outcome.STEP_LIMIT


@pytest.mark.parametrize("told", ["model", "constrained"])
def test_the_tail_is_the_models_own(told):
    """After the end the canvas holds what the model wants there, and the committed ids stop at the end."""
    wish = torch.zeros(8, LETTERS.size)
    wish[:, LETTERS.tokens.index(b"h")] = 5.0
    seen = []

    class Watched(Confident):
        def row(self, read, canvas, known):
            seen.append((canvas.clone(), known))
            return super().row(read, canvas, known)

    wish[3, END] = 50.0
    wish[:3, LETTERS.tokens.index(b"e")] = 50.0
    model = Watched(logits=wish)
    job = Job([3], compiled(repeat(literal("e"), 1), LETTERS), temperature=0)
    patient = Policy(self_conditioning=told, certain=2.0, likely=2.0)  # goes on though the text is certain
    done = run(model, [job], policy=patient)[0]
    assert done.text == "eee"
    canvas, known = seen[-1]
    assert canvas[:4].tolist() == [*[LETTERS.tokens.index(b"e")] * 3, END]
    forbidden = LETTERS.tokens.index(b"h")
    if told == "constrained":
        assert known[5].exp().sum() == pytest.approx(1.0, abs=1e-4)
        assert known[0, forbidden] == -torch.inf
    else:
        assert torch.allclose(known * done.trace[-2].temperature, wish, atol=1e-4)
    assert known[5].argmax() == LETTERS.tokens.index(b"h")
    assert PAD not in done.token_ids


def test_disbelief_delays_but_does_not_prevent():
    """A model that hates the only valid text is overruled at the last step."""
    wish = torch.zeros(8, LETTERS.size)
    wish[:, LETTERS.tokens.index(b"h")] = 20.0
    either = union(literal("ee"), literal("ff"))
    model = Confident(logits=wish, defaults=Defaults(max_tokens=8, max_denoising_steps=6))
    done = run(model, [Job([3], compiled(either, LETTERS))])[0]
    assert done.text in ("ee", "ff")
    assert done.trace[0].log_mass < -5


@pytest.mark.parametrize("pin", [False, True])
def test_pinning_is_an_option(pin):
    wish = torch.zeros(8, LETTERS.size)
    wish[:, LETTERS.tokens.index(b"h")] = 20.0
    single = vocabulary(*"abcdefgh")
    wish = wish[:, : single.size]
    constraint = compiled(concat(literal("ab"), union(literal("c"), literal("d"))), single)
    model = Confident(vocabulary=single, logits=wish)
    policy = Policy(pin_forced=pin, entropy_bound=0.01)
    done = run(model, [Job([3], constraint, temperature=0)], policy=policy)[0]
    assert done.text in ("abc", "abd")


def test_another_vocabulary_is_refused():
    with pytest.raises(ModelError, match="another vocabulary"):
        run(flat(), [Job([3], compiled(literal("a"), vocabulary(*"ab")))])


def test_nan_under_a_constraint():
    logits = torch.zeros(8, LETTERS.size)
    logits[2, 4] = float("nan")
    with pytest.raises(ModelError, match=r"block 1, step 1, position 2"):
        run(Confident(logits=logits), [Job([3], compiled(DIGITS, LETTERS))])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 12))
def test_thoughts_over_several_canvases_leave_room_for_the_answer(seed, slack):
    constraint = text(6, until=":") + regex("[12]{3}")
    budget = constraint.compile(LETTERS).shortest_tokens + slack
    model = Erratic(seed=seed, canvas_length=4)
    (done,) = run(
        model, [Job([2], constraint.compile(LETTERS), max_tokens=budget, max_denoising_steps=2, seed=seed)]
    )
    assert constraint.matches(done.text)
    assert len([token for token in done.token_ids if token != END]) <= budget
    assert done.blocks >= 2
