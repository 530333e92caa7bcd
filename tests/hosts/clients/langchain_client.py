"""LangChain: `ChatOpenAI` with structured output by a native schema and by tools, tool calls, streams, canvasgen's own key."""

from __future__ import annotations

import asyncio
import os
import re

from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

model = ChatOpenAI(model="tiny", base_url=os.environ["CANVASGEN_URL"] + "/v1", api_key="none")
TEXT = "Alice Smith, 34 years old, lives in Paris."


class Person(BaseModel):
    """A person."""

    name: str
    age: int


for method in ("json_schema", "function_calling"):
    person = model.with_structured_output(Person, method=method).invoke(TEXT)
    assert isinstance(person, Person), person
    assert person.age == 34, person
    print("ok", method, person)

both = model.with_structured_output(Person, method="json_schema", include_raw=True).invoke(TEXT)
assert both["parsing_error"] is None
assert both["raw"].usage_metadata["output_tokens"] > 0
many = asyncio.run(
    model.with_structured_output(Person, method="json_schema").abatch([TEXT, "Bob Miller (58) from Rome"])
)
assert [one.age for one in many] == [34, 58], many
print("ok abatch")


@tool
def save(name: str, age: int) -> str:
    """Save a person."""
    return f"{name} {age}"


(call,) = model.bind_tools([save], tool_choice="save").invoke(TEXT).tool_calls
assert call["name"] == "save"
assert isinstance(call["args"]["age"], int)
assert save.invoke(call["args"])
print("ok tools", call["args"])

pattern = "[A-Z]{3}-[0-9]{4}"
code = model.bind(extra_body={"structured_outputs": {"regex": pattern}}).invoke("A code, please.").content
assert re.fullmatch(pattern, code), code
print("ok extra_body", code)

parts = [
    chunk.content
    for chunk in model.bind(extra_body={"structured_outputs": {"choice": ["yes", "no"]}}).stream(TEXT)
]
assert "".join(parts) in ("yes", "no"), parts
print("ok stream")
