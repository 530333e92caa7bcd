"""Probabilities of choice-like fields: sums over all valid canvases, grouped by what the text says."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from toy_models import END, PAD, Erratic

from canvasgen.automata import to_dfa
from canvasgen.constraints import (
    Constraint,
    choice,
    infill,
    json_schema,
    literal,
    optional,
    regex,
    span_of,
    template,
    text,
)
from canvasgen.denoise import Job, run
from canvasgen.denoise.fields import Block, probabilities
from canvasgen.errors import BudgetTooSmall, Unsatisfiable
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
        assert told.absent == pytest.approx(masses["absent"], abs=1e-6)
        assert told.open == 0.0
        assert sum(told.values()) + told.absent == pytest.approx(1.0, abs=1e-12)


LETTERS = Vocabulary([None, None, *(p.encode() for p in ("1", "2", "12", "x", "-", "1-", "x1"))], [END], PAD)
NUMBERS = choice({"1": "one", "12": "twelve", "2": "two", "121": "long", "x": "x"})
FREE = regex("[12x]*")
MANY: dict[str, tuple[Constraint, Callable[[str], set[Any]]]] = {
    "choice": (NUMBERS, lambda text: said_by(text, [NUMBERS], 0)),
    "a value that may go on": (NUMBERS + "-", lambda text: said_by(text, [NUMBERS, literal("-")], 0)),
    "read in two ways": (
        template("{a}{b}", a=NUMBERS, b=FREE),
        lambda text: said_by(text, [NUMBERS, FREE], 0),
    ),
    "behind free text": (
        template("{b}{a}", a=NUMBERS, b=FREE),
        lambda text: said_by(text, [FREE, NUMBERS], 1),
    ),
    "optional": (optional(NUMBERS) + "-", lambda text: said_by(text, [NUMBERS, literal("-")], 0) or {None}),
}


def said_by(text: str, parts: list[Constraint], number: int) -> set[Any]:
    """Every value that a part of a sequence can have, over all ways to split the text."""
    if not parts:
        return set() if text else {...}
    found: set[Any] = set()
    for stop in range(len(text) + 1):
        rest = said_by(text[stop:], parts[1:], number - 1) if parts[0].matches(text[:stop]) else set()
        found |= {parts[0].parse(text[:stop])} if rest and number == 0 else rest
    return found


@cache
def spelled(count: int) -> frozenset[str]:
    """What at most so many tokens of text can spell."""
    pieces = [piece.decode() for piece in LETTERS.tokens if piece]
    longer = {text + piece for text in spelled(count - 1) for piece in pieces} if count else set()
    return frozenset({"", *longer})


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(MANY)),
    st.integers(1, 3),
    st.integers(0, 2),
    st.sampled_from(["", "1", "12", "x", "1-", "x1"]),
    st.integers(0, 2**32 - 1),
)
def test_what_canvases_decide_is_summed_and_the_rest_is_open(
    kind: str, length: int, after: int, before: str, seed: int
) -> None:
    """A canvas decides for an option if every way to finish and to read its text says so."""
    constraint, says = MANY[kind]
    compiled = constraint.compile(LETTERS)
    prefix = compiled.prefix(LETTERS.spell(before.encode()) or ())
    assume(prefix is not None)
    assert prefix is not None
    logits = np.random.default_rng(seed).normal(0, 2, (length, LETTERS.size)).astype(np.float32)
    try:
        posterior = compiled.condition(logits, state=prefix.state, remaining=after)
    except (BudgetTooSmall, Unsatisfiable):
        assume(False)
        raise
    decided: dict[Any, float] = defaultdict(float)
    several, example = 0.0, ""
    for ids, log_prob in posterior.k_best():
        text = before + LETTERS.text_bytes(ids).decode()
        ways = [""] if END in ids else sorted(spelled(after))
        finished = [text + way for way in ways if constraint.matches(text + way)]
        values = set[Any]().union(*map(says, finished))
        if len(values) == 1:
            decided[values.pop()] += math.exp(log_prob)
        else:
            several += math.exp(log_prob)
        example = example or next((one for one in finished if says(one) != {None}), "")
    assume(example)
    (told,) = probabilities(compiled, example, [Block(posterior, prefix, Budget(length, after))]).values()
    for option, share in told.items():
        assert share == pytest.approx(decided[option], abs=1e-6)
    assert told.absent == pytest.approx(decided[None], abs=1e-6)
    assert told.open == pytest.approx(several, abs=1e-6)
    assert sum(told.values()) + told.absent + told.open == pytest.approx(1.0, abs=1e-9)


STATED = "x: 1, xy"
GROUNDED: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": ["string", "null"]},
    {"type": ["integer", "string", "null"]},
    {"type": "array", "items": {"type": "string"}, "maxItems": 2},
    {
        "type": "object",
        "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    },
]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.sampled_from(GROUNDED), st.integers(0, 2**32 - 1))
def test_stated_values_are_summed_over_all_canvases(schema: dict[str, Any], seed: int) -> None:
    constraint = json_schema(schema, grounded=STATED)
    compiled = constraint.compile(PIECES)
    logits = torch.from_numpy(np.random.default_rng(seed).normal(0, 2, (6, PIECES.size)).astype(np.float32))
    posterior = compiled.condition(logits)
    written = PIECES.text_bytes(posterior.best).decode()
    value = json.loads(written)
    found = probabilities(compiled, written, [Block(posterior, Prefix(), Budget(len(logits)))])
    nullable = {"": "null" in schema["type"], "a": True}
    fields = ["a", "b"] if isinstance(value, dict) else [""]
    if isinstance(value, list):
        fields = [f"[{at}]" for at in range(len(value))]
    for field in fields:
        path = {"": (), "a": ("a",), "b": ("b",), "[0]": (0,), "[1]": (1,)}[field]
        here = at_place(value, path)
        if here is KeyError:
            assert field not in found
            continue
        options = [here] if here is None or not nullable.get(field, False) else [here, None]
        masses: dict[str, float] = defaultdict(float)
        for ids, log_prob in posterior.k_best():
            other = at_place(json.loads(PIECES.text_bytes(ids)), path)
            known = "absent" if other is KeyError else other if other in options else "other"
            masses[json.dumps(known)] += math.exp(log_prob)
        told = found[field]
        assert list(told) == options
        for option in options:
            assert told[option] == pytest.approx(masses[json.dumps(option)], abs=1e-6)
        assert told.absent == pytest.approx(masses['"absent"'], abs=1e-6)
        assert told.other == pytest.approx(masses['"other"'], abs=1e-6)
        assert sum(told.values()) + told.absent + told.other == pytest.approx(1.0, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_spans_are_summed_over_all_canvases(seed: int) -> None:
    """Of holes that are spans, and of a span by itself."""
    source = "x 1 2 12"
    letters = Vocabulary(
        [None, None, *(p.encode() for p in ("1", "2", "12", "x", " ", "x ", "-"))], [END], PAD
    )
    for constraint in (span_of(source), template("{a}-{b}", a=span_of(source), b=span_of(source))):
        compiled = constraint.compile(letters)
        logits = torch.from_numpy(np.random.default_rng(seed).normal(0, 2, (4, 9)).astype(np.float32))
        posterior = compiled.condition(logits)
        written = letters.text_bytes(posterior.best).decode()
        found = probabilities(compiled, written, [Block(posterior, Prefix(), Budget(len(logits)))])
        said = dict(zip(("a", "b"), written.split("-"), strict=True)) if "-" in written else {"": written}
        assert found.keys() == said.keys()
        for field, value in said.items():
            mass = 0.0
            for ids, log_prob in posterior.k_best():
                text = letters.text_bytes(ids).decode()
                other = dict(zip(("a", "b"), text.split("-"), strict=True)) if "-" in text else {"": text}
                mass += math.exp(log_prob) * (other[field] == value)
            assert list(found[field]) == [value]
            assert found[field][value] == pytest.approx(mass, abs=1e-6)
            assert found[field].other == pytest.approx(1 - mass, abs=1e-6)


def test_numbers_of_which_one_begins_like_another() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"enum": [1, 12]}, "b": {"enum": [2, 21]}},
        "required": ["a", "b"],
    }
    compiled = json_schema(schema, whitespace="compact").compile(
        Vocabulary([None, None, *(p.encode() for p in ('{"a":', "1", "2", ',"b":', "}"))], [END], PAD)
    )
    posterior = compiled.condition(np.zeros((8, 7), dtype=np.float32))
    (first, second) = probabilities(
        compiled, '{"a":12,"b":2}', [Block(posterior, Prefix(), Budget(8))]
    ).values()
    for told in (first, second):
        assert sum(told.values()) == pytest.approx(1.0)
        assert min(told.values()) > 0


def test_equal_numbers_are_one_option() -> None:
    assert list(choice_fields({"enum": [1, 1.0, True, 2]}, 1)) == [((), [1, True, 2])]


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
    assert sum(told.values()) + told.open == pytest.approx(1.0, abs=1e-6)
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
