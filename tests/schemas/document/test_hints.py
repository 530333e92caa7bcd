"""What is nearly a schema: other dialects, objects around one, misspelt types and keywords, draft 3."""

from __future__ import annotations

from typing import Any

import pytest

from canvasgen.constraints import json_schema
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint, UnsupportedConstraint
from canvasgen.schemas.document.keywords import KEYWORDS
from canvasgen.schemas.document.misspellings import TYPES, keyword_hint, type_hint

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


LONG = {"type": "string", "minLength": 10**6}


def refused(schema: Any) -> CanvasgenError:
    with pytest.raises(CanvasgenError) as caught:
        json_schema(schema)
    return caught.value


@pytest.mark.parametrize(
    ("uri", "as_draft_4"),
    [
        ("https://json-schema.org/draft-07/schema#", False),
        ("https://json-schema.org/draft-04/schema", True),
        ("HTTP://json-schema.org/draft-04/schema#", True),
        ("http://json-schema.org/draft-05/schema#", True),
        ("http://json-schema.org/draft/2020-12/schema", False),
        ("https://json-schema.org/draft/2019-09/schema#", False),
        ("https://spec.openapis.org/oas/3.1/dialect/base", False),
        ("https://spec.openapis.org/oas/3.1/dialect/2024-11-10", False),
        ("https://spec.openapis.org/oas/3.2/dialect/2025-09-17", False),
    ],
)
def test_dialects_by_any_address(uri: str, as_draft_4: bool) -> None:
    bound = {"minimum": 1, "exclusiveMinimum": True} if as_draft_4 else {"exclusiveMinimum": 1}
    constraint = json_schema({"$schema": uri, "type": "integer", **bound})
    assert constraint.matches("2")
    assert not constraint.matches("1")
    one: dict[str, Any] = {"enum": [1]} if as_draft_4 else {"const": 1}
    other = json_schema({"$ref": "https://a.b/it"}, registry={"https://a.b/it": {"$schema": uri, **one}})
    assert other.matches("1")
    assert not other.matches("2")


def test_annotations_of_openapi_have_no_note() -> None:
    schema = {
        "$schema": "https://spec.openapis.org/oas/3.1/dialect/base",
        "type": "string",
        "xml": {"name": "x"},
        "externalDocs": {"url": "https://a.b"},
        "example": "y",
    }
    assert not [note for note in json_schema(schema).explain() if note.kind == "annotation"]


@pytest.mark.parametrize(
    ("uri", "remedy"),
    [
        ("https://spec.openapis.org/oas/3.0/schema/2021-09-28", "convert it to 3.1"),
        ("http://json-schema.org/draft-03/schema#", "divisibleBy"),
        ("http://example.com/schema", "use draft 4"),
    ],
)
def test_other_dialects_say_what_to_do(uri: str, remedy: str) -> None:
    error = refused({"$schema": uri, "type": "string"})
    assert isinstance(error, UnsupportedConstraint)
    assert error.path == "$.$schema"
    assert remedy in (error.remedy or "")


