"""The short form of schemas: what pydantic emits, and anything else without an error."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from canvasgen.models.embedded.tiny.prompt_form import format_prompt, short_schema


class Color(Enum):
    red = "red"
    blue = "blue"


class Address(BaseModel):
    street: str
    city: str


class Person(BaseModel):
    name: str
    age: int
    height: float
    married: bool
    nick: str | None = None
    home: Address
    tags: list[str]
    others: list[Address]
    color: Color
    status: Literal["open", "closed"]
    scores: dict[str, int]


def test_pydantic_model() -> None:
    assert short_schema(Person.model_json_schema()) == (
        "{name:str, age:int, height:float, married:bool, nick:str?, home:{street:str, city:str}, tags:[str], "
        "others:[{street:str, city:str}], color:red|blue, status:open|closed, scores:{str:int}}"
    )


def test_prompt_lines() -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    assert format_prompt("Alice.", schema) == "Alice.\n{name:str}\n"
    assert format_prompt(" Alice.\n", schema, "Give JSON.") == "Give JSON.\nAlice.\n{name:str}\n"
    assert format_prompt("Alice.", None) == "Alice.\n"


def test_recursion_ends() -> None:
    schema = {
        "$ref": "#/$defs/Node",
        "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
    }
    assert short_schema(schema) == "{next:any}"


ODD: list[Any] = [
    True,
    False,
    {},
    {"type": []},
    {"type": "nonsense"},
    {"type": ["string", "null"]},
    {"type": 3},
    {"enum": []},
    {"enum": [1, None, True, 2.5, {"a": 1}]},
    {"const": {"a": [1]}},
    {"$ref": "#/nowhere"},
    {"$ref": "https://example.com/x"},
    {"$ref": "#"},
    {"$ref": 4},
    {"anyOf": []},
    {"anyOf": [True, False]},
    {"oneOf": "x"},
    {"allOf": [{"type": "string"}]},
    {"allOf": []},
    {"type": "array"},
    {"type": "array", "items": False},
    {"prefixItems": [{"type": "integer"}], "type": "array"},
    {"items": [1]},
    {"properties": []},
    {"properties": {"a": None, "b": {"properties": {}}}},
    {"not": {}},
    {"if": {}, "then": {}},
    {"type": "object"},
    {"format": "date"},
    {"type": "string", "format": ["x"]},
    {"$ref": "#/a~1b", "a/b": {"type": "null"}},
    {"type": "string", "pattern": "x"},
]


@pytest.mark.parametrize("schema", ODD, ids=str)
def test_odd_schemas_degrade(schema: Any) -> None:
    line = short_schema(schema)
    assert line
    assert "\n" not in line
    assert len(line) < 200
    assert format_prompt("x", schema).endswith(line + "\n")


def test_deep_and_wide_schemas_stay_short() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(300):
        deep = {"type": "object", "properties": {"a": deep}}
    wide = {"properties": {f"k{n}": {"enum": [f"v{m}" for m in range(200)]} for n in range(300)}}
    assert len(short_schema(deep)) < 100
    assert len(short_schema(wide)) < 6000
