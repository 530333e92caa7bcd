"""The generated language: part of the accepted one, as rich as its plan says, poorer plans within richer ones."""

from __future__ import annotations

import itertools
import json
from typing import Any

import jsonschema
import pytest
from constraint_walks import walks
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.automata import Limits, difference, from_dfa, to_dfa
from canvasgen.constraints import json_schema
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, Unsatisfiable
from canvasgen.schemas.keywords.translator import Document, Translator
from canvasgen.schemas.texts.emit import Emitter
from canvasgen.schemas.texts.graph import Graph
from canvasgen.schemas.texts.ladder import plans
from canvasgen.schemas.texts.plans import Plan
from canvasgen.schemas.texts.sizes import Size

TREE = {
    "$defs": {
        "tree": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "left": {"$ref": "#/$defs/tree"},
                "right": {"$ref": "#/$defs/tree"},
            },
            "required": ["value"],
        }
    },
    "$ref": "#/$defs/tree",
}
WIDE = {
    "type": "object",
    "properties": {
        f"p{at}": {
            "anyOf": [{"type": "object", "properties": {"x": {"enum": list("abcdef")}}}, {"type": "null"}]
        }
        for at in range(12)
    },
    "required": ["p3"],
}
LISTS = {"type": "array", "items": {"anyOf": [{"type": "array", "maxItems": 2}, {"enum": list(range(30))}]}}
SCHEMAS = [TREE, WIDE, LISTS, {}, {"type": "object", "minProperties": 1}]
LADDER = (
    Plan(2, 1),
    Plan(1, 1),
    Plan(1, 0),
    Plan(1, 0, False),
    Plan(1, 0, False, (None, 2), (None, 1)),
    Plan(1, 0, False, (3, 1), (2, 1), 5),
    Plan(0, 0, False, (1, 0), (1,), 2),
    Plan(0, 0, False, (0,), (1,), 1),
)


def emitted(schema: Any, plan: Plan, **options: Any) -> Any:
    graph = Graph(Translator(Document(schema), python=False).root())
    settings_ = {"style": "compact", "ordered": True} | options
    return to_dfa(Emitter(graph, plan, **settings_).root())


@pytest.mark.parametrize("schema", SCHEMAS, ids=range(len(SCHEMAS)))
def test_a_poorer_plan_writes_part_of_what_a_richer_one_does(schema: Any) -> None:
    languages = [emitted(schema, plan) for plan in LADDER]
    for richer, poorer in itertools.pairwise(languages):
        assert to_dfa(difference(from_dfa(poorer), from_dfa(richer))).is_empty
    assert not languages[-1].is_empty
    constraint = json_schema(schema, "compact")
    for language in languages:
        assert all(constraint.matches(text) for text in walks(language, 10, patience=30))


@pytest.mark.slow
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {f"p{at}": {"type": "string"} for at in range(3000)}},
        {"type": "object", "properties": {f"p{at}": {} for at in range(400)}, "required": ["p7", "p399"]},
        {"anyOf": [{"type": "object", "properties": {f"k{at}": {"type": "string", "maxLength": 40}}} for at in range(500)]},
        {"type": "array", "maxItems": 10_000, "items": WIDE},
        {"type": "array", "minItems": 200, "maxItems": 10_000, "items": {"type": "integer"}},
        {"enum": [f"{'x' * 40} {at}" for at in range(3000)]},
        {"type": "array", "items": {"enum": list(range(400))}, "uniqueItems": True, "minItems": 3},
        {"type": "object", "minProperties": 40, "maxProperties": 50},
        {"allOf": [{"oneOf": [{"required": [name]}, {"minProperties": 2}]} for name in "abcdefgh"], "type": "object"},
        {"type": "string", "minLength": 3000, "maxLength": 100_000},
        {"items": TREE, "type": "array", "minItems": 2, "$defs": TREE["$defs"]},
    ],
    ids=itertools.count(),
)  # fmt: skip
def test_large_schemas_have_an_automaton(schema: Any) -> None:
    constraint = json_schema(schema)
    assert 1 < constraint.automaton.num_states < 100_000
    approximate = any(note.kind == "validator" and note.path is not None for note in constraint.explain())
    for text in walks(constraint.automaton, 3, patience=4000):
        assert constraint.matches(text) or approximate


