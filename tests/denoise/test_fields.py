"""Probabilities of choice-like fields: sums over all valid canvases, grouped by what the text says."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_models import END, PAD, Erratic

from canvasgen.automata import to_dfa
from canvasgen.constraints import Constraint, choice, infill, json_schema, literal, template, text
from canvasgen.denoise import Job, run
from canvasgen.denoise.fields import Block, probabilities
from canvasgen.schemas.texts.choice_fields import choice_fields, field_name, with_value
from canvasgen.tokens import Budget, Prefix
from canvasgen.vocabulary import Vocabulary

PIECES = Vocabulary(
    [None, None]
    + [p.encode() for p in ('{"a":', '{"a": ', "true", "fal", "se", "1", '"x"', '"', "x", "y", ",", '"b":')]
    + [p.encode() for p in ("}", "null", "[", "]")],
    end_ids=[END],
    pad_id=PAD,
)  # fmt: skip
SCHEMAS: list[dict[str, Any]] = [
    {"enum": ["x", "y", 1]},
    {"type": "boolean"},
    {"type": ["boolean", "null"]},
    {
        "type": "object",
        "properties": {"a": {"enum": [True, 1, "x"]}, "b": {"$ref": "#/$defs/b"}},
        "required": ["a"],
        "additionalProperties": False,
        "$defs": {"b": {"anyOf": [{"const": "y"}, {"type": "null"}]}},
    },
    {"type": "array", "items": {"enum": ["x", "xy", None]}, "minItems": 1, "maxItems": 2},
    {
        "anyOf": [
            {"type": "object", "properties": {"a": {"const": "x"}}, "required": ["a"], "additionalProperties": False},
            {"properties": {"a": {"type": "boolean"}}, "type": "object", "required": ["a"], "maxProperties": 1},
        ]
    },
]  # fmt: skip


def at_place(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        if (isinstance(value, dict) and step in value) or (
            isinstance(value, list) and isinstance(step, int) and step < len(value)
        ):
            value = value[step]
        else:
            return KeyError
    return value


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SCHEMAS), st.integers(0, 2**32 - 1))
def test_sums_over_all_canvases(schema: dict[str, Any], seed: int) -> None:
    constraint = json_schema(schema)
    compiled = constraint.compile(PIECES)
    logits = torch.from_numpy(np.random.default_rng(seed).normal(0, 2, (7, PIECES.size)).astype(np.float32))
    posterior = compiled.condition(logits)
    canvases = list(posterior.k_best())
    written = PIECES.text_bytes(posterior.best).decode()
    value = json.loads(written)
    found = probabilities(compiled, written, [Block(posterior, Prefix(), Budget(len(logits)))])
    fields = list(choice_fields(schema, value))
    assert found.keys() == {field_name(path) for path, _ in fields}
    for path, options in fields:
        masses: dict[str, float] = defaultdict(float)
        for ids, log_prob in canvases:
            here = at_place(json.loads(PIECES.text_bytes(ids)), path)
            masses["absent" if here is KeyError else json.dumps(here)] += math.exp(log_prob)
        told = found[field_name(path)]
        assert len(told) == len(options)
        for (_, share), option in zip(told.items(), options, strict=True):
            assert share == pytest.approx(masses[json.dumps(option)], abs=1e-6)
        assert sum(told.values()) + masses["absent"] == pytest.approx(1.0, abs=1e-6)


CONSTRAINTS: list[tuple[Constraint, dict[str, set[Any]]]] = [
    (choice(["x", "y", "xy"]), {"": {"x", "y", "xy"}}),
    (literal("[") + choice(["x", "y"]) + "]", {"": {"x", "y"}}),
    (infill('"', '"', choice(["x", "y"])), {"": {"x", "y"}}),
    (choice(["x", "y"]) & text(), {"": {"x", "y"}}),
    (
        template("[{a},{b}]", a=choice(["x", "y"]), b=json_schema({"type": "boolean"})),
        {"a": {"x", "y"}, "b": {True, False}},
    ),
    (template("{a},{a}", a=choice({"x": 1, "y": 2})), {"a": {1, 2}}),
]


@pytest.mark.parametrize(("constraint", "fields"), CONSTRAINTS)
@pytest.mark.parametrize("seed", range(3))
def test_in_other_constraints(constraint: Constraint, fields: dict[str, set[Any]], seed: int) -> None:
    job = Job([2], constraint.compile(PIECES), seed=seed, probabilities=True)
    (done,) = run(Erratic(vocabulary=PIECES, seed=seed), [job])
    assert {field: set(told) for field, told in done.probabilities.items()} == fields
    for field, told in done.probabilities.items():
        assert sum(told.values()) == pytest.approx(1.0, abs=1e-6)
        chosen = done.value[field] if isinstance(done.value, dict) else done.value
        if constraint.has_value:
            assert told[chosen] > 0


def test_over_several_canvases_the_deciding_one_counts() -> None:
    constraint = literal("xxxxxx") + choice(["y1", "y[", "yy"])
    job = Job([2], constraint.compile(PIECES), max_tokens=16, seed=3, probabilities=True)
    (done,) = run(Erratic(vocabulary=PIECES, canvas_length=4, seed=5), [job])
    told = done.probabilities[""]
    assert done.blocks >= 2
    assert sum(told.values()) == pytest.approx(1.0, abs=1e-6)
    assert 0 < told[done.value] < 1


def test_not_told_unless_asked_for() -> None:
    (done,) = run(Erratic(vocabulary=PIECES), [Job([2], choice(["x", "y"]).compile(PIECES))])
    assert done.probabilities == {}


@pytest.mark.parametrize(
    ("path", "value", "text", "inside"),
    [
        ((), "x", ' "x"', True),
        (("a",), 1, '{"b": {"a": 2}, "a": 1}', True),
        (("a",), 1, '{"b": {"a": 1}, "a": 2}', False),
        (("a",), 1, '{"b": "\\"a\\": 1", "c": [{"a": 1}]}', False),
        (("a",), 1, '{"a": 1.0, "b": [[], {}]}', True),
        (("a", 1, "b"), None, '{"a": [{"b": 1}, {"b": null, "c": 1}, 3]}', True),
        (("a", 1, "b"), None, '{"a": [{"b": null}, {"b": 3}]}', False),
        ((0,), True, "[true]", True),
        ((1,), True, '[[1, "]"], true, 3]', True),
        ((1,), True, "[1, [true]]", False),
        (('q"',), "é", '{"q\\"": "é"}', True),
    ],
)
def test_texts_with_a_value_at_a_place(
    path: tuple[str | int, ...], value: Any, text: str, inside: bool
) -> None:
    assert to_dfa(with_value(path, value)).accepts(text.encode()) == inside


def test_names_of_fields() -> None:
    assert field_name(()) == ""
    assert field_name(("a", 0, "odd name")) == "a[0]['odd name']"
