"""The openai client: parse, tools, streams, responses, errors, log-probabilities."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Literal

import openai
from pydantic import BaseModel

URL = os.environ["CANVASGEN_URL"] + "/v1"
client = openai.OpenAI(base_url=URL, api_key="none", max_retries=0)
MODEL = client.models.list().data[0].id
USER = [{"role": "user", "content": "Alice Smith, 34 years old, lives in Paris."}]


class Person(BaseModel):
    name: str
    age: int


class Weather(BaseModel):
    """Tell the weather."""

    city: Literal["Rome", "Oslo"]


def parsed() -> None:
    done = client.chat.completions.parse(model=MODEL, messages=USER, response_format=Person, seed=1)
    person = done.choices[0].message.parsed
    assert person == Person(name="Alice Smith", age=34), person
    assert done.usage.completion_tokens > 0
    assert (
        client.responses.parse(model=MODEL, input=USER[0]["content"], text_format=Person).output_parsed.age
        == 34
    )


def tools() -> None:
    tool = openai.pydantic_function_tool(Weather)
    for choice in ("required", {"type": "function", "function": {"name": "Weather"}}):
        done = client.chat.completions.parse(
            model=MODEL, messages=USER, tools=[tool], tool_choice=choice, seed=1
        )
        call = done.choices[0].message.tool_calls[0]
        assert call.function.parsed_arguments.city in ("Rome", "Oslo")
        assert done.choices[0].finish_reason == "tool_calls"
    again = [
        *USER,
        done.choices[0].message,
        {"role": "tool", "tool_call_id": call.id, "content": "It rains."},
    ]
    assert (
        client.chat.completions.create(model=MODEL, messages=again, max_tokens=12).choices[0].message.content
        is not None
    )
    flat = {"type": "function", "name": "w", "parameters": Weather.model_json_schema(), "strict": False}
    item = client.responses.create(model=MODEL, input="x", tools=[flat], tool_choice="required").output[0]
    assert (item.type, json.loads(item.arguments)["city"] in ("Rome", "Oslo")) == ("function_call", True)
    grammar = {"type": "grammar", "syntax": "lark", "definition": 'start: "yes" | "no"'}
    custom = {"type": "custom", "name": "c", "format": grammar}
    item = client.responses.create(model=MODEL, input="x", tools=[custom], tool_choice="required").output[0]
    assert (item.type, item.input in ("yes", "no")) == ("custom_tool_call", True)


def streams() -> None:
    with client.chat.completions.stream(model=MODEL, messages=USER, response_format=Person, seed=1) as stream:
        kinds = [event.type for event in stream]
        assert stream.get_final_completion().choices[0].message.parsed.age == 34
    assert "content.delta" in kinds
    chunks = [
        *client.chat.completions.create(
            model=MODEL, messages=USER, max_tokens=9, stream=True, stream_options={"include_usage": True}
        )
    ]
    assert chunks[-1].usage.total_tokens > 0
    with client.responses.stream(model=MODEL, input="x", text_format=Person) as stream:
        assert "response.completed" in [event.type for event in stream]
        assert isinstance(stream.get_final_response().output_parsed, Person)
    assert (
        "".join(
            one.choices[0].text
            for one in client.completions.create(model=MODEL, prompt="x", max_tokens=5, stream=True)
        )
        is not None
    )
    extra = {"structured_outputs": {"regex": "[ab]{3}"}, "canvasgen": {"drafts": True}}
    drafts = [
        chunk.choices[0].delta.model_extra.get("x-diffusion-draft")
        for chunk in client.chat.completions.create(model=MODEL, messages=USER, stream=True, extra_body=extra)
        if chunk.choices
    ]
    assert any(drafts)


def log_probabilities() -> None:
    extra = {"structured_outputs": {"regex": "[ab]{3}"}}
    done = client.chat.completions.create(
        model=MODEL, messages=USER, logprobs=True, top_logprobs=2, extra_body=extra
    )
    first = done.choices[0].logprobs.content[0]
    assert first.logprob <= 0
    assert first.top_logprobs


def errors() -> None:
    extra = {"structured_outputs": {"regex": "("}}
    try:
        client.chat.completions.create(model=MODEL, messages=USER, extra_body=extra)
    except openai.BadRequestError as error:
        assert error.param == "$.structured_outputs.regex", error.param
        assert error.code == "invalid_constraint", error.code
    else:
        raise AssertionError("a wrong pattern was taken")


async def many_tasks() -> None:
    async with openai.AsyncOpenAI(base_url=URL, api_key="none") as tasks:
        done = await asyncio.gather(
            *(
                tasks.chat.completions.parse(model=MODEL, messages=USER, response_format=Person, seed=n)
                for n in range(8)
            )
        )
    assert {one.choices[0].message.parsed.age for one in done} == {34}


def documented() -> None:
    """The example of docs/serving.md."""
    page = (Path(__file__).parents[3] / "docs" / "serving.md").read_text("utf-8")
    for code in re.findall(r"^```py\n(.*?)^```", page, re.M | re.S):
        namespace: dict[str, object] = {"__name__": "page"}
        exec(code.replace("http://localhost:8000/v1", URL), namespace)
        assert str(namespace["done"].choices[0].message.parsed) == "name='Alice Smith' age=34"


for check in (documented, parsed, tools, streams, log_probabilities, errors):
    check()
    print("ok", check.__name__)
asyncio.run(many_tasks())
print("ok many_tasks")
