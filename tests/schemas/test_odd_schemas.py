"""Odd schemas that once were read wrongly, did not end, or let another library's exception out."""

from __future__ import annotations

from typing import Any

import pytest

from canvasgen.constraints import json_schema
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint

POSITIVE = {"contains": {"type": "integer", "minimum": 1}, "minContains": 1, "maxContains": 6}
ABOVE_ONE = {"contains": {"type": "integer", "minimum": 2}, "minContains": 2, "maxContains": 7}


def one_of(count: int) -> list[Any]:
    return [
        {"type": "object", "properties": {f"k{at}": {"type": "integer"}}, "required": [f"k{at}"]}
        for at in range(count)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "array", "allOf": [POSITIVE, ABOVE_ONE]}, ["[2,2]", "[1,2,3]"], ["[2]", "[]"]),
        ({"not": {"not": {"type": "array", "items": {"$ref": "#"}}}}, ["[[]]"], ["[1]", "1"]),
        ({"contains": {"not": {"$ref": "#"}}, "maxContains": 2}, ["1"], ["[1]", "[]"]),
        ({"contains": {"$dynamicRef": "#n"}, "maxContains": 0, "$dynamicAnchor": "n"}, ["1"], ["[1]"]),
        ({"propertyNames": {"format": "regex"}}, ['{"ü":1}'], ['{"(":1}']),
        ({"propertyNames": {"format": "time"}}, ['{"23:59:60Z":1}'], ['{"23:59:61Z":1}']),
        ({"properties": {"a": {"not": {"$ref": "#"}}}}, ['{"a":{"a":1}}', "{}"], ['{"a":1}']),
        ({"prefixItems": [{}, {"not": {"$ref": "#"}}]}, ["[1,[1,2]]"], ["[1,2]"]),
        (
            {"if": {"properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "then": {"required": ["b"]}},
            ['{"a":{},"b":1}', '{"a":{"a":{}}}'],
            ['{"a":{}}'],
        ),
        ({"multipleOf": 2}, ["4"], ["1e400", "3"]),
        ({"uniqueItems": True}, ["[1,2]"], ["[1e999]", "[1,1.0]"]),
        ({"exclusiveMinimum": 0.1}, ["0.2"], ["1e400"]),
        (
            {"$id": "foo/bar.json", "$defs": {"a": {"$id": "baz.json", "type": "integer"}}, "$ref": "baz.json"},
            ["1"],
            ['"a"'],
        ),
        ({"type": "string", "maxLength": 10**5000}, ['"a"'], ["1"]),
        ({"type": "object", "maxProperties": 10**9}, ['{"a":1}'], ["1"]),
        ({"properties": {"\ud800": True, "a": {"type": "null"}}}, ['{"a":null}'], ['{"a":1}']),
        ({"dependentRequired": {"\ud800": ["a"]}}, ["{}"], []),
        ({"oneOf": one_of(20)}, ['{"k1":1}'], ['{"k1":1,"k2":2}', "{}"]),
        ({"anyOf": one_of(1500)}, ['{"k1499":1}'], ["{}"]),
        ({"enum": [[at] for at in range(3000)]}, ["[2999]"], ["[3000]"]),
        ({"type": "number", "multipleOf": 10007}, ["20014", "0"], ["1", "20014.5"]),
        ({"allOf": [{"not": {"const": at}} for at in range(200)]}, ["200"], ["7", "7.0"]),
        ({"type": "integer", "not": {"enum": list(range(0, 1600, 2))}}, ["1"], ["2"]),
    ],
    ids=range(23),
)  # fmt: skip
def test_verdicts(schema: Any, good: list[str], bad: list[str]) -> None:
    constraint = json_schema(schema)
    assert not constraint.automaton.is_empty
    assert [text for text in good if not constraint.matches(text)] == []
    assert [text for text in bad if constraint.matches(text)] == []


@pytest.mark.parametrize(
    ("schema", "error"),
    [
        ({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x", "type": "string"}}, "$ref": "#x"}, InvalidConstraint),
        ({"$defs": {"a": {"$id": "x"}, "b": {"$id": "x", "type": "string"}}, "$ref": "x"}, InvalidConstraint),
        ({"if": {"$ref": "#"}}, InvalidConstraint),
        ({"$id": 5}, InvalidConstraint),
        ({"$ref": "#/allOf/" + "9" * 5000, "allOf": [{}]}, InvalidConstraint),
        ({"minLength": 10**5000}, ConstraintTooLarge),
        ({"contains": {"type": "null"}, "minContains": 10**6, "type": "array"}, ConstraintTooLarge),
        ({"type": "array", "minItems": 10**6}, ConstraintTooLarge),
        ({"patternProperties": {f"^p{at}": {} for at in range(300)}}, ConstraintTooLarge),
    ],
    ids=range(9),
)  # fmt: skip
def test_refusals(schema: Any, error: type[CanvasgenError]) -> None:
    with pytest.raises(error):
        _ = json_schema(schema).automaton


def test_counts_beside_undeclared_properties_in_any_order() -> None:
    schema = {"type": "object", "properties": {"a": {}, "b": {}}, "minProperties": 3}
    constraint = json_schema(schema, property_order="any")
    assert constraint.matches('{"c": 1, "b": 2, "a": 3}')
    assert any("order only" in note.message for note in constraint.explain())


def test_numbers_that_doubles_would_change_are_not_written() -> None:
    for schema in ({"type": "number", "multipleOf": 7}, {"type": "number", "not": {"type": "integer"}}):
        constraint = json_schema(schema)
        for text in (b"2553233014049294073.0", b"6826738546041944956.5"):
            assert not constraint.automaton.accepts(text)
    assert json_schema({"type": "number", "multipleOf": 7}).automaton.accepts(b"2553233014049294073")
