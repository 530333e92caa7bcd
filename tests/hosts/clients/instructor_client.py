"""instructor: its modes that ask for tools, JSON and schemas."""

from __future__ import annotations

import os

import instructor
import openai
from pydantic import BaseModel

URL = os.environ["CANVASGEN_URL"] + "/v1"
MODEL = openai.OpenAI(base_url=URL, api_key="none").models.list().data[0].id


class Person(BaseModel):
    name: str
    age: int


for mode in ("TOOLS", "TOOLS_STRICT", "FUNCTIONS", "JSON", "JSON_SCHEMA", "MD_JSON", "RESPONSES_TOOLS"):
    chosen = getattr(instructor.Mode, mode, None)
    if chosen is None:
        print("--", mode, "is not in this version")
        continue
    client = instructor.from_openai(openai.OpenAI(base_url=URL, api_key="none"), mode=chosen)
    told = [{"role": "user", "content": "Alice Smith, 34 years old, lives in Paris."}]
    try:
        person = client.chat.completions.create(
            model=MODEL, messages=told, response_model=Person, max_retries=1
        )
    except Exception as error:  # noqa: BLE001, these two tell the schema in the prompt alone, which a model has to follow
        assert mode in ("JSON", "MD_JSON"), (mode, error)
        print("--", mode, "sends no schema: nothing holds the text to it")
        continue
    assert isinstance(person, Person)
    print("ok", mode, person)
