"""`x-grounded` and `Grounded`: fields that are taken from a source, against a reading of the schema by hand."""

from __future__ import annotations

import contextlib
import copy
import json
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter
from typing_extensions import TypedDict

import canvasgen as cg
from canvasgen.errors import InvalidConstraint, Unsatisfiable, UnsupportedConstraint
from canvasgen.grounding import Span
from tests.schemas.normal.test_grounded import SOURCE, VALUES, is_stated

LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "maxLength": 2},
        {"enum": ["x", "ab", 3]},
        {"type": "integer"},
        {"type": ["number", "null"]},
    ]
)
MARKS = st.sampled_from([None, None, True, False, {"reader": "number"}, {"reader": "span"}])


def _with(schema: Any, mark: Any) -> Any:
    return schema if mark is None else {**schema, "x-grounded": mark}


SCHEMAS = st.recursive(
    st.builds(_with, LEAVES, MARKS),
    lambda inner: st.builds(
        _with,
        st.one_of(
            st.builds(lambda one: {"type": "array", "items": one, "maxItems": 2}, inner),
            st.builds(lambda p, q: {"type": "object", "properties": {"p": p, "q": q}}, inner, inner),
            st.builds(lambda p, q: {"anyOf": [p, q]}, inner, inner),
        ),
        MARKS,
    ),
    max_leaves=4,
)


