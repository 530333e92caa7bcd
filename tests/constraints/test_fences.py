"""JSON in a code fence: told apart from the value inside, in every facet of the constraint."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

import pytest
from constraint_walks import walks
from pydantic import BaseModel

import canvasgen as cg
from canvasgen.automata import difference, from_dfa, to_dfa
from canvasgen.constraints import Constraint, stated
from canvasgen.errors import CanvasgenError, InvalidConstraint, ValidationFailed

PET = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 4}, "kind": {"enum": ["cat", "dog"]}},
    "required": ["name", "kind"],
    "additionalProperties": False,
}
VALUE = {"name": "```", "kind": "cat"}
PLAIN = json.dumps(VALUE)
WRITTEN = [
    f"```json\n{PLAIN}\n```",
    f"```\n{PLAIN}\n```",
    f"```JSON\n{json.dumps(VALUE, indent=2)}\n```\n",
    f"```json\n{PLAIN}```",
]
ONLY_READ = [f"\n``` json \r\n{PLAIN} \n``` \n", f"```{PLAIN}```", f"```Json\n\n{PLAIN}\n\n```"]
WRONG = [
    f"```json\n{PLAIN}",
    f"{PLAIN}\n```",
    "```json\n```",
    "```",
    "``````",
    f"```yaml\n{PLAIN}\n```",
    f"``json\n{PLAIN}\n``",
    f"```json\n{PLAIN}\n```.",
    f"```json\n```\n{PLAIN}\n```\n```",
    '```json\n{"name": "Rex"}\n```',
]


@pytest.mark.slow
@pytest.mark.parametrize("text", WRITTEN + ONLY_READ)
def test_a_fence_is_no_part_of_the_value(text: str) -> None:
    allowed, required = (cg.json_schema(PET, fence=how) for how in ("allow", "require"))
    for constraint in (allowed, required):
        assert constraint.matches(text)
        assert constraint.matches(text.encode())
        assert constraint.parse(text) == VALUE
        assert constraint.automaton.accepts(text.encode()) == (text in WRITTEN)
        assert not (~constraint).matches(text)
        assert not (~constraint).automaton.accepts(text.encode())
        assert constraint.ends(text + "!", 0)[-1] == len(text)
        assert (constraint + "!").parse(text + "!") == VALUE
    assert not cg.json_schema(PET).matches(text)
    with pytest.raises(ValidationFailed, match="fence"):
        cg.json_schema(PET).validate(text)


def test_a_fence_may_be_left_out_only_where_it_is_not_required() -> None:
    assert cg.json_schema(PET, fence="allow").matches(PLAIN)
    assert cg.json_schema(PET, fence="allow").automaton.accepts(PLAIN.encode())
    required = cg.json_schema(PET, fence="require")
    assert not required.matches(PLAIN)
    assert not required.automaton.accepts(PLAIN.encode())
    assert required.ends(PLAIN, 0) == []
    assert (~required).matches(PLAIN)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_whole_fence_is_refused(text: str) -> None:
    for how in ("allow", "require"):
        constraint = cg.json_schema(PET, fence=how)
        assert not constraint.matches(text)
        assert not constraint.automaton.accepts(text.encode())
        with pytest.raises(ValidationFailed):
            constraint.validate(text)


@pytest.mark.parametrize("how", ["allow", "require"])
@pytest.mark.parametrize(
    "schema", [PET, {"type": "string"}, {"type": "number"}, {}, {"type": "array"}], ids=range(5)
)
def test_what_is_generated_is_accepted(schema: Any, how: Literal["allow", "require"]) -> None:
    constraint = cg.json_schema(schema, fence=how)
    texts = walks(constraint.automaton, 40)
    assert any(text.startswith("```") for text in texts)
    for text in texts:
        assert constraint.matches(text), text
        constraint.parse(text)
        assert len(text) in constraint.ends(text, 0)
    outside = difference(constraint.expr, from_dfa(to_dfa((~constraint).expr)))
    assert to_dfa(difference(constraint.expr, outside)).is_empty  # the complement generates none of them


def test_fields_sources_and_options_are_those_of_the_value() -> None:
    constraint = cg.json_schema(PET, fence="allow", grounded="Tom is a cat")
    text = '```json\n{"name": "Tom", "kind": "cat"}\n```'
    assert {field: span.text for field, span in stated(constraint, text).items()} == {"name": "Tom"}
    languages = constraint.options(text)["kind"]
    assert to_dfa(languages["cat"]).accepts(text.encode())
    assert not to_dfa(languages["dog"]).accepts(text.encode())
    assert to_dfa(languages["dog"]).accepts(text.replace('"cat"', '"dog"').encode())


class Person(BaseModel):
    name: str
    age: int


@pytest.mark.slow
def test_the_embedded_model_writes_a_fence_where_one_is_required() -> None:
    seen: list[Any] = []
    done = cg.load().complete(
        "Alice Smith, 34 years old.",
        schema=Person,
        fence="require",
        probabilities=True,
        grounded=True,
        seed=0,
        validators=[seen.append],
    )
    assert done.text.startswith("```")
    assert done.text.rstrip().endswith("```")
    assert isinstance(done.value, Person)
    assert all(isinstance(value, Person) for value in seen)
    assert set(done.sources) <= {"name", "age"}


@pytest.mark.parametrize(
    "call",
    [
        lambda: cg.json_schema(PET, fence="yes"),  # type: ignore[arg-type]
        lambda: cg.json_schema(PET, whitespace=2),  # type: ignore[arg-type]
        lambda: cg.json_schema(PET, property_order=["a"]),  # type: ignore[arg-type]
        lambda: cg.Request("x", regex="a", fence="allow").resolve(),
        lambda: cg.Request("x", fence="forbid").resolve(),
        lambda: cg.Request("x", constraint=cg.json_schema(PET), property_order="any").resolve(),
        lambda: cg.Request("x", grammar="sql_select", whitespace="compact", grounded=True).resolve(),
        lambda: cg.Request("x", schema=PET, fence=True).resolve(),  # type: ignore[arg-type]
    ],
    ids=range(8),
)
def test_where_it_has_no_meaning_it_is_refused(call: Callable[[], Constraint]) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        call()
    assert caught.value.rule in ("fence", "whitespace", "property_order")
    assert isinstance(caught.value, CanvasgenError)


def test_a_request_passes_on_how_json_is_written() -> None:
    ways: list[dict[str, Any]] = [
        {"fence": "require"},
        {"whitespace": "compact"},
        {"property_order": "any"},
        {},
    ]
    for written in ways:
        mine = cg.Request("x", schema=PET, **written).resolve()
        assert mine is cg.Request("x", schema=PET, **written).resolve()
        assert mine is not None
        assert mine.automaton.num_states == cg.json_schema(PET, **written).automaton.num_states