@pytest.mark.parametrize(
    ("wrapper", "steps"),
    [
        ({"type": "function", "function": {"name": "f", "parameters": PARAMETERS}}, ["function", "parameters"]),
        ({"type": "function", "name": "f", "parameters": PARAMETERS, "strict": True}, ["parameters"]),
        ({"name": "f", "description": "d", "schema": PARAMETERS, "strict": True}, ["schema"]),
        ({"type": "json_schema", "json_schema": {"name": "f", "schema": PARAMETERS}}, ["json_schema", "schema"]),
        ({"type": "json_schema", "name": "f", "schema": PARAMETERS}, ["schema"]),
        ({"name": "f", "input_schema": PARAMETERS}, ["input_schema"]),
        ({"name": "f", "inputSchema": PARAMETERS}, ["inputSchema"]),
        ({"text": {"format": {"type": "json_schema", "schema": PARAMETERS}}}, ["text", "format", "schema"]),
        ({"openapi": "3.1.0", "paths": {}}, ["components", "schemas"]),
    ],
)  # fmt: skip
def test_an_object_around_a_schema_names_the_schema_inside(wrapper: Any, steps: list[str]) -> None:
    error = refused(wrapper)
    assert isinstance(error, InvalidConstraint)
    assert f"schema{''.join(f'[{step!r}]' for step in steps)}" in (error.remedy or "")
    inner: Any = wrapper
    if "openapi" not in wrapper:
        for step in steps:
            inner = inner[step]
        assert json_schema(inner).matches('{"city": "Rome"}')


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"schema": {"type": "object"}, "parameters": {"type": "object"}}},
        {"type": "object", "schema": {"type": "object"}},
        {"title": "T", "parameters": {"a": {"type": "string"}}},
        {"parameters": True},
        {},
    ],
)
def test_a_schema_with_such_a_key_is_a_schema(schema: Any) -> None:
    assert json_schema(schema).matches("{}")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("int", '"integer"'),
        ("Integer", '"integer"'),
        ("bool", '"boolean"'),
        ("str", '"string"'),
        ("dict", '"object"'),
        ("list", '"array"'),
        ("None", '"null"'),
        ("float", '"number"'),
        ("sting", '"string"'),
        ("date", '"format": "date"'),
        ("any", "leave `type` out"),
        ("xyz", "null, boolean"),
    ],
)
def test_types(name: str, hint: str) -> None:
    error = refused({"type": "object", "properties": {"a": {"type": name}}})
    assert error.path == "$.properties.a.type"
    assert hint in (error.remedy or "")
    assert hint in (refused({"type": ["null", name]}).remedy or "")


def test_known_words_are_not_near_others() -> None:
    assert all(f'"{name}"' in type_hint(name.upper()) for name in TYPES)
    assert all(keyword_hint(name.lower()) == f"did you mean `{name}`?" for name in KEYWORDS if name != "id")
    for name in ("x-order", "foo", "enumNames", "units", "id2", "label", "widget"):
        assert keyword_hint(name) is None, name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("maxlength", "`maxLength`"),
        ("requierd", "`required`"),
        ("additonalProperties", "`additionalProperties`"),
        ("min_length", "`minLength`"),
        ("divisibleBy", "`multipleOf`"),
        ("extends", "`allOf`"),
        ("nullable", '"null"'),
    ],
)
def test_keywords(name: str, hint: str) -> None:
    notes = [note for note in json_schema({"type": "string", name: 1}).explain() if note.kind == "annotation"]
    assert len(notes) == 1
    assert hint in notes[0].message


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "string", "required": True}}},
        {"type": "object", "properties": {"a": {"type": "string", "required": False}}},
        {"required": True},
        {
            "type": "array",
            "items": {"$ref": "#/$defs/a"},
            "$defs": {"a": {"type": "integer", "required": True}},
        },
    ],
)
def test_a_boolean_required_is_draft_3(schema: Any) -> None:
    error = refused(schema)
    assert error.rule == "required"
    assert "draft 3" in error.message
    assert '"required": [...]' in (error.remedy or "")


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("minimum", "1"),
        ("maxLength", -1),
        ("pattern", 3),
        ("items", 3),
        ("uniqueItems", "yes"),
        ("minItems", 1.5),
    ],
)
def test_keywords_of_an_excluded_type_have_their_form(keyword: str, value: Any) -> None:
    assert refused({"type": "null", keyword: value}).path == f"$.{keyword}"


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"properties": {"a": {"minimum": 10**400}}}, "$.properties.a"),
        ({"properties": {"a": {"patternProperties": {f"^{at}": {} for at in range(99)}}}}, "$.properties.a"),
        ({"items": {"minLength": 10**12}}, "$.items.minLength"),
        (
            {
                "type": "object",
                "properties": {"b": {}, "a": {"type": "array", "items": LONG, "minItems": 1}},
                "required": ["a"],
            },
            "$.properties.a.items",
        ),
    ],
)
def test_errors_of_size_have_a_path(schema: Any, path: str) -> None:
    with pytest.raises(ConstraintTooLarge) as caught:
        _ = json_schema({"type": ["object", "array"], **schema}).automaton
    assert (caught.value.path or "").startswith(path)