def test_what_a_plan_leaves_out_is_said() -> None:
    constraint = json_schema({"type": "object", "properties": {f"p{at}": WIDE for at in range(300)}})
    notes = [note for note in constraint.explain() if note.kind == "departure"]
    assert any("optional properties are written" in note.message and note.path for note in notes)
    listed = json_schema({"enum": [f"{'x' * 60} {at}" for at in range(3000)]})
    assert any("listed strings are written" in note.message for note in listed.explain())
    assert listed.matches(json.dumps("x" * 60 + " 2999"))


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.sampled_from("abcd"), max_size=4),
    st.sets(st.sampled_from("abcd"), max_size=2),
    st.integers(0, 3),
    st.none() | st.integers(0, 4),
    st.booleans(),
)
def test_property_counts(
    names: set[str], required: set[str], low: int, high: int | None, closed: bool
) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"const": 1} for name in sorted(names)},
        "required": sorted(required),
        "minProperties": low,
        "additionalProperties": False if closed else {"const": 2},
    }
    if high is not None:
        schema["maxProperties"] = high
    oracle = jsonschema.Draft202012Validator(schema)
    try:
        automaton = json_schema(schema, "compact").automaton
    except Unsatisfiable:
        automaton = None
    for size in range(5):
        for chosen in itertools.combinations("abcd", size):
            value = {
                name: 1 if name in names else 2 for name in sorted(chosen, key=lambda n: (n not in names, n))
            }
            text = json.dumps(value, separators=(",", ":"))
            generated = automaton is not None and automaton.accepts(text.encode())
            if size <= len(names) or not closed:
                # Undeclared names that are only required stand with the declared ones.
                assert not generated or oracle.is_valid(value)
            if not required - names:
                assert generated == oracle.is_valid(value), text


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 3),
    st.none() | st.integers(0, 3),
    st.integers(0, 2),
    st.none() | st.integers(2, 4),
    st.booleans(),
)
def test_contains(low: int, high: int | None, least: int, most: int | None, prefixed: bool) -> None:
    schema: dict[str, Any] = {
        "type": "array",
        "items": {"enum": [1, 2, "x"]},
        "contains": {"type": "integer"},
    }
    schema |= {"minContains": low, "minItems": least}
    if high is not None:
        schema["maxContains"] = high
    if most is not None:
        schema["maxItems"] = most
    if prefixed:
        schema["prefixItems"] = [{"enum": [2, "x"]}]
    oracle = jsonschema.Draft202012Validator(schema)
    try:
        automaton = json_schema(schema, "compact").automaton
    except Unsatisfiable:
        automaton = None
    for size in range(5):
        for value in itertools.product([1, 2, "x"], repeat=size):
            text = json.dumps(value, separators=(",", ":"))
            generated = automaton is not None and automaton.accepts(text.encode())
            assert generated == oracle.is_valid(list(value)), text


def test_items_that_are_asked_for_stand_first_if_they_are_many() -> None:
    schema = {
        "type": "array",
        "contains": {"const": 1},
        "minContains": 40,
        "items": {"type": "integer"},
        "maxItems": 90,
    }
    constraint = json_schema(schema)
    assert any("stand first" in note.message for note in constraint.explain())
    for text in walks(constraint.automaton, 5, patience=3000):
        assert constraint.matches(text)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from("abcde"), min_size=1), st.sets(st.sampled_from("abcde")), st.booleans())
def test_any_order(names: set[str], required: set[str], closed: bool) -> None:
    schema = {
        "type": "object",
        "properties": {name: {"type": "null"} for name in sorted(names)},
        "required": sorted(required & names),
        "additionalProperties": not closed,
    }
    constraint = json_schema(schema, "compact", property_order="any")
    for size in range(len(names) + 1):
        for chosen in itertools.permutations(sorted(names), size):
            text = json.dumps(dict.fromkeys(chosen), separators=(",", ":"))
            valid = (required & names).issubset(chosen)
            assert constraint.automaton.accepts(text.encode()) == valid
            assert constraint.matches(text) == valid
    twice = json.dumps(dict.fromkeys(sorted(names)), separators=(",", ":"))[:-1]
    assert not constraint.automaton.accepts(f'{twice},"{min(names)}":null}}'.encode())
    if not closed and not required & names:
        assert constraint.automaton.accepts(b'{"z":1}')


