"""LlamaIndex: `OpenAILike` with structured predictions by tools, canvasgen's own key, streams."""

from __future__ import annotations

import os
import re

from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel


def model(**options: object) -> OpenAILike:
    return OpenAILike(
        model="tiny",
        api_base=os.environ["CANVASGEN_URL"] + "/v1",
        api_key="none",
        is_chat_model=True,
        context_window=4096,
        max_tokens=256,
        **options,
    )


class Person(BaseModel):
    """A person."""

    name: str
    age: int


TEXT = "Alice Smith, 34 years old, lives in Paris."
for name, options in {
    "tools": {"is_function_calling_model": True},
    "schema": {"should_use_structured_outputs": True},
}.items():
    person = model(**options).structured_predict(Person, PromptTemplate("{text}"), text=TEXT)
    assert isinstance(person, Person), person
    assert person.age == 34, person
    print("ok", name, person)

answer = (
    model(is_function_calling_model=True)
    .as_structured_llm(Person)
    .chat([ChatMessage(role="user", content=TEXT)])
)
assert isinstance(answer.raw, Person)
print("ok as_structured_llm")

pattern = "[A-Z]{3}-[0-9]{4}"
constrained = model(additional_kwargs={"extra_body": {"structured_outputs": {"regex": pattern}}})
code = constrained.chat([ChatMessage(role="user", content="A code, please.")]).message.content
assert re.fullmatch(pattern, code), code
print("ok extra_body", code)
parts = [
    part.delta or ""
    for part in constrained.stream_chat([ChatMessage(role="user", content="A code, please.")])
]
assert re.fullmatch(pattern, "".join(parts)), parts
print("ok stream")
