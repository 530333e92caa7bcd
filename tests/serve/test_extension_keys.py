"""Relations, traces, grounded extraction, typed holes and tables over HTTP, and thoughts told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asking import FORMAT, PROMPT, QUICK, WEATHER, chat, chunks
from fastapi.testclient import TestClient

import canvasgen as cg
from canvasgen.serve.protocol.answer_shapes import Extension, Reasoning
from canvasgen.serve.protocol.api_error import ApiError
from canvasgen.serve.requests.thinking import EFFORTS, Thinking, thinking_of

CHAT, COMPLETIONS, RESPONSES = "/v1/chat/completions", "/v1/completions", "/v1/responses"
THOUGHT = {"reasoning_tokens": 8, **QUICK}
YES_NO = {"regex": "yes|no"}
SUM = {
    "type": "object",
    "properties": {name: {"type": "integer", "minimum": 0, "maximum": 9} for name in ("a", "b", "sum")},
    "required": ["a", "b", "sum"],
    "additionalProperties": False,
}


def asked(client: TestClient, url: str, body: dict[str, Any]) -> dict[str, Any]:
    got = client.post(url, json=body)
    assert got.status_code == 200, got.text
    assert "x-canvasgen-ignored" not in got.headers
    return got.json()


def only(client: TestClient, **more: Any) -> dict[str, Any]:
    return asked(client, CHAT, chat(**more))["choices"][0]


@pytest.mark.slow
def test_relations_between_fields_hold(client: TestClient) -> None:
    relations = [["total", ["a", "b"], "==", "sum"], ["ordered", ["a", "b"], "<="]]
    for seed in range(2):
        body = chat(structured_outputs={"json": SUM}, canvasgen={"relations": relations, **QUICK}) | {
            "seed": seed
        }
        choice = asked(client, CHAT, body)["choices"][0]
        value = json.loads(choice["message"]["content"])
        assert value["a"] + value["b"] == value["sum"]
        assert value["a"] <= value["b"]
        assert choice["canvasgen"]["proven"] in (True, False)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"canvasgen": {"relations": [["no_such"]]}, "response_format": FORMAT}, "$.canvasgen.relations[0]"),
        ({"canvasgen": {"relations": [["total", 3]]}, "response_format": FORMAT}, "$.canvasgen.relations[0]"),
        (
            {"canvasgen": {"relations": [["all_different", ["a"]]]}, "structured_outputs": YES_NO},
            "$.canvasgen.relations",
        ),
        ({"canvasgen": {"trace": {"top": 65}}}, "$.canvasgen.trace"),
        ({"canvasgen": {"grounded": {"unit": "line"}}}, "$.canvasgen.grounded"),
        ({"canvasgen": {"template": {"text": "{a}", "holes": {"a": {"no": 1}}}}}, "$.canvasgen.template"),
        ({"canvasgen": {"table": {"rows": ["x"]}}}, "$.canvasgen.table"),
        ({"reasoning_effort": "huge"}, "$.reasoning_effort"),
        ({"reasoning_effort": "low", "reasoning": {"effort": "high"}}, "$.reasoning_effort"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_key_says_where(client: TestClient, more: dict[str, Any], param: str) -> None:
    got = client.post(CHAT, json=chat(**more))
    assert got.status_code == 400, got.text
    assert got.json()["error"]["param"].startswith(param), got.text


def test_a_trace_comes_with_the_answer(client: TestClient) -> None:
    body = chat(structured_outputs=YES_NO, canvasgen={"trace": {"top": 2}, **QUICK})
    choice = asked(client, CHAT, body)["choices"][0]
    trace = cg.Trace.from_json(json.dumps(choice["canvasgen"]["trace"]))
    assert trace.text == choice["message"]["content"]
    assert [len(trace.steps)] == choice["canvasgen"]["steps"]
    assert len(trace.steps[0].candidates(0)[0]) == 2
    last = chunks(client.post(CHAT, json={**body, "stream": True}).text)[-1]["choices"][0]
    streamed = cg.Trace.from_json(json.dumps(last["canvasgen"]["trace"]))
    assert [step.draft for step in streamed.steps] == [step.draft for step in trace.steps]
    steps = only(client, structured_outputs=YES_NO, canvasgen={"trace": "steps", **QUICK})
    assert len(steps["canvasgen"]["trace"]["steps"]) == len(trace.steps)
    plain = only(client, structured_outputs=YES_NO, canvasgen=QUICK)
    assert "trace" not in plain["canvasgen"]
    assert plain["message"] == choice["message"]


@pytest.mark.slow
def test_values_are_taken_from_sources(client: TestClient) -> None:
    name: dict[str, Any] = {
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
        "additionalProperties": False,
    }
    texts = ["Carla", "Bob Jones\nis here"]
    told = {"texts": texts, "across_lines": False, "max_length": 9}
    choice = only(client, structured_outputs={"json": name}, canvasgen={"grounded": told, **QUICK})
    value = json.loads(choice["message"]["content"])["name"]
    found = choice["canvasgen"]["sources"]["name"]
    assert texts[found["source"]][found["start"] : found["stop"]] == value == found["text"]
    assert len(value) <= 9
    assert "\n" not in value
    # Arguments of one of several tools: all of them, or those that are marked.
    marked = {**name, "properties": {"name": {"type": "string", "x-grounded": True}}}
    for grounded, schema in ((True, name), (False, marked)):
        tools = [WEATHER, {"type": "function", "function": {"name": "save", "parameters": schema}}]
        if grounded:
            tools = tools[1:]
        choice = only(
            client,
            tools=tools,
            tool_choice="required",
            parallel_tool_calls=grounded,
            max_tokens=64,
            canvasgen={"grounded": grounded, **QUICK},
        )
        for call in choice["message"]["tool_calls"]:
            arguments = json.loads(call["function"]["arguments"])
            assert arguments.get("name", PROMPT) in PROMPT


@pytest.mark.slow
def test_holes_and_tables_of_any_kind(client: TestClient) -> None:
    holes = {"name": {"regex": "[A-Z][a-z]{2,6}"}, "n": {"schema": {"enum": [1, 2]}}}
    choice = only(
        client,
        canvasgen={"template": {"text": "Dear {name}, {n}.", "holes": holes}, "probabilities": True, **QUICK},
    )
    value = choice["canvasgen"]["value"]
    assert choice["message"]["content"] == f"Dear {value['name']}, {value['n']}."
    assert value["n"] in (1, 2)
    assert sum(choice["canvasgen"]["probabilities"]["n"].values()) == pytest.approx(1, abs=1e-6)
    cells = [["x", "a"], ["y", "a"]]
    table = {"rows": ["x", "y"], "columns": ["a"], "cells": [1, 2], "relations": [["all_different", cells]]}
    rows = only(client, canvasgen={"table": table, **QUICK})["canvasgen"]["value"]
    assert sorted(row[0] for row in rows) == [1, 2]


@pytest.mark.slow
def test_thoughts_are_told_apart(client: TestClient) -> None:
    body = chat(structured_outputs=YES_NO, canvasgen=THOUGHT, max_tokens=40)
    whole = asked(client, CHAT, body)
    message, usage = whole["choices"][0]["message"], whole["usage"]
    assert message["content"] in ("yes", "no")
    thoughts = message["reasoning_content"]
    assert 1 <= usage["completion_tokens_details"]["reasoning_tokens"] <= 8
    assert usage["completion_tokens_details"]["reasoning_tokens"] < usage["completion_tokens"]
    streamed = chunks(
        client.post(
            CHAT,
            json={
                **body,
                "stream": True,
                "stream_options": {"include_usage": True},
                "canvasgen": {**THOUGHT, "drafts": True},
            },
        ).text
    )
    assert streamed[-1]["usage"] == usage
    deltas = [one["choices"][0]["delta"] for one in streamed[:-1]]
    assert "".join(one.get("reasoning_content", "") for one in deltas) == thoughts
    assert "".join(one.get("content") or "" for one in deltas) == message["content"]
    drafts = [one["x-diffusion-draft"] for one in deltas if "x-diffusion-draft" in one]
    assert all(one["text"] in ("yes", "no") and isinstance(one["reasoning"], str) for one in drafts)
    hidden = asked(client, CHAT, {**body, "include_reasoning": False})["choices"][0]["message"]
    assert hidden == {key: value for key, value in message.items() if key != "reasoning_content"}
    text = asked(client, COMPLETIONS, {**body, "prompt": PROMPT, "messages": None})["choices"][0]
    assert text["text"] in ("yes", "no")
    assert isinstance(text["canvasgen"]["reasoning"], str)
    written = {"text": "Ann lives in Rome.", "spans": ["Rome"], "seed": 0, "canvasgen": THOUGHT}
    edit = asked(client, "/v1/edits", {**written, "structured_outputs": {"choice": ["Oslo"]}})["choices"][0]
    assert edit["text"] == "Ann lives in Oslo."


@pytest.mark.slow
def test_thoughts_are_items_of_responses(client: TestClient) -> None:
    body = {
        "input": PROMPT,
        "seed": 1,
        "reasoning": {"effort": "low"},
        "max_output_tokens": 40,
        "canvasgen": QUICK,
        "text": {"format": {"type": "json_schema", "name": "p", "schema": {"enum": [1, 2]}}},
    }
    whole = asked(client, RESPONSES, body)
    assert [item["type"] for item in whole["output"]] == ["reasoning", "message"]
    assert whole["output"][1]["content"][0]["text"] in ("1", "2")
    assert 1 <= whole["usage"]["output_tokens_details"]["reasoning_tokens"] <= 8  # a fifth of the tokens
    events = [
        json.loads(part.split("\ndata: ")[1])
        for part in client.post(RESPONSES, json={**body, "stream": True}).text.split("\n\n")
        if part
    ]
    kinds = [event["type"].removeprefix("response.") for event in events]
    assert kinds.index("reasoning_summary_part.added") < kinds.index("output_text.delta")
    last = events[-1]["response"]["output"]
    assert [item["type"] for item in last] == ["reasoning", "message"]
    assert last[0]["summary"] == whole["output"][0]["summary"]
    assert last[1]["content"] == whole["output"][1]["content"]
    for event in events:
        if "item_id" in event:
            assert last[event["output_index"]]["id"] == event["item_id"]


def test_how_much_is_thought() -> None:
    def found(own: int | None = None, reasoning: dict[str, Any] | None = None, **more: Any) -> Thinking:
        told = None if reasoning is None else Reasoning.model_validate(reasoning)
        return thinking_of(Extension(reasoning_tokens=own), told, max_tokens=100, **more)

    assert found() == found(effort="none") == Thinking(0)
    assert {effort: found(effort=effort).tokens for effort in EFFORTS} == {
        "none": 0,
        "minimal": 10,
        "low": 20,
        "medium": 50,
        "high": 80,
        "xhigh": 95,
    }
    assert found(7, {"max_tokens": 9}, effort="high") == Thinking(7)
    assert found(None, {"max_tokens": 9, "effort": "high"}) == Thinking(9)
    assert found(None, {"enabled": True}) == Thinking(50)
    assert found(7, {"enabled": False}) == Thinking(0)
    assert found(7, {"exclude": True}) == found(7, include=False) == Thinking(7, is_told=False)
    least = thinking_of(None, None, effort="minimal", max_tokens=1)
    assert least.tokens == len("</think>")  # as short as it may be, the end of the thoughts fits
    with pytest.raises(ApiError, match="two efforts"):
        found(None, {"effort": "low"}, effort="high")