def fits(schema: Any, value: Any, sources: cg.Sources, mark: Any) -> bool:
    """Whether a value is one of a schema and stated where the schema, or else what is around it, says so."""
    mark = schema.get("x-grounded", mark)
    if "anyOf" in schema:
        return any(fits(one, value, sources, mark) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return (
            isinstance(value, list)
            and len(value) <= 2
            and all(fits(schema["items"], one, sources, mark) for one in value)
        )
    if schema.get("type") == "object":
        inner = schema["properties"]
        whole = mark is None or mark is False
        return isinstance(value, dict) and all(
            fits(inner[key], one, sources, mark) if key in inner else whole or is_free(one, sources, mark)
            for key, one in value.items()
        )
    bare = {name: one for name, one in schema.items() if name != "x-grounded"}
    if not cg.json_schema(bare).matches(json.dumps(value)):
        return False
    if mark is None or mark is False or (mark is True and "enum" in schema):
        return True
    return is_free(value, sources, mark)


def is_free(value: Any, sources: cg.Sources, mark: Any) -> bool:
    """Whether everything in a value is stated as a mark asks."""
    if isinstance(value, dict):
        return all(is_free(one, sources, mark) for one in value.values())
    if isinstance(value, list):
        return all(is_free(one, sources, mark) for one in value)
    if mark is True:
        return is_stated(value, sources)
    if isinstance(value, bool):
        return False
    if isinstance(value, str) and mark["reader"] == "number":
        return value in {"7", "2.5", "-1", "1"}
    return is_stated(value, sources)


@pytest.mark.slow
@settings(max_examples=60)
@given(SCHEMAS, st.lists(VALUES | st.sampled_from(["7", "-1", "3"]), min_size=4, max_size=8), st.booleans())
def test_marked_fields_are_stated(schema: Any, values: list[Any], all_fields: bool) -> None:
    sources = cg.Sources(SOURCE, fields="all" if all_fields else "marked")
    constraint = None
    with contextlib.suppress(Unsatisfiable):
        constraint = cg.json_schema(schema, grounded=sources)
    for value in values:
        text = json.dumps(value)
        wanted = fits(schema, value, sources, True if all_fields else None)
        assert (constraint is not None and constraint.matches(text)) is wanted, (schema, value)


@pytest.mark.parametrize(
    ("schema", "true", "false"),
    [
        ({"type": "boolean", "x-grounded": {"reader": "boolean"}}, True, False),
        ({"type": ["boolean", "null"], "x-grounded": {"reader": "number"}}, False, False),
        ({"type": "boolean", "x-grounded": True}, True, True),
        ({"anyOf": [{"type": "boolean", "x-grounded": {"reader": "boolean"}}, {"type": "null"}]}, True, False),
        (
            {"anyOf": [{"type": "boolean", "x-grounded": {"reader": "boolean"}}, {"type": "boolean"}]},
            True,
            True,
        ),
        (
            {"allOf": [{"type": "boolean"}, {"x-grounded": {"reader": "boolean"}}, {"type": ["boolean", "null"]}]},
            True,
            False,
        ),
    ],
    ids=range(6),
)  # fmt: skip
def test_booleans_by_evidence(schema: Any, true: bool, false: bool) -> None:
    whole = {"type": "object", "properties": {"a": schema}}
    grounded = cg.json_schema(whole, grounded=cg.Sources("Yes, Ann.", fields="marked"))
    assert grounded.matches('{"a": true}') is true
    assert grounded.matches('{"a": false}') is false


def test_alternatives_of_a_boolean() -> None:
    for other in ({"const": True}, {"type": "boolean", "x-grounded": {"reader": "number"}}):
        schema = {"anyOf": [{"type": "boolean", "x-grounded": {"reader": "boolean"}}, other]}
        with pytest.raises(UnsupportedConstraint) as caught:
            cg.json_schema(schema, grounded="Yes")
        assert caught.value.rule == "x-grounded"


TEXT = "Ann Lee orders 3 chairs at $24.50 for half past nine, yes; rosa@lind.org"


class Address(BaseModel):
    street: str
    town: str


class Order(BaseModel):
    customer: Annotated[str, cg.Grounded()]
    note: str
    amount: Annotated[int, cg.Grounded()]
    tags: Annotated[list[str], cg.Grounded()]
    address: Annotated[Address, cg.Grounded()]
    priority: Annotated[Literal["low", "high"], cg.Grounded()] = "low"
    other: Annotated[str | None, cg.Grounded()] = None


VALUE = {
    "customer": "Ann Lee",
    "note": "made up",
    "amount": 3,
    "tags": ["chairs", "yes"],
    "address": {"street": "half", "town": "past"},
    "priority": "high",
    "other": None,
}


@pytest.mark.parametrize(
    "change",
    [
        {"customer": "Bob"},
        {"amount": 4},
        {"tags": ["chairs", "tables"]},
        {"address": {"street": "half", "town": "Rome"}},
        {"other": "Rome"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_fields_of_a_model(change: dict[str, Any]) -> None:
    marked = cg.json_schema(Order, grounded=cg.Sources(TEXT, fields="marked"))
    assert marked.matches(json.dumps(VALUE))
    assert not marked.matches(json.dumps({**VALUE, **change}))
    every = cg.json_schema(Order, grounded=TEXT)
    assert not every.matches(json.dumps(VALUE))
    assert every.matches(json.dumps({**VALUE, "note": "at"}))


def test_a_field_that_is_free() -> None:
    class Free(BaseModel):
        name: str
        summary: Annotated[str, cg.Grounded(False)]

    grounded = cg.json_schema(Free, grounded=TEXT)
    assert grounded.matches('{"name": "Ann Lee", "summary": "an order of chairs!"}')
    assert not grounded.matches('{"name": "Bob", "summary": "chairs"}')
    assert dict(grounded.language.stated('{"name": "Ann Lee", "summary": "chairs"}')).keys() == {"name"}


def test_readers_of_fields() -> None:
    pytest.importorskip("price_parser")

    class Typed(BaseModel):
        start: Annotated[str, cg.Grounded(reader="time")]
        at: time
        price: Annotated[Decimal, cg.Grounded(reader="price")]
        agreed: Annotated[bool, cg.Grounded(reader="boolean")]
        mail: Annotated[str, cg.Grounded(reader="email")]

    grounded = cg.json_schema(Typed, grounded=TEXT)
    good = {
        "start": "21:30:00",
        "at": "09:30:00",
        "price": 24.5,
        "agreed": True,
        "mail": "rosa@lind.org",
    }
    assert grounded.matches(json.dumps(good))
    assert grounded.matches(json.dumps({**good, "price": "24.5"}))
    for change in (
        {"price": 3},
        {"agreed": False},
        {"start": "09:30"},
        {"start": "half past nine"},
        {"at": "09:30:00Z"},
    ):
        assert not grounded.matches(json.dumps({**good, **change})), change
    places = dict(grounded.language.stated(json.dumps(good)))
    assert {name: place.text for name, place in places.items()} == {
        "start": "half past nine",
        "at": "half past nine",
        "price": "$24.50",
        "agreed": "yes",
        "mail": "rosa@lind.org",
    }


def test_a_format_that_asks_for_an_offset() -> None:
    grounded = cg.json_schema({"type": "string", "format": "time"}, grounded="at 10:30")
    assert grounded.automaton.shortest() == b'"10:30:00Z"'


@dataclass
class Person:
    name: Annotated[str, cg.Grounded()]


class Row(TypedDict):
    name: Annotated[str, cg.Grounded()]


@pytest.mark.parametrize("kind", [Person, Row, dict[str, Annotated[str, cg.Grounded()]]], ids=range(3))
def test_other_types(kind: Any) -> None:
    grounded = cg.json_schema(kind, grounded=cg.Sources(TEXT, fields="marked"))
    assert grounded.matches('{"name": "Ann Lee"}')
    assert not grounded.matches('{"name": "Bob"}')


def test_the_keyword() -> None:
    schema = TypeAdapter(Order).json_schema()
    assert schema["properties"]["customer"]["x-grounded"] is True
    assert json.loads(json.dumps(schema)) == schema
    grounded = cg.json_schema(schema, grounded=cg.Sources(TEXT, fields="marked"))
    assert grounded.matches(json.dumps(VALUE))
    assert not grounded.matches(json.dumps({**VALUE, "customer": "Bob"}))
    reader = cg.Grounded(reader=len).keyword["reader"]
    assert copy.deepcopy(reader) == reader != "len"


def test_recursion_and_unevaluated_properties() -> None:
    tree = {
        "$ref": "#/$defs/tree",
        "x-grounded": True,
        "$defs": {
            "tree": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "note": {"type": "string", "x-grounded": False},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
                },
                "required": ["name"],
                "unevaluatedProperties": False,
            }
        },
    }
    grounded = cg.json_schema(tree, grounded=cg.Sources("oak, elm", fields="marked"))
    assert grounded.matches('{"name": "oak", "children": [{"name": "elm", "note": "free"}]}')
    assert not grounded.matches('{"name": "oak", "children": [{"name": "ash"}]}')
    assert not grounded.matches('{"name": "oak", "other": 1}')
    assert dict(grounded.language.stated('{"name": "oak", "children": [{"name": "elm"}]}')) == {
        "name": Span(0, 3, "oak"),
        "children[0].name": Span(5, 8, "elm"),
    }


@pytest.mark.parametrize("wrong", [3, "date", None, {}, {"reader": 3}, {"reader": "date", "more": 1}, [True]])
def test_a_wrong_keyword_is_refused(wrong: Any) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "x-grounded": wrong}}}
    for grounded in (None, TEXT):
        with pytest.raises(InvalidConstraint) as caught:
            cg.json_schema(schema, grounded=grounded)
        assert caught.value.path in ("$.properties.a['x-grounded']", "$.properties.a['x-grounded'].reader")


def test_a_marked_field_needs_a_source() -> None:
    with pytest.raises(InvalidConstraint) as caught:
        cg.json_schema(Order)
    assert caught.value.path == "$.properties.customer"
    assert "cg.Sources" in str(caught.value.remedy)
    free = {"type": "string", "x-grounded": False}
    assert cg.json_schema(free).matches('"anything"')


def test_the_prompt_does_not_show_the_keyword() -> None:
    schema = {
        "type": "object",
        "properties": {
            "x-grounded": {"type": "string", "x-grounded": True},
            "b": {"anyOf": [{"x-grounded": True, "type": "string"}, {"type": "null"}]},
        },
    }
    source = cg.json_schema(schema, grounded=TEXT).language.source
    assert source.prompt_schema == {
        "type": "object",
        "properties": {
            "x-grounded": {"type": "string"},
            "b": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    assert "x-grounded" not in json.dumps(cg.json_schema(Order, grounded=TEXT).language.source.prompt_schema)
