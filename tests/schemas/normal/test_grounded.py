"""Grounded schemas: a value belongs to one if it belongs to the schema and the source states its strings and numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.errors import InvalidConstraint, Unsatisfiable
from canvasgen.grounding import Sources

SOURCE = "ab 7 and b, 2.5 or aa ab: -1"
SCALARS: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.sampled_from([7, 2.5, -1, 3, 0.5, 1])
    | st.sampled_from(["ab", "b", "aa ab", "ab 7 and b", "x", "", "b,", "a"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("pq"), inner, max_size=2),
    max_leaves=4,
)
LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "maxLength": 2},
        {"type": "string", "pattern": "^a"},
        {"type": "integer"},
        {"type": "number", "minimum": 0},
        {"type": ["string", "null"]},
        {"type": "boolean"},
    ]
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda one: {"type": "array", "items": one, "maxItems": 2}, inner),
        st.builds(lambda p, q: {"type": "object", "properties": {"p": p, "q": q}}, inner, inner),
        st.builds(lambda p, q: {"anyOf": [p, q]}, inner, inner),
    ),
    max_leaves=4,
)


def is_stated(value: Any, sources: Sources) -> bool:
    """Whether each string of a value is a span and each number is written."""
    if isinstance(value, dict):
        return all(is_stated(one, sources) for one in value.values())
    if isinstance(value, list):
        return all(is_stated(one, sources) for one in value)
    if isinstance(value, str):
        return cg.span_of(list(sources.texts)).matches(value)
    return isinstance(value, bool | None) or value in sources.numbers


@pytest.mark.slow
@settings(max_examples=60)
@given(SCHEMAS, st.lists(VALUES, min_size=4, max_size=8))
def test_a_grounded_schema_has_what_the_source_states(schema: Any, values: list[Any]) -> None:
    sources = Sources(SOURCE)
    free, grounded = cg.json_schema(schema), cg.json_schema(schema, grounded=SOURCE)
    for value in values:
        text = json.dumps(value)
        assert grounded.matches(text) is (free.matches(text) and is_stated(value, sources)), (schema, value)


@pytest.mark.slow
@settings(max_examples=40)
@given(SCHEMAS)
def test_what_is_generated_is_stated(schema: Any) -> None:
    constraint = cg.json_schema(schema, "compact", grounded=SOURCE)
    sources = Sources(SOURCE)
    dfa = constraint.automaton
    text = dfa.shortest()
    assert text is not None
    value = json.loads(text)
    assert is_stated(value, sources)
    assert constraint.matches(text.decode())


def test_what_the_schema_lists_is_free() -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["urgent", 12]}, "rank": {"const": 99}, "name": {"type": "string"}},
        "required": ["kind", "rank", "name"],
    }
    grounded = cg.json_schema(schema, grounded="Ann asks.")
    assert grounded.matches('{"kind": "urgent", "rank": 99, "name": "Ann"}')
    assert grounded.matches('{"kind": 12, "rank": 99, "name": "Ann asks"}')
    assert not grounded.matches('{"kind": "urgent", "rank": 99, "name": "Bob"}')


def test_recursive_schemas_are_grounded_at_every_depth() -> None:
    tree = {
        "$ref": "#/$defs/tree",
        "$defs": {
            "tree": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
                },
                "required": ["name"],
                "additionalProperties": False,
            }
        },
    }
    grounded = cg.json_schema(tree, grounded="oak, elm")
    assert grounded.matches('{"name": "oak", "children": [{"name": "elm", "children": [{"name": "oak"}]}]}')
    assert not grounded.matches(
        '{"name": "oak", "children": [{"name": "elm", "children": [{"name": "ash"}]}]}'
    )


def test_any_json_is_grounded() -> None:
    grounded = cg.json_schema(True, grounded="oak 3")
    assert grounded.matches('[{"free key": ["oak", 3, null, true]}]')
    assert not grounded.matches('[{"free key": ["ash"]}]')
    assert not grounded.matches("[4]")


def test_a_source_that_states_nothing_is_told() -> None:
    with pytest.raises(Unsatisfiable) as caught:
        _ = cg.json_schema(
            {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]},
            grounded="no number",
        ).automaton
    assert caught.value.rule == "grounded"
    assert caught.value.path == "$.properties.age"
    assert caught.value.remedy is not None
    optional = {"type": "object", "properties": {"age": {"type": ["integer", "null"]}}, "required": ["age"]}
    assert cg.json_schema(optional, grounded="no number").matches('{"age": null}')


def test_wrong_sources_are_refused() -> None:
    with pytest.raises(InvalidConstraint):
        cg.json_schema({"type": "string"}, grounded=3)  # type: ignore[arg-type]


def test_it_is_explained() -> None:
    notes = cg.json_schema({"type": "string"}, grounded="oak").explain()
    assert any("spans of the source" in note.message for note in notes)
