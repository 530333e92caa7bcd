"""Short ways to ask a server in tests."""

from __future__ import annotations

import json
from typing import Any

PROMPT = "Alice Smith, 34 years old, lives in Paris."
PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 30}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}
QUICK = {"max_denoising_steps": 4}
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Rome", "Oslo"]}},
            "required": ["city"],
        },
    },
}
PLACE = {
    "type": "function",
    "function": {
        "name": "place",
        "parameters": {
            "type": "object",
            "properties": {"n": {"type": "integer", "maximum": 9, "minimum": 0}},
            "required": ["n"],
        },
    },
}


def chat(**more: Any) -> dict[str, Any]:
    """A body for `/v1/chat/completions`."""
    return {"messages": [{"role": "user", "content": PROMPT}], "seed": 1, **more}


def chunks(text: str) -> list[dict[str, Any]]:
    """The objects of a stream of server-sent events, whose end is checked."""
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]
