"""`/v1/responses`: formats, flat tools, custom tools with grammars, and the named events of a stream."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from asking import PERSON, PLACE, PROMPT, QUICK
from fastapi.testclient import TestClient

URL = "/v1/responses"
FLAT = {"type": "function", **PLACE["function"]}
SQL = {
    "type": "custom",
    "name": "sql",
    "format": {"type": "grammar", "syntax": "lark", "definition": 'start: "SELECT " ("a" | "b")'},
}
BROKEN = {"type": "grammar", "definition": "start: ("}
CODE = {
    "type": "custom",
    "name": "code",
    "format": {"type": "grammar", "syntax": "regex", "definition": "[0-9]{3}"},
}


def ask(client: TestClient, **more: Any) -> dict[str, Any]:
    got = client.post(URL, json={"input": PROMPT, "seed": 1, "canvasgen": QUICK, **more})
    assert got.status_code == 200, got.text
    return got.json()


def test_a_text_format(client: TestClient) -> None:
    format_ = {"type": "json_schema", "name": "p", "schema": PERSON, "strict": True}
    got = ask(client, text={"format": format_}, instructions="Be brief.", metadata={"a": "b"})
    (item,) = got["output"]
    jsonschema.validate(json.loads(item["content"][0]["text"]), PERSON)
    assert (got["object"], got["status"], item["type"]) == ("response", "completed", "message")
    assert got["usage"]["input_tokens"] > 0


def test_function_items(client: TestClient) -> None:
    for choice in ("required", {"type": "function", "name": "place"}):
        got = ask(client, tools=[FLAT], tool_choice=choice, parallel_tool_calls=False)
        (item,) = got["output"]
        assert (item["type"], item["name"]) == ("function_call", "place")
        jsonschema.validate(json.loads(item["arguments"]), FLAT["parameters"])
    earlier = [
        {"role": "user", "content": [{"type": "input_text", "text": "Where?"}]},
        {"type": "function_call", "call_id": "c", "name": "place", "arguments": '{"n": 1}'},
        {"type": "function_call_output", "call_id": "c", "output": "Rome"},
        {"type": "reasoning"},
    ]
    assert ask(client, input=earlier, max_output_tokens=10)["output"][0]["type"] == "message"


@pytest.mark.slow
def test_custom_tools_have_grammars_and_patterns(client: TestClient) -> None:
    item = ask(client, tools=[SQL], tool_choice={"type": "custom", "name": "sql"})["output"][0]
    assert (item["type"], item["input"] in ("SELECT a", "SELECT b")) == ("custom_tool_call", True)
    for seed in range(2):
        (item,) = ask(client, tools=[SQL, CODE, FLAT], tool_choice="required", seed=seed)["output"]
        if item["type"] == "custom_tool_call":
            assert re.fullmatch({"sql": "SELECT [ab]", "code": "[0-9]{3}"}[item["name"]], item["input"])
        else:
            assert item["name"] == "place"


@pytest.mark.parametrize(
    "more",
    [
        {"tools": [FLAT], "tool_choice": "required"},
        {"tools": [SQL], "tool_choice": {"type": "custom", "name": "sql"}},
        {"max_output_tokens": 9},
    ],
    ids=["function", "custom", "text"],
)
def test_a_stream_of_named_events(client: TestClient, more: dict[str, Any]) -> None:
    body = {"input": PROMPT, "seed": 1, "canvasgen": QUICK, **more}
    whole = ask(client, **more)
    text = client.post(URL, json={**body, "stream": True}).text
    events = [json.loads(part.split("\ndata: ")[1]) for part in text.split("\n\n") if part]
    assert [part.split("\n")[0] for part in text.split("\n\n") if part] == [
        f"event: {e['type']}" for e in events
    ]
    assert [event["sequence_number"] for event in events] == [*range(len(events))]
    assert events[0]["type"] == "response.created"
    last = events[-1]["response"]

    def without_ids(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{key: value for key, value in item.items() if key not in ("id", "call_id")} for item in items]

    assert without_ids(last["output"]) == without_ids(whole["output"])
    assert last["usage"] == whole["usage"]
    deltas = "".join(event["delta"] for event in events if event["type"].endswith(".delta"))
    item = whole["output"][0]
    said = item.get("arguments") or item.get("input") or item["content"][0]["text"]
    assert deltas == said


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"input": []}, "$.input"),
        ({"input": [{"type": "reasoning"}]}, "$.input"),
        ({"input": [{"content": "x"}]}, "$.input"),
        ({"tools": [{"type": "web_search"}]}, "$.tools"),
        ({"tools": [SQL], "tool_choice": {"type": "custom", "name": "x"}}, "$.tool_choice"),
        ({"tools": [{**SQL, "format": BROKEN}], "tool_choice": "required"}, "$.tools"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "$.text.format"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_what_is_impossible_says_where(client: TestClient, more: dict[str, Any], param: str) -> None:
    got = client.post(URL, json={"input": PROMPT, **more})
    assert got.status_code == 400, got.text
    assert got.json()["error"]["param"].startswith(param)
