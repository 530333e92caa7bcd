"""Requests that are wrong in odd ways: each is a 400 in OpenAI's form, and its `param` is the place of what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asking import FORMAT, WEATHER, chat
from fastapi.testclient import TestClient

CHAT, RESPONSES, DECISIONS = "/v1/chat/completions", "/v1/responses", "/v1/decisions"
WRONG = {"type": "object", "properties": {"q": {"pattern": "("}}}
SUM = [["total", ["zzz"], "==", "age"]]


def own(**keys: Any) -> dict[str, Any]:
    return chat(canvasgen=keys)


def thinking(**more: Any) -> dict[str, Any]:
    return chat(structured_outputs={"choice": ["a", "b"]}, max_tokens=40, **more)


CASES: list[tuple[str, dict[str, Any], str]] = [
    # `true` is no number
    (CHAT, chat(n=True), "$.n"),
    (CHAT, chat(seed=True), "$.seed"),
    (CHAT, chat(max_tokens=True), "$.max_tokens"),
    (CHAT, chat(temperature=False), "$.temperature"),
    (CHAT, own(max_denoising_steps=True), "$.canvasgen.max_denoising_steps"),
    ("/v1/edits", {"text": "abc", "spans": [[0, True]]}, "$.spans[0][1]"),
    # of a text or an object, the one that was sent is told
    (CHAT, own(template={"holes": {}}), "$.canvasgen.template.text"),
    (CHAT, own(template={"text": "a {b}", "holes": {"b": 3}}), "$.canvasgen.template.holes.b"),
    (CHAT, own(trace={"top": -1}), "$.canvasgen.trace.top"),
    (CHAT, own(grounded={"unit": "x"}), "$.canvasgen.grounded.unit"),
    (CHAT, chat(tools=[WEATHER], tool_choice={"function": {}}), "$.tool_choice.function.name"),
    (DECISIONS, {"prompt": "x", "questions": {"City": {}}}, "$.questions.City.options"),
    (DECISIONS, {"prompt": "x", "questions": {"text": {}}}, "$.questions.text.options"),
    (CHAT, chat(response_format={"type": "json_schema"}), "$.response_format.json_schema"),
    # what only compiling finds out
    (CHAT, own(template={"text": "a {b}", "holes": {"b": {"regex": "("}}}), "$.canvasgen.template.holes.b"),
    (CHAT, own(positions={"fixed": {"0": ""}}), "$.canvasgen.positions.fixed"),
    (CHAT, own(contains=[""]), "$.canvasgen.contains"),
    (CHAT, own(excludes=[""]), "$.canvasgen.excludes"),
    (CHAT, chat(response_format=FORMAT, canvasgen={"relations": SUM}), "$.canvasgen.relations"),
    (CHAT, chat(response_format=FORMAT, max_completion_tokens=2), "$.max_completion_tokens"),
    (CHAT, thinking(canvasgen={"reasoning_tokens": 2}), "$.canvasgen.reasoning_tokens"),
    (CHAT, thinking(reasoning={"max_tokens": 2}), "$.reasoning.max_tokens"),
    (
        CHAT,
        chat(tools=[WEATHER, {"function": {"name": "b", "parameters": WRONG}}]),
        "$.tools[1].function.parameters.properties.q.pattern",
    ),
    (
        CHAT,
        chat(functions=[WEATHER["function"], {"name": "b", "parameters": WRONG}]),
        "$.functions[1].parameters.properties.q.pattern",
    ),
    # settings
    (CHAT, own(max_denoising_steps=1001), "$.canvasgen.max_denoising_steps"),
    (CHAT, own(quality=2), "$.canvasgen.quality"),
    (CHAT, own(target_ms=0), "$.canvasgen.target_ms"),
    (CHAT, own(quality="best", max_denoising_steps=3), "$.canvasgen.quality"),
    (CHAT, chat(max_tokens=10**18), "$.max_tokens"),
    # what does not go together
    (CHAT, own(grounded=True), "$.canvasgen.grounded"),
    (CHAT, chat(function_call={"name": "a"}), "$.function_call"),
    (CHAT, chat(functions=[WEATHER["function"]], tools=[WEATHER]), "$.functions"),
    (CHAT, chat(structured_outputs={"regexp": "a"}), "$.structured_outputs.regexp"),
    # other endpoints have names of their own
    (RESPONSES, {"input": ""}, "$.input"),
    (RESPONSES, {"input": "x", "text": {"format": {"type": "json_schema"}}}, "$.text.format.schema"),
    (
        RESPONSES,
        {"input": "x", "text": {"format": {"type": "json_schema", "name": "a", "schema": WRONG}}},
        "$.text.format.schema.properties.q.pattern",
    ),
    (
        RESPONSES,
        {
            "input": "x",
            "tools": [
                {"type": "custom", "name": "c"},
                {"type": "function", "name": "f", "parameters": WRONG},
            ],
            "tool_choice": "required",
        },
        "$.tools[1].parameters.properties.q.pattern",
    ),
    (
        RESPONSES,
        {
            "input": "x",
            "tools": [{"type": "function", "name": "f", "parameters": WRONG}],
            "tool_choice": {"type": "function", "name": "f"},
        },
        "$.tools[0].parameters.properties.q.pattern",
    ),
    (
        RESPONSES,
        {
            "input": "x",
            "text": {"format": {"type": "json_schema", "schema": {"minLength": 99, "type": "string"}}},
            "max_output_tokens": 2,
        },
        "$.max_output_tokens",
    ),
    ("/v1/completions", {"prompt": []}, "$.prompt"),
    (DECISIONS, {"prompt": "x", "questions": {}}, "$.questions"),
    (DECISIONS, {"prompt": "x", "options": []}, "$.options"),
    (
        DECISIONS,
        {"prompt": "x", "questions": {"q": {"options": [*range(65)]}}},
        "$.questions.q.options",
    ),
    (
        "/v1/infill",
        {"prefix": "a", "suffix": "b", "structured_outputs": {"json": WRONG}},
        "$.structured_outputs.json.properties.q.pattern",
    ),
    (
        "/v1/edits",
        {"text": "abc", "spans": ["a"], "structured_outputs": {"regex": "("}},
        "$.structured_outputs.regex",
    ),
    (
        "/v1/edits",
        {"text": "abc", "spans": ["zz"], "structured_outputs": {"regex": "a"}},
        "$.spans",
    ),
]


@pytest.mark.parametrize(
    ("path", "body", "param"), CASES, ids=[f"{number}-{param}" for number, (_, _, param) in enumerate(CASES)]
)
def test_what_is_wrong_is_a_400_with_its_place(
    client: TestClient, path: str, body: dict[str, Any], param: str
) -> None:
    got = client.post(path, json=body)
    assert got.status_code == 400, got.text
    error = got.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["param"] == param, error
    assert error["message"]


def test_an_effort_is_enough_for_the_mark_behind_the_thoughts(client: TestClient) -> None:
    got = client.post(CHAT, json=thinking(reasoning_effort="minimal", canvasgen={"max_denoising_steps": 3}))
    assert got.json()["choices"][0]["message"]["content"] in ("a", "b")


def test_unknown_keys_of_parts_are_listed(client: TestClient) -> None:
    sent = chat(
        max_tokens=4,
        reasoning={"effort": "none", "summary": "auto"},
        stream_options={"continuous_usage_stats": True},
        top_p=0.5,
        canvasgen={"max_denoising_steps": 2},
    )
    listed = client.post(CHAT, json=sent).headers["x-canvasgen-ignored"]
    assert listed == "reasoning.summary, stream_options.continuous_usage_stats, top_p"


def test_what_json_has_no_number_for_is_refused(client: TestClient) -> None:
    for key in ("temperature", "seed"):
        body = json.dumps(chat()).replace('"seed": 1', f'"{key}": NaN')
        got = client.post(CHAT, content=body, headers={"content-type": "application/json"})
        assert (got.status_code, got.json()["error"]["param"]) == (400, f"$.{key}")
