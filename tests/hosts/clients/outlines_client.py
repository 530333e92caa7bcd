"""outlines: its OpenAI model, with a pydantic class, a JSON Schema, and choices and patterns as schemas."""

from __future__ import annotations

import json
import os
from typing import Literal

import openai
import outlines
from pydantic import BaseModel

client = openai.OpenAI(base_url=os.environ["CANVASGEN_URL"] + "/v1", api_key="none")
model = outlines.from_openai(client, "tiny")
TEXT = "Alice Smith, 34 years old, lives in Paris."


class Person(BaseModel):
    name: str
    age: int


class Place(BaseModel):
    city: Literal["Rome", "Paris"]


person = Person.model_validate_json(model(TEXT, Person))
assert person.age == 34, person
print("ok pydantic", person)
schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
assert json.loads(model(TEXT, outlines.json_schema(json.dumps(schema))))["age"] == 34
print("ok schema")
assert Place.model_validate_json(outlines.Generator(model, Place)(TEXT)).city in ("Rome", "Paris")
print("ok generator")
assert Person.model_validate_json("".join(model.stream(TEXT, Person))).age == 34
print("ok stream")
