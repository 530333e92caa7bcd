"""litellm: chat with a schema, tools, a stream."""

from __future__ import annotations

import json
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # nothing is asked of the network

import litellm
from pydantic import BaseModel

SHARED = {"model": "openai/tiny", "api_base": os.environ["CANVASGEN_URL"] + "/v1", "api_key": "none"}
USER = [{"role": "user", "content": "Alice Smith, 34 years old, lives in Paris."}]


class Person(BaseModel):
    name: str
    age: int


done = litellm.completion(messages=USER, response_format=Person, **SHARED)
assert Person.model_validate_json(done.choices[0].message.content).age == 34
print("ok schema")
tool = {"type": "function", "function": {"name": "save", "parameters": Person.model_json_schema()}}
done = litellm.completion(messages=USER, tools=[tool], tool_choice="required", **SHARED)
assert Person.model_validate(json.loads(done.choices[0].message.tool_calls[0].function.arguments))
print("ok tools")
parts = [
    chunk.choices[0].delta.content or ""
    for chunk in litellm.completion(messages=USER, response_format=Person, stream=True, **SHARED)
]
assert Person.model_validate_json("".join(parts)).age == 34
print("ok stream")
