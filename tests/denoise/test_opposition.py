"""Contested positions: found as the definition says, held back, and overruled at the end."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.denoise import Policy
from canvasgen.denoise.stopping.open_values import has_grounded_json
from canvasgen.denoise.stopping.opposition import contested

SCHEMA = {"type": "array", "items": {"type": "string"}}


@given(
    st.integers(1, 3),
    st.integers(1, 4),
    st.floats(0, 6),
    st.integers(0, 2**31),
)
def test_contested_is_what_the_definition_says(rows: int, length: int, nats: float, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(rows, length, 5, generator=draw)
    best = torch.randint(0, 5, (rows, length), generator=draw)
    log_mass = -2 * torch.rand(rows, length, generator=draw).double()
    inside = torch.rand(rows, length, generator=draw) < 0.8
    found = contested(logits, best, log_mass, inside, torch.full((rows, 1), nats))
    logs = logits.log_softmax(dim=-1)
    for b in range(rows):
        for i in range(length):
            lead = float(logs[b, i].max() - logs[b, i, best[b, i]])
            wanted = inside[b, i] and log_mass[b, i] > math.log(0.5) and lead > nats
            assert bool(found[b, i]) == bool(wanted) or abs(lead - nats) < 1e-4


def test_it_is_for_json_with_values_out_of_a_source() -> None:
    grounded = cg.json_schema(SCHEMA, grounded="red, blue")
    assert has_grounded_json(grounded)
    assert has_grounded_json("Colors: " + grounded)
    assert not has_grounded_json(cg.json_schema(SCHEMA))
    assert not has_grounded_json(cg.span_of("red, blue"))


@pytest.mark.slow
def test_a_list_out_of_a_source_does_not_end_where_the_model_goes_on() -> None:
    prompt = "Pavel Novotny ordered 3 lamps and 12 chairs."
    item = {
        "type": "object",
        "properties": {"product": {"type": "string"}, "quantity": {"type": "integer"}},
        "required": ["product", "quantity"],
        "additionalProperties": False,
    }
    schema = {
        "type": "object",
        "properties": {"customer": {"type": "string"}, "items": {"type": "array", "items": item}},
        "required": ["customer", "items"],
        "additionalProperties": False,
    }
    counts = [
        len(cg.load(policy=policy).generate(prompt, schema=schema, grounded=True, seed=0)["items"])
        for policy in (Policy(opposed=math.inf), Policy())
    ]
    assert counts == [1, 2]
    done = cg.load().complete(
        prompt, schema=schema, grounded=True, seed=0, max_denoising_steps=2, on_step_limit="return"
    )
    assert len(done.trace) <= 2, "it is overruled in time"


@pytest.mark.parametrize(
    "options",
    [{"opposed": math.nan}, {"opposed": "3"}, {"likely": math.nan}, {"cycle": True}, {"beaten": [1]}],
)
def test_a_threshold_is_a_number(options: dict[str, Any]) -> None:
    with pytest.raises(cg.errors.InvalidConstraint) as caught:
        Policy(**options)
    (name,) = options
    assert caught.value.rule == f"Policy.{name}"
    assert caught.value.remedy
