"""The best canvas of which relations between fields hold, against the enumeration of all texts and their tokenizations."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.constraints.compiled.related_belief import RelatedBelief
from canvasgen.errors import Unsatisfiable
from canvasgen.relations import (
    all_different,
    allowed,
    any_of,
    check,
    compares,
    count,
    equal,
    implies,
    is_in,
    linear,
    lookup,
    ordered,
    total,
)
from canvasgen.tokens import Budget, Prefix

DIGIT = {"type": "integer", "minimum": 0, "maximum": 2}
TENTH = {"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 0.5}
WORD = {"type": "string", "pattern": "^[xy]{0,2}$"}


def record(**properties):
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def listed(items, least=0, most=3):
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def exact(number) -> Fraction:
    return Fraction(str(number))


def differ(items):
    return len(set(items)) == len(items)


PAIR = record(a=DIGIT, b=DIGIT)
FREE = {
    "type": "object",
    "properties": {"s": WORD, "a": DIGIT, "b": DIGIT},
    "additionalProperties": False,
    "required": ["a"],
}
CASES = {
    # name: schema, relations, what they mean of a value
    "sum": (record(p=listed(DIGIT)), [total(["p[*]"], "==", 3)], lambda v: sum(v["p"]) == 3),
    "tenths": (listed(TENTH, 1), [total(["[*]"], "==", 1)], lambda v: sum(map(exact, v)) == 1),
    "total": (
        record(p=listed(DIGIT, 0, 2), t=DIGIT),
        [total(["p[*]"], "==", "t")],
        lambda v: sum(v["p"]) == v["t"],
    ),
    "total first": (
        record(t=DIGIT, s={"enum": ["x", "xy"]}, p=listed(DIGIT, 1, 2)),
        [total(["p[*]"], "==", "t")],
        lambda v: sum(v["p"]) == v["t"],
    ),
    "values": (
        {"type": "object", "properties": {"x": DIGIT, "y": DIGIT}, "additionalProperties": False},
        [total([".*"], "<=", 2)],
        lambda v: sum(v.values()) <= 2,
    ),
    "weighted": (PAIR, [linear({"a": 2, "b": -1}, ">", 1)], lambda v: 2 * v["a"] - v["b"] > 1),
    "optional": (FREE, [total(["a", "b"], "==", 3)], lambda v: "b" not in v or v["a"] + v["b"] == 3),
    "rising": (
        listed(DIGIT),
        [ordered(["[*]"], "<=")],
        lambda v: all(a <= b for a, b in pairwise(v)),
    ),
    "all equal": (listed(DIGIT), [equal(["[*]"])], lambda v: len(set(v)) <= 1),
    "increasing": (
        listed(DIGIT),
        [ordered(["[0]", "[1]", "[2]"], "<")],
        lambda v: all(a < b for a, b in pairwise(v)),
    ),
    "backwards": (PAIR, [ordered(["b", "a"], "<")], lambda v: v["b"] < v["a"]),
    "distinct": (listed(WORD, 0, 2), [all_different(["[*]"])], differ),
    "equal": (record(a=WORD, b=WORD), [equal(["a", "b"])], lambda v: v["a"] == v["b"]),
    "each": (
        listed(PAIR, 0, 2),
        [ordered(["[i].a", "[i].b"], "<")],
        lambda v: all(one["a"] < one["b"] for one in v),
    ),
    "each and all": (
        record(m=DIGIT, p=listed(DIGIT, 0, 2)),
        [ordered(["m", "p[i]"], "<"), total(["p[*]"], ">=", 2)],
        lambda v: all(v["m"] < one for one in v["p"]) and sum(v["p"]) >= 2,
    ),
    "parallel": (
        record(p=listed(DIGIT, 0, 2), q=listed(DIGIT, 0, 2)),
        [total(["p[i]", "q[i]"], "==", 2)],
        lambda v: all(a + b == 2 for a, b in zip(v["p"], v["q"], strict=False)),
    ),
    "if": (
        PAIR,
        [implies(is_in("a", [0, 1]), is_in("b", [2]))],
        lambda v: v["a"] == 2 or v["b"] == 2,
    ),
    "if more": (
        PAIR,
        [implies(compares("a", ">=", 1), compares("b", "<", 1))],
        lambda v: v["a"] < 1 or v["b"] < 1,
    ),
    "either": (
        PAIR,
        [any_of([compares("a", "==", 2), compares("b", "!=", 1)])],
        lambda v: v["a"] == 2 or v["b"] != 1,
    ),
    "escapes": (
        record(s={"enum": ['"x', "\\"]}, a=DIGIT, b=DIGIT),
        [total(["a", "b"], "==", 3)],
        lambda v: v["a"] + v["b"] == 3,
    ),
    "looked up": (
        PAIR,
        [lookup("a", {0: 1, 1: 2, 2: 2}, "b")],
        lambda v: v["b"] == {0: 1, 1: 2, 2: 2}[v["a"]],
    ),
    "allowed": (
        PAIR,
        [allowed(["a", "b"], [(0, 2), (2, 0)])],
        lambda v: (v["a"], v["b"]) in {(0, 2), (2, 0)},
    ),
    "count": (listed(DIGIT), [count(["[*]"], [1], "==", 1)], lambda v: v.count(1) == 1),
    "product": (
        record(a=DIGIT, b=DIGIT, t=DIGIT),
        [check(["a", "b", "t"], lambda a, b, t: a * b == t)],
        lambda v: v["a"] * v["b"] == v["t"],
    ),
    "null": (
        record(a={"anyOf": [DIGIT, {"type": "null"}]}, b=DIGIT),
        [total(["a", "b"], "==", 3)],
        lambda v: v["a"] is None or v["a"] + v["b"] == 3,
    ),
    "no way": (
        PAIR,
        [total(["a", "b"], "==", 3), ordered(["a", "b"], "<"), equal(["a", "b"])],
        lambda v: False,
    ),
}
PIECES = ['"', ":", ",", "{", "}", "[", "]", "0", "1", "2", "0.5", "1.0", "5", ".", "x", "y", "xy", "\\"]
PIECES += [
    "a",
    "b",
    "s",
    "p",
    "q",
    "t",
    "m",
    '{"',
    '":',
    '","',
    '":[',
    "1,",
    ',"',
    "2}",
    "[1",
    "null",
    '"x","',
    ':1,"b"',
]
END = len(PIECES)
VOCABULARY = cg.Vocabulary([*(piece.encode() for piece in PIECES), None], end_ids=[END])


def spellings(content: bytes):
    """Every way to write bytes in tokens."""
    if not content:
        yield ()
    for token, text in enumerate(VOCABULARY.tokens):
        if text and content.startswith(text):
            for rest in spellings(content[len(text) :]):
                yield (token, *rest)


def canvases(made, means, logits):
    """Every valid canvas's ids (with the end, if there is room) and log-probability."""
    logs = torch.log_softmax(torch.as_tensor(logits).double(), dim=-1).numpy()
    texts = made.automaton.strings(100_000)
    assert texts is not None
    for text in texts:
        if not means(json.loads(text)):
            continue
        for ids in spellings(text):
            if len(ids) < len(logs):
                ids = (*ids, END)
            if len(ids) <= len(logs):
                yield ids, float(sum(logs[at, token] for at, token in enumerate(ids)))