def test_many_properties_stand_in_order_even_if_any_is_asked_for() -> None:
    schema = {"type": "object", "properties": {f"p{at}": {"type": "integer"} for at in range(20)}}
    constraint = json_schema(schema, property_order="any")
    assert any("schema's order only" in note.message for note in constraint.explain())
    assert constraint.matches('{"p2": 1, "p1": 2}')
    assert not constraint.automaton.accepts(b'{"p2": 1, "p1": 2}')
    few = {"type": "object", "properties": {"p1": {"type": "integer"}, "p2": {"type": "integer"}}}
    assert json_schema(few, property_order="any").automaton.accepts(b'{"p2": 1, "p1": 2}')
    assert not json_schema(few).automaton.accepts(b'{"p2": 1, "p1": 2}')
    with pytest.raises(InvalidConstraint, match="property_order"):
        json_schema(schema, property_order="sorted")


@pytest.mark.slow
def test_an_explicit_depth_is_kept_or_refused() -> None:
    deep = {"$defs": {"n": {"type": "array", "items": {"$ref": "#/$defs/n"}, "minItems": 1, "maxItems": 2}}}
    nested: dict[str, Any] = {"anyOf": [{"type": "null"}, deep["$defs"]["n"] | {"items": {"$ref": "#"}}]}
    assert json_schema(nested, "compact", max_depth=3).automaton.accepts(b"[[[null]]]")
    assert not json_schema(nested, "compact", max_depth=3).automaton.accepts(b"[[[[null]]]]")
    needs = {
        "type": "object",
        "properties": {"a": {"anyOf": [{"$ref": "#"}, {"const": 1}]}},
        "required": ["a"],
    }
    assert json_schema(needs, max_depth=0).automaton.accepts(b'{"a": 1}')
    big = {"type": "object", "properties": {f"p{at}": {} for at in range(60)}}
    with pytest.raises(ConstraintTooLarge):
        json_schema(big, max_depth=12)


def test_the_estimate_is_of_the_right_size() -> None:
    for schema in SCHEMAS:
        graph = Graph(Translator(Document(schema), python=False).root())
        for plan in LADDER:
            actual = to_dfa(
                Emitter(graph, plan, style="flexible", ordered=True).root(), Limits(10**6, 60.0)
            ).num_states
            assert actual / 12 <= Size(graph, plan).total <= 30 * actual
    assert len(list(plans(Graph(Translator(Document({}), python=False).root()), None))) > 3


@pytest.mark.parametrize(
    "refused",
    [
        {"propertyNames": {"pattern": "^a"}},
        {"additionalProperties": {"type": "integer"}},
        {"properties": {"a": True}, "additionalProperties": False},
        {
            "patternProperties": {"a": {"type": "null"}, "b": {"type": "integer"}},
            "additionalProperties": False,
        },
        {"properties": {"b": {"type": "integer"}}, "patternProperties": {"^a": False}},
        {"not": {"additionalProperties": {"type": "null"}}},
        {"anyOf": [{"propertyNames": {"maxLength": 1}}, {"additionalProperties": {"type": "null"}}]},
    ],
    ids=itertools.count(),
)
@pytest.mark.parametrize("declared", [{}, {"a": {"enum": [1, None]}, "ab": True}])
def test_objects_outside_of_others(refused: Any, declared: Any) -> None:
    """The complement of demands on all properties asks for one that breaks them."""
    schema = {
        "type": "object",
        "properties": declared,
        "additionalProperties": {"type": ["integer", "null"]},
        "not": refused,
    }
    constraint = json_schema(schema, "compact")
    oracle = jsonschema.Draft202012Validator(schema)
    values = [
        dict(zip(names, chosen, strict=True))
        for size in range(3)
        for names in itertools.combinations(["a", "ab", "b", "ba"], size)
        for chosen in itertools.product([1, None], repeat=size)
    ]
    generated = 0
    for value in values:
        text = json.dumps(value, separators=(",", ":"))
        assert constraint.matches(text) == oracle.is_valid(value), text
        if constraint.automaton.accepts(text.encode()):
            assert oracle.is_valid(value), text
            generated += 1
    assert generated
    assert not any("must not hold" in note.message for note in constraint.explain())


def test_any_order_stays_small_where_objects_nest() -> None:
    """Each object alone is small in any order; inside of one another, and side by side, they are not."""
    leaf: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"type": "string", "maxLength": 8} for name in "abcd"},
        "additionalProperties": False,
    }
    schema = leaf
    for _ in range(3):
        schema = leaf | {"properties": dict.fromkeys("abc", schema)}
    in_order, permuted = (json_schema(schema, property_order=order) for order in ("schema", "any"))
    assert permuted.automaton.num_states < 3 * in_order.automaton.num_states
    assert to_dfa(difference(in_order.expr, permuted.expr)).is_empty
    small = json_schema(leaf, property_order="any")
    assert small.automaton.accepts(b'{"d":"1","b":"2"}')
