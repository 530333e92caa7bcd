"""Constraints that are led by first drafts: in the model's order of keys, and valid whatever it drafts."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_models import END, LETTERS, Confident, Erratic, vocabulary

from canvasgen.constraints import json_schema
from canvasgen.constraints.compiled import CompiledConstraint
from canvasgen.denoise import Defaults, Done, Draft, Job, Mask, Policy, Uniform, run, stream
from canvasgen.denoise.completion import Completion

DIGIT = {"enum": [1, 2]}
SCHEMA = {
    "type": "object",
    "properties": {"a": DIGIT, "b": DIGIT, "c": {"type": "array", "items": DIGIT}},
    "required": ["a", "b"],
    "additionalProperties": False,
}
WITH_MASK = vocabulary(*'abcdefgh12{}[]":,', "<mask>")
MASK = 2 + len('abcdefgh12{}[]":,')


def compiled(order: str, words: Any = WITH_MASK, schema: Any = SCHEMA) -> CompiledConstraint:
    made = json_schema(schema, "compact", property_order=order)  # type: ignore[arg-type]
    return made.compile(words)


def wishing(text: str, noise: Any, length: int = 24) -> Confident:
    """A model that always wants one text."""
    ids = [
        next(at for at, token in enumerate(WITH_MASK.tokens) if token == letter.encode()) for letter in text
    ]
    logits = torch.zeros(length, WITH_MASK.size)
    logits[range(len(ids)), ids] = 9.0
    logits[len(ids), END] = 9.0
    return Confident(WITH_MASK, length, noise=noise, defaults=Defaults(max_tokens=length), logits=logits)


def answered(
    model: Any, constraint: CompiledConstraint, steps: int = 8, policy: Policy | None = None
) -> Completion:
    return run(model, [Job([3], constraint, None, steps, seed=1)], policy=policy)[0]


@pytest.mark.parametrize("noise", [Uniform(), Mask(MASK)], ids=["uniform", "mask"])
@pytest.mark.parametrize("text", ['{"b":1,"a":2}', '{"c":[2,1],"b":1,"a":2}', '{"a":1,"c":[],"b":2}'])
def test_the_text_is_written_in_the_models_order(text: str, noise: Any) -> None:
    model = wishing(text, noise)
    done = answered(model, compiled("model"))
    assert done.text == text
    assert list(done.value) == list(json.loads(text))
    in_order = answered(wishing(text, noise), compiled("schema"))
    assert list(in_order.value) == sorted(in_order.value)


@pytest.mark.parametrize("noise", [Uniform(), Mask(MASK)], ids=["uniform", "mask"])
@pytest.mark.parametrize("wish", ['{"b":1,"b":2}', '{"b":1}', '{"c":[1],"c":[2]}', "{}"])
def test_a_draft_that_is_not_valid_leads_to_a_text_that_is(wish: str, noise: Any) -> None:
    constraint = compiled("model")
    done = answered(wishing(wish, noise), constraint)
    assert constraint.constraint.matches(done.text)
    assert set(done.value) >= {"a", "b"}


def test_too_few_steps_for_drafts_and_none_that_are_wished() -> None:
    text = '{"b":1,"a":2}'
    for steps, policy in ((1, None), (2, None), (8, Policy(draft_steps=0))):
        done = answered(wishing(text, Uniform()), compiled("model"), steps, policy)
        assert list(done.value)[:2] == ["a", "b"]
    assert answered(wishing(text, Uniform()), compiled("model"), 3).text == text


def test_what_is_drafted_is_shown_and_not_committed() -> None:
    model = wishing('{"b":1}', Uniform())
    events = list(stream(model, [Job([3], compiled("model"), None, 8, seed=1)]))
    drafts = [event.text for event in events if isinstance(event, Draft)]
    assert drafts[0] == '{"b":1}'
    assert isinstance(events[-1], Done)
    assert events[-1].completion.value.keys() >= {"a", "b"}


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**30),
    length=st.integers(3, 20),
    slack=st.integers(0, 12),
    steps=st.integers(1, 6),
    temperature=st.sampled_from([None, 0.0, 1.5]),
    masked=st.booleans(),
    probabilities=st.booleans(),
)
def test_always_valid_and_closed_within_the_budget(
    seed: int,
    length: int,
    slack: int,
    steps: int,
    temperature: float | None,
    masked: bool,
    probabilities: bool,
) -> None:
    constraint = compiled("model")
    shortest = constraint.shortest_tokens
    model = Erratic(WITH_MASK, length, noise=Mask(MASK) if masked else Uniform(), seed=seed % 1000)
    job = Job([3], constraint, shortest + slack, steps, temperature, seed=seed, probabilities=probabilities)
    done = run(model, [job])[0]
    assert constraint.constraint.matches(done.text)
    assert len(done.token_ids) <= shortest + slack
    for shares in done.probabilities.values():
        assert abs(sum(shares.values()) + shares.absent + shares.open - 1) < 1e-6


def test_rows_of_a_batch_draft_by_themselves() -> None:
    constraint = compiled("model")
    model = Erratic(WITH_MASK, 16, seed=5)
    jobs = [Job([number], constraint, 40, 6, seed=number) for number in range(3)]
    jobs.append(Job([9], compiled("schema"), 40, 6, seed=9))
    together = run(model, jobs)
    for job, done in zip(jobs, together, strict=True):
        assert run(model, [job])[0].text == done.text


def test_a_vocabulary_without_masks() -> None:
    assert compiled("model", LETTERS, {"enum": ["a", "b"]}).leading is not None
    assert compiled("schema", LETTERS, {"enum": ["a", "b"]}).leading is None
