"""A constraint that was in another process is the same constraint: what is known by its identity stays that."""

from __future__ import annotations

from typing import Any

import cloudpickle  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import pytest

import canvasgen as cg
from canvasgen.automata import ANY_TEXT, EMPTY, EPSILON, Expr, from_dfa, literal, repeat, to_dfa, union
from canvasgen.constraints.texts import Texts
from canvasgen.schemas.normal.shapes import ANY_NODE, NEVER_NODE

OPEN = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
EITHER: dict[str, Any] = {
    "oneOf": [
        {"type": "object", "properties": {"kind": {"const": "a"}, "size": {"type": "integer"}}},
        {"type": "object", "properties": {"kind": {"const": "b"}, "rest": {}}, "required": ["kind"]},
    ]
}
TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "more": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["value"],
    "additionalProperties": False,
}


def again(made: Any) -> Any:
    return cloudpickle.loads(cloudpickle.dumps(made))  # pyright: ignore[reportUnknownMemberType]


def arrays_of(texts: Texts) -> list[np.ndarray[Any, Any]]:
    automaton = texts.automaton
    return [one for one in vars(automaton).values() if isinstance(one, np.ndarray)]


def is_same(one: Texts, other: Texts) -> bool:
    mine, others = arrays_of(one), arrays_of(other)
    assert mine
    return len(mine) == len(others) and all(map(np.array_equal, mine, others))


@pytest.mark.parametrize(
    "node",
    [EMPTY, EPSILON, ANY_TEXT, literal("ab"), union(literal("a"), repeat(literal("bc"), 2, 5))],
    ids=["empty", "epsilon", "any", "literal", "union"],
)
def test_an_expression_is_the_node_that_is_there(node: Expr) -> None:
    assert again(node) is node


def test_an_automaton_comes_with_its_expression() -> None:
    leaf = from_dfa(to_dfa(union(literal("a"), literal("bc"))))
    found = again(leaf)
    assert found is not leaf
    assert to_dfa(found).accepts(b"bc")
    assert not to_dfa(found).accepts(b"b")


def test_what_every_schema_shares_is_there_once() -> None:
    assert again((ANY_NODE, NEVER_NODE)) == (ANY_NODE, NEVER_NODE)


@pytest.mark.parametrize(
    ("schema", "draft"),
    [
        (OPEN, '{"age": 3, "height": [1], "name": "Ann"}'),
        (EITHER, '{"rest": {"x": 1}, "kind": "b"}'),
        (TREE, '{"more": [{"more": [], "value": 1}], "value": 2}'),
    ],
    ids=["open", "either", "tree"],
)
def test_drafts_lead_a_constraint_that_came_from_another_process_as_they_lead_it_here(
    schema: dict[str, Any], draft: str
) -> None:
    one = cg.json_schema(schema, property_order="model")
    other = again(one)
    assert one.drafting is not None
    assert is_same(one, other)
    assert is_same(one.drafting.loose, other.drafting.loose)  # was too large: any JSON was not known as such
    assert is_same(one.drafting.led([draft]), other.drafting.led([draft]))


def test_a_schema_inside_is_judged_by_its_own_draft_in_every_process() -> None:
    """In draft 7 `dependentRequired` means nothing."""
    old = {
        "$id": "urn:old",
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "dependentRequired": {"x": ["y"]},
    }
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"a": old}}
    text = '{"a": {"x": 1}}'
    one = cg.json_schema({**schema, "type": "object"})
    other = again(one)
    assert one.parse(text) == other.parse(text) == {"a": {"x": 1}}
    assert one.matches(text)
    assert other.matches(text)
    one._check(text)
    other._check(text)
