"""JSON is accepted by its value, in any spelling and key order, wherever it stands; complements generate no spelling."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from constraint_walks import walks
from hypothesis import given, settings
from hypothesis import strategies as st
from json_spellings import spelled
from pydantic import BaseModel

import canvasgen as cg
from canvasgen.constraints import Constraint

PET = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 4}, "legs": {"type": "integer"}},
    "required": ["name", "legs"],
    "additionalProperties": False,
}
VALUES: list[Any] = [{"name": "Zoë/", "legs": 4}, {"legs": 0, "name": ""}, {"name": '"\n"', "legs": -12}]
OTHERS: list[Any] = [{"name": "Zoë"}, {"name": 1, "legs": 4}, {"name": "Zoë", "legs": 4.5}, [], "rm"]

Combinator = tuple[Callable[[Constraint], Constraint], Callable[[str], str]]
COMBINATORS: dict[str, Combinator] = {
    "alone": (lambda part: part, lambda text: text),
    "+ behind": (lambda part: part + "!", lambda text: text + "!"),
    "+ before": (lambda part: "x" + part, lambda text: "x" + text),
    "|": (lambda part: part | cg.literal("none"), lambda text: text),
    "&": (lambda part: part & cg.json_schema({"required": ["legs"]}), lambda text: text),
    "& text": (lambda part: part & cg.excludes("?"), lambda text: text),
    "optional": (cg.optional, lambda text: text),
    "repeat": (lambda part: cg.repeat(part, 1, 2, separator=";"), lambda text: f"{text};{text}"),
    "template": (lambda part: cg.template("<{it}>", it=part), lambda text: f"<{text}>"),
    "hole twice": (lambda part: cg.template("{it}={it}", it=part), lambda text: f"{text}={text}"),
    "infill": (lambda part: cg.infill("(", ")", part), lambda text: f"({text})"),
    "~~": (lambda part: ~~part, lambda text: text),
}


def respelled(value: Any, seed: int) -> str:
    return spelled(value, random.Random(seed).choice)


@pytest.mark.parametrize("how", COMBINATORS)
def test_a_text_is_accepted_for_its_value(how: str) -> None:
    combine, around = COMBINATORS[how]
    whole = combine(cg.json_schema(PET))
    for seed in range(6):
        for value in VALUES:
            text = around(respelled(value, seed))
            whole.validate(text)
            assert whole.matches(text), text
            assert not (~whole).matches(text), text
        for value in OTHERS:
            text = around(respelled(value, seed))
            assert not whole.matches(text), text
            assert (~whole).matches(text), text


@pytest.mark.slow
@pytest.mark.parametrize("how", COMBINATORS)
def test_the_complement_generates_no_spelling(how: str) -> None:
    combine, around = COMBINATORS[how]
    whole = combine(cg.json_schema(PET))
    outside = ~whole
    for value in VALUES:
        for seed in range(20):
            assert not outside.automaton.accepts(around(respelled(value, seed)).encode())
    for value in OTHERS:
        assert outside.automaton.accepts(around(json.dumps(value, ensure_ascii=False)).encode())
    for text in walks(outside.automaton, 40):
        assert outside.matches(text), text


@pytest.mark.parametrize("text", ['"rm"', '"\\u0072m"', '"\\u0072\\u006D"\r\n', ' "rm"'])
def test_every_spelling_of_a_word_is_outside_of_the_complement(text: str) -> None:
    banned = ~cg.json_schema({"const": "rm"})
    assert not banned.matches(text)
    assert not banned.automaton.accepts(text.encode())
    assert banned.matches(text.replace("m", "n").replace("6D", "6E"))


def test_a_schema_without_the_values_of_another() -> None:
    command = {"type": "object", "properties": {"path": {"type": "string"}, "cmd": {"type": "string"}}}
    safe = cg.json_schema(command) & ~cg.json_schema(
        {"type": "object", "properties": {"cmd": {"const": "rm"}}, "required": ["cmd"]}
    )
    for text in ('{"path": "/", "cmd": "rm"}', '{"cmd": "rm"}', '{"path":"/","cmd":"r\\u006d"}'):
        assert not safe.matches(text)
        assert not safe.automaton.accepts(text.encode())
    for text in ('{"path": "/", "cmd": "ls"}', "{}", '{"path": "rm"}'):
        assert safe.matches(text)
        assert safe.automaton.accepts(text.encode())
    words = cg.json_schema({"type": "string", "maxLength": 2}) & ~cg.json_schema({"const": "rm"})
    assert words.automaton.accepts(b'"rn"')
    assert not words.automaton.accepts(b'"rm"')


SCHEMAS = st.recursive(
    st.sampled_from([{"const": "a"}, {"type": "integer", "minimum": 1}, {"type": "string"}, {"enum": [1, None, [2]]}]),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"items": inner, "type": st.just("array")}),
        st.fixed_dictionaries(
            {"properties": st.fixed_dictionaries({"a": inner, "b": inner})},
            optional={"required": st.just(["a"]), "additionalProperties": st.booleans()},
        ),
        st.fixed_dictionaries({"anyOf": st.tuples(inner, inner).map(list)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=4,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(SCHEMAS, SCHEMAS)
def test_what_a_complement_generates_it_accepts(schema: Any, other: Any) -> None:
    try:
        negated = ~cg.json_schema(schema)
        both = negated & cg.json_schema(other)
        found = walks(negated.automaton, 10) + ([] if both.automaton.is_empty else walks(both.automaton, 10))
    except (cg.errors.Unsatisfiable, cg.errors.ConstraintTooLarge):
        return
    for text in found:
        assert negated.matches(text), text
    inside = cg.json_schema(schema)
    for text in walks(inside.automaton, 10):
        assert not negated.automaton.accepts(text.encode()) or not inside.matches(text)


def test_bytes_that_are_no_text_belong_to_no_constraint() -> None:
    for how in COMBINATORS:
        whole = COMBINATORS[how][0](cg.json_schema(PET))
        for constraint in (whole, ~whole):
            assert not constraint.matches(b'{"name":"\xff"}')


def test_pydantic_reads_what_is_accepted() -> None:
    class Person(BaseModel):
        name: str
        bio: str

    constraint = cg.json_schema(Person)
    value = {"name": "Zoë", "bio": "a/b"}
    for text in (
        json.dumps(value),
        json.dumps(value, indent=1, sort_keys=True) + "\r\n",
        json.dumps(value, ensure_ascii=False).replace("/", "\\/"),
    ):
        assert constraint.matches(text)
        assert constraint.parse(text) == Person(**value)


def test_a_number_ends_where_it_is_valid() -> None:
    small = cg.json_schema({"type": "integer", "maximum": 20})
    assert (small + cg.regex("[0-9. ]*")).matches("199.0 ")
    assert not (small + cg.regex("[.] *")).matches("21. ")
    assert cg.template("{n}{rest}", n=small, rest=cg.regex("[0-9]*")).parse("1234") == {"n": 1, "rest": "234"}