COMPILED = {}


def compiled(name):
    if name not in COMPILED:
        schema, relations, _ = CASES[name]
        COMPILED[name] = cg.json_schema(schema, "compact", relations=relations).compile(VOCABULARY)
    return COMPILED[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), length=st.integers(8, 13), scale=st.floats(0.1, 6.0))
def test_the_best_canvas_is_the_best_of_all_that_satisfy(name, seed, length, scale):
    made = compiled(name)
    logits = (np.random.default_rng(seed).normal(size=(length, VOCABULARY.size)) * scale).astype(np.float32)
    valid = dict(canvases(made.constraint, CASES[name][2], logits))
    try:
        posterior = made.condition(torch.as_tensor(logits))
    except cg.errors.BudgetTooSmall:
        assert not valid
        return
    try:
        belief = made.believe(posterior, Prefix(), Budget(length))
        assert isinstance(belief, RelatedBelief)
        belief.finish()
    except Unsatisfiable:
        assert not valid
        return
    assert belief.proven
    best = max(valid.values())
    weight = belief.log_prob(belief.best) + posterior.log_partition
    assert math.isclose(weight, best, abs_tol=1e-4)
    ids = tuple(belief.best.tolist())
    ids = ids[: ids.index(END) + 1] if END in ids else ids
    assert math.isclose(valid[ids], best, abs_tol=1e-4)
    for number, canvas in zip(range(5), belief.candidates(), strict=False):
        text = VOCABULARY.text_bytes(canvas).decode()
        assert CASES[name][2](json.loads(text)), (number, text)
    assert (belief.entropies >= posterior.entropies - 1e-12).all()


@pytest.mark.parametrize("name", CASES)
def test_what_matches_is_what_the_relations_mean(name):
    made = compiled(name).constraint
    plain = cg.json_schema(CASES[name][0], "compact")
    texts = plain.automaton.strings(3000)
    assert texts
    for text in map(bytes.decode, texts):
        assert plain.matches(text)
        assert made.matches(text) == CASES[name][2](json.loads(text)), text
