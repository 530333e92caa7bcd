"""What `repr` shows is a line that tells what an object is, however large it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import canvasgen as cg
from canvasgen.denoise import Commit, Completion, Done, Draft
from canvasgen.errors import Outcome
from canvasgen.showing import call, short

LARGE = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(2000)}}

CONSTRAINTS: list[tuple[Callable[[], Any], str]] = [
    (lambda: cg.literal("x" * 100_000), "Literal(content='xxx"),
    (lambda: cg.regex("a" * 3000), "Regex(pattern='aaa"),
    (lambda: cg.choice([f"option {n}" for n in range(3000)]), "Choice(values={'option 0': 'option 0', 'option 1':"),
    (lambda: cg.text(max_length=4), "Text(high=4, lines=True)"),
    (lambda: cg.json_schema(LARGE), "JsonSchema(schema={'type': 'object', 'properties': {'p0': {"),
    (lambda: cg.regex("a") + "b", "Sequence(parts=(Regex(pattern='a', dialect='python'), Literal(content='b')))"),
    (lambda: cg.literal("a") | "b", "Either(parts=(Literal(content='a'), Literal(content='b')))"),
    (lambda: cg.literal("a") & cg.near("a", 2, 1), "Both(parts=(Literal(content='a'), Near("),
    (lambda: ~cg.literal("a"), "Not(parts=(Literal(content='a'),))"),
    (lambda: cg.repeat("a", 1, 3), "Repeat(part=Literal(content='a'), low=1, high=3)"),
    (lambda: cg.optional("a"), "Optional(part=Literal(content='a'))"),
    (lambda: cg.fixed({0: "a"}), "Fixed(tokens=(FixedAt(position=0, content='a'),))"),
    (lambda: cg.contains("a"), "Contains(content='a', at_least=1)"),
    (lambda: cg.excludes("a"), "Excludes(words=('a',))"),
    (lambda: cg.template("Dear {name}, " + "x" * 9000, strict=False), "Template(form='Dear {name}, xxx"),
    (lambda: cg.infill("a" * 9000, "b"), "Infill(prefix='aaa"),
    (lambda: cg.edit("abc " + "def " * 3000, ["abc"]), "Edit(pieces=("),
    (lambda: cg.latin_square(9), "Table(cells='9 x 9', relations=18, mode='exact')"),
    (lambda: cg.grammar("semantic_version"), "Grammar("),
]  # fmt: skip


@pytest.mark.parametrize(("make", "beginning"), CONSTRAINTS)
def test_a_constraint_shows_what_made_it(make: Callable[[], Any], beginning: str) -> None:
    shown = repr(make())
    assert shown.startswith(beginning)
    assert len(shown) <= 200
    assert "object at" not in shown


def test_a_constraint_that_is_shown_is_not_compiled() -> None:
    made = cg.regex("[a-z]{3}") + "b"
    before = set(vars(made))
    assert repr(made)
    assert set(vars(made)) == before


def test_a_constraint_of_many_parts_stays_short() -> None:
    made = cg.literal("a")
    for n in range(30):
        made = made + str(n) | f"{n} or"
    assert len(repr(made)) <= 200


def test_what_is_compiled_and_conditioned() -> None:
    vocabulary = cg.Vocabulary([None, b"a", b"b"], end_ids=[0])
    compiled = cg.regex("[ab]{2}").compile(vocabulary)
    assert repr(compiled).startswith("CompiledConstraint(states=3, edges=")
    posterior = compiled.condition(torch.zeros(4, 3))
    assert repr(posterior) == "Posterior(positions=4, tokens=3)"
    assert repr(compiled.condition(np.zeros((4, 3), np.float32))) == "Posterior(positions=4, tokens=3)"


def test_an_engine_and_its_events() -> None:
    engine = cg.load()
    assert repr(engine) == "Engine(model='DiffusionGemma', tokens=1536, canvas_length=128)"
    long = Completion(["word"] * 9000, "word " * 9000, tuple(range(9000)), -1.23456, steps=(3,))
    shown = "Completion(value=['word', 'word', 'word', 'word', ...], log_prob=-1.235, steps=(3,), outcome='complete')"
    assert repr(long) == shown
    assert repr(Done(long)) == f"Done(completion={shown}, row=0)"
    assert len(repr(Commit("word " * 9000, 1))) <= 200
    first, *_ = engine.stream("x", regex="[a-z]{40}", max_denoising_steps=1, seed=0)
    assert isinstance(first, Draft)
    assert repr(first).startswith("Draft(text=")
    assert len(repr(cg.Request("x" * 100_000, schema=LARGE, seed=3))) <= 200
    assert repr(cg.Request("x", seed=3)) == "Request(prompt='x', seed=3)"
    assert str(Outcome.STEP_LIMIT) == "step_limit"


def test_items_come_in_their_own_order_and_few_of_them() -> None:
    assert short({"b": 1, "a": {"d": {"c": {"x": 1}}}}) == "{'b': 1, 'a': {'d': {'c': {...}}}}"
    assert short(range(9)) == "range(0, 9)"
    assert short("ab" * 200, most=10) == "'abababab…"
    assert (
        call("Name", fact="y" * 50, more=list("abcdef"))
        == f"Name(fact='{'y' * 50}', more=['a', 'b', 'c', 'd', ...])"
    )
