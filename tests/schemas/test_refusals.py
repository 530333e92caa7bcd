"""What is refused, where, and in bounded time; what is said about what is not refused."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest
from pydantic import BaseModel

from canvasgen.constraints import json_schema
from canvasgen.errors import (
    CanvasgenError,
    ConstraintTooLarge,
    InvalidConstraint,
    Unsatisfiable,
    UnsupportedConstraint,
    ValidationFailed,
)


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(levels):
        schema = {"properties": {"a": schema}}
    return schema


def ring(levels: int) -> dict[str, Any]:
    definitions = {f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}]} for at in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": {**definitions, f"d{levels}": {"type": "null"}}}


def chain(levels: int) -> dict[str, Any]:
    definitions: dict[str, Any] = {
        f"d{at}": {"type": "array", "items": {"$ref": f"#/$defs/d{at + 1}"}, "minItems": 1}
        for at in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**definitions, f"d{levels}": {"type": "null"}}}


class Model(BaseModel):
    pass


LOOP: dict[str, Any] = {}
LOOP["properties"] = {"a": LOOP}

CASES: list[tuple[Any, type[CanvasgenError], str | None]] = [
    (3, InvalidConstraint, None),
    (None, InvalidConstraint, None),
    ([], InvalidConstraint, None),
    ("not json", InvalidConstraint, None),
    ('{"type": "null", "type": "string"}', InvalidConstraint, None),
    ('{"minimum": NaN}', InvalidConstraint, None),
    ("[" * 10_000, ConstraintTooLarge, None),
    ('{"not":' * 10_000 + "{}" + "}" * 10_000, ConstraintTooLarge, None),
    (deep(10_000), ConstraintTooLarge, None),
    (LOOP, ConstraintTooLarge, None),
    (ring(10_000), ConstraintTooLarge, None),
    (chain(10_000), ConstraintTooLarge, None),
    ({"minimum": math.inf}, InvalidConstraint, "$.minimum"),
    ({"const": math.nan}, InvalidConstraint, "$.const"),
    ({"const": {1, 2}}, InvalidConstraint, "$.const"),
    ({"properties": {1: {}}}, InvalidConstraint, "$.properties"),
    ({"type": "text"}, InvalidConstraint, "$.type"),
    ({"type": []}, InvalidConstraint, "$.type"),
    ({"type": 3}, InvalidConstraint, "$.type"),
    ({"properties": {"x": {"minLength": -1}}}, InvalidConstraint, "$.properties.x.minLength"),
    ({"properties": {"x": {"maxLength": 1.5}}}, InvalidConstraint, "$.properties.x.maxLength"),
    ({"minimum": "3"}, InvalidConstraint, "$.minimum"),
    ({"multipleOf": 0}, InvalidConstraint, "$.multipleOf"),
    ({"required": "a"}, InvalidConstraint, "$.required"),
    ({"properties": []}, InvalidConstraint, "$.properties"),
    ({"anyOf": []}, InvalidConstraint, "$.anyOf"),
    ({"anyOf": [3]}, InvalidConstraint, "$.anyOf[0]"),
    ({"enum": "a"}, InvalidConstraint, "$.enum"),
    ({"pattern": 3}, InvalidConstraint, "$.pattern"),
    ({"items": [3], "prefixItems": 3}, InvalidConstraint, None),
    ({"$ref": "#"}, InvalidConstraint, None),
    (
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        InvalidConstraint,
        None,
    ),
    (
        {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}}},
        InvalidConstraint,
        None,
    ),
    ({"$ref": "#/nowhere"}, InvalidConstraint, "$.$ref"),
    ({"$ref": 3}, InvalidConstraint, "$.$ref"),
    (
        {"properties": {"x": {"$ref": "https://example.org/a.json"}}},
        UnsupportedConstraint,
        "$.properties.x.$ref",
    ),
    ({"$schema": "https://example.org/mine"}, UnsupportedConstraint, "$.$schema"),
    (
        {"properties": {"a b": {"items": {"$dynamicRef": "#x"}}}},
        InvalidConstraint,
        "$.properties['a b'].items.$dynamicRef",
    ),
    ({"properties": {"x": {"pattern": r"(a)\1"}}}, UnsupportedConstraint, "$.properties.x.pattern"),
    ({"properties": {"x": {"pattern": "("}}}, InvalidConstraint, "$.properties.x.pattern"),
    (False, Unsatisfiable, "$"),
    ({"type": "string", "enum": [1]}, Unsatisfiable, "$"),
    ({"type": "integer", "minimum": 3, "maximum": 2}, Unsatisfiable, "$"),
    ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}, Unsatisfiable, "$"),
    ({"type": "string", "minLength": 3, "maxLength": 2}, Unsatisfiable, "$"),
    ({"type": "string", "pattern": "^a{3}$", "maxLength": 2}, Unsatisfiable, "$"),
    (
        {"type": "object", "properties": {"x": {"type": "string", "const": 1}}, "required": ["x"]},
        Unsatisfiable,
        "$.properties.x",
    ),
    ({"type": "object", "required": ["x"], "additionalProperties": False}, Unsatisfiable, "$"),
    (
        {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 0}, "minItems": 1},
        Unsatisfiable,
        "$.items",
    ),
    ({"type": "array", "items": False, "minItems": 1}, Unsatisfiable, "$"),
    ({"type": "object", "properties": {"x": {"$ref": "#"}}, "required": ["x"]}, Unsatisfiable, None),
]


@pytest.mark.slow
@pytest.mark.parametrize(("schema", "error", "path"), CASES, ids=range(len(CASES)))
def test_refused(schema: Any, error: type[CanvasgenError], path: str | None) -> None:
    began = time.process_time()
    with pytest.raises(error) as caught:
        json_schema(schema)
    took = time.process_time() - began
    assert isinstance(caught.value, error)
    assert path is None or (caught.value.path or "").split(" (")[0] == path
    assert took < 5


def test_schemas_that_contradict_one_another_below_a_property() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "allOf": [{"properties": {"a": {"type": kind}}} for kind in ("null", "string")],
    }
    with pytest.raises(Unsatisfiable, match=r"allOf\[0\].properties.a and .*allOf\[1\].properties.a"):
        json_schema(schema)


def test_keys_with_a_lone_surrogate() -> None:
    key = chr(0xD800)
    for schema in ({"properties": {key: {"type": "integer"}}}, {"dependentRequired": {key: ["a"], "a": []}}):
        assert json_schema(schema).automaton.accepts(b"{}")
        assert json_schema(schema).matches('{"a": 1}')
    with pytest.raises(Unsatisfiable):
        json_schema({"type": "object", "required": [key]})


def test_bad_input_in_bounded_time() -> None:
    cases = [
        {"type": "array", "contains": {"const": 1}, "minContains": 10**12},
        {"patternProperties": {f"^p{at}_": {"type": "integer"} for at in range(400)}},
        "{" + ",".join(f'"k{at}": 1' for at in range(20_000)) + ', "k19999": 2}',
    ]
    for schema in cases:
        began = time.process_time()
        with pytest.raises((ConstraintTooLarge, InvalidConstraint)):
            json_schema(schema)
        assert time.process_time() - began < 5


def test_options_are_checked() -> None:
    with pytest.raises(InvalidConstraint, match="whitespace"):
        json_schema({}, whitespace="wild")
    with pytest.raises(InvalidConstraint, match="max_depth"):
        json_schema({}, max_depth=-1)
    with pytest.raises(ConstraintTooLarge, match="max_depth"):
        json_schema({}, max_depth=1000)


@pytest.mark.parametrize("wanted", [lambda: 1, slice, "3", "[1]", object(), Model()])
def test_types_that_are_none(wanted: Any) -> None:
    with pytest.raises((InvalidConstraint, UnsupportedConstraint)):
        json_schema(wanted)


def test_large_schemas_stay_quick() -> None:
    began = time.process_time()
    values = [f"value {at}" for at in range(3000)]
    constraint = json_schema(
        {
            "type": "object",
            "properties": {"x": {"enum": values}, "n": {"enum": list(range(2000))}},
            "required": ["x"],
        }
    )
    assert constraint.matches('{"x": "value 2999", "n": 1999}')
    assert not constraint.matches('{"x": "value 3000"}')
    wide = {
        "type": "object",
        "properties": {f"p{at}": {"type": "boolean"} for at in range(400)},
        "additionalProperties": False,
    }
    assert json_schema(wide).matches(json.dumps({"p3": True, "p399": False}))
    assert time.process_time() - began < 10


def test_explain_names_what_is_enforced_where() -> None:
    schema = {
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "x": {"type": "string", "format": "colour"},
            "y": {"minLenght": 3},
        },
    }
    lines = [str(note) for note in json_schema(schema).explain()]
    assert any("uniqueItems" in line and line.startswith("validator at $.properties.tags") for line in lines)
    assert any("colour" in line and line.startswith("annotation") for line in lines)
    assert any("minLenght" in line and "$.properties.y" in line for line in lines)
    assert any("undeclared" in line for line in lines)
    tree = {
        "$defs": {"t": {"type": "object", "properties": {"c": {"$ref": "#/$defs/t"}}}},
        "$ref": "#/$defs/t",
    }
    assert any("unrolled 2 times" in str(note) for note in json_schema(tree, max_depth=2).explain())


def test_depth() -> None:
    """What is generated is as deep as `max_depth`; what is accepted is not bounded by it."""
    tree = {"type": "object", "properties": {"c": {"$ref": "#"}}, "additionalProperties": False}
    texts = ["{}", '{"c": {}}', '{"c": {"c": {}}}', '{"c": {"c": {"c": {}}}}']
    twice = json_schema(tree, max_depth=2)
    assert [twice.automaton.accepts(text.encode()) for text in texts] == [True, True, True, False]
    assert all(twice.matches(text) for text in texts)
    shallow = json_schema(True, max_depth=1)
    texts = ["1", "[1]", "[[1]]", '{"a": "b"}', '{"a": []}']
    assert [shallow.automaton.accepts(text.encode()) for text in texts] == [True, True, False, True, False]
    assert all(shallow.matches(text) for text in texts)
    needs = {
        "$defs": {
            "a": {"type": "array", "prefixItems": [{"anyOf": [{"type": "null"}, {"$ref": "#/$defs/a"}]}]}
        },
        "$ref": "#/$defs/a",
    }
    assert json_schema(needs, max_depth=0).automaton.accepts(b"[null]")


def test_what_is_valid_depends_on_the_value_alone() -> None:
    pair = json_schema({"type": "object", "properties": {"a": {}, "b": {}}}, "compact")
    for text in ('{"b": 1, "a": 1}', '{"a" :   1}\r\n', '{"a": "\\u0041"}'):
        assert not pair.automaton.accepts(text.encode())
        assert pair.matches(text)
        pair.validate(text)
    with pytest.raises(ValidationFailed, match="no JSON"):
        pair.validate("{")
    for no_text in (b'{"a": "\xff"}', '{"a": "\ud800"}'):
        with pytest.raises(ValidationFailed, match="UTF-8"):
            pair.validate(no_text)
        assert not pair.matches(no_text)
    with pytest.raises(ValidationFailed, match="lone surrogate"):
        pair.validate('{"a": "\\ud800"}')


def test_the_validator_refuses_what_the_automaton_cannot_see() -> None:
    unique = json_schema({"type": "array", "items": {"type": "integer"}, "uniqueItems": True})
    assert unique.matches("[1, 2]")
    with pytest.raises(ValidationFailed) as caught:
        unique.validate("[1, 1]")
    assert "equal" in str(caught.value.reasons)
    assert not json_schema({"type": "object"}).matches('{"a": 1, "a": 2}')
    assert not json_schema({"type": "object", "properties": {"a": {}, "b": {}}, "maxProperties": 1}).matches(
        '{"a": 1, "b": 2}'
    )
    long = json_schema({"type": "string", "maxLength": 5000})
    assert long.matches(json.dumps("x" * 5000))
    assert not long.matches(json.dumps("x" * 5001))


def test_few_values_are_kept_apart_by_the_automaton_itself() -> None:
    colours = {
        "type": "array",
        "items": {"enum": ["r", "g", 1, 1.0, None]},
        "uniqueItems": True,
        "minItems": 2,
        "maxItems": 3,
    }
    automaton = json_schema(colours).automaton
    for text, accepted in (
        ('["r", "g"]', 1),
        ('["g",null,1.0]', 1),
        ('["r", "r"]', 0),
        ('["r"]', 0),
        ("[1, 1.0]", 0),
        ("[1,null,1]", 0),
    ):
        assert automaton.accepts(text.encode()) == bool(accepted), text
    assert not json_schema(colours | {"maxItems": 1, "minItems": 0}).automaton.accepts(b'["r","g"]')
    with pytest.raises(Unsatisfiable):
        json_schema(colours | {"maxItems": 9, "minItems": 5}).automaton
    named = {
        "type": "object",
        "propertyNames": {"enum": ["x", "y"]},
        "additionalProperties": {"type": "integer"},
    }
    automaton = json_schema(named).automaton
    for text, accepted in (
        ('{"x": 1}', 1),
        ('{"x": 1, "y": 2}', 1),
        ("{}", 1),
        ('{"x": 1, "x": 2}', 0),
        ('{"z": 1}', 0),
        ('{"x": "a"}', 0),
    ):
        assert automaton.accepts(text.encode()) == bool(accepted), text


def test_drafts() -> None:
    old = json_schema(
        {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "minimum": 3,
            "exclusiveMinimum": True,
            "type": "integer",
        }
    )
    assert not old.matches("3")
    assert old.matches("4")
    seven = json_schema(
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "items": [{"type": "null"}],
            "additionalItems": False,
            "type": "array",
        }
    )
    assert seven.matches("[null]")
    assert not seven.matches("[null, null]")
    undeclared = json_schema({"items": [{"type": "null"}], "type": "array"})
    assert not undeclared.matches("[1]")
    assert any("draft 7" in str(note) for note in undeclared.explain())


def test_identifiers_and_anchors() -> None:
    schema = {
        "$id": "https://example.org/root.json",
        "type": "array",
        "items": {"anyOf": [{"$ref": "item.json"}, {"$ref": "#word"}, {"$ref": "item.json#/$defs/flag"}]},
        "$defs": {
            "item": {"$id": "item.json", "type": "integer", "$defs": {"flag": {"type": "boolean"}}},
            "word": {"$anchor": "word", "type": "string"},
        },
    }
    constraint = json_schema(schema)
    assert constraint.matches('[1, "a", true]')
    assert not constraint.matches("[null]")


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 2}, ["$.minimum", "$.maximum"]),
        ({"type": "number", "exclusiveMinimum": 1, "maximum": 1.5, "multipleOf": 2}, ["$.maximum", "$.multipleOf"]),
        ({"type": "string", "minLength": 3, "maxLength": 2}, ["$.minLength", "$.maxLength"]),
        ({"type": "array", "minItems": 3, "maxItems": 2}, ["$.minItems", "$.maxItems"]),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, ["$.allOf[0]", "$.allOf[1]"]),
        ({"allOf": [{"minimum": 3}, {"maximum": 2}], "type": "number"}, ["$.allOf", "$.type"]),
        ({"type": "string", "enum": [1, 2]}, ["$.type", "$.enum"]),
        ({"const": 1, "not": {"const": 1}}, ["$.const", "$.not"]),
        (
            {
                "type": "object",
                "properties": {"x": {"$ref": "#/$defs/s", "type": "null"}},
                "required": ["x"],
                "$defs": {"s": {"type": "string"}},
            },
            ["$.properties.x.$ref", "$.properties.x.type"],
        ),
    ],
)  # fmt: skip
def test_contradictions_name_both_sides(schema: Any, paths: list[str]) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        json_schema(schema)
    assert all(path in str(caught.value) for path in paths), str(caught.value)
