"""`/v1/chat/completions`: what clients of OpenAI send and get."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from asking import FORMAT, PERSON, PLACE, PROMPT, QUICK, WEATHER, chat, chunks
from fastapi.testclient import TestClient

URL = "/v1/chat/completions"


def answer(client: TestClient, body: dict[str, Any], url: str = URL) -> dict[str, Any]:
    got = client.post(url, json=body)
    assert got.status_code == 200, got.text
    return got.json()


def test_a_schema_holds_whether_it_is_strict_or_not(client: TestClient) -> None:
    for strict in (None, False, True):
        format_ = {"type": "json_schema", "json_schema": {**FORMAT["json_schema"], "strict": strict}}
        got = answer(client, chat(response_format=format_, model="whatever"))
        choice = got["choices"][0]
        value = json.loads(choice["message"]["content"])
        jsonschema.validate(value, PERSON)
        assert value["age"] == 34
        assert (choice["finish_reason"], choice["message"]["role"]) == ("stop", "assistant")
        assert (got["object"], got["model"]) == ("chat.completion", "tiny")
        usage = got["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        assert usage["denoising_steps"] == sum(choice["canvasgen"]["steps"])
        assert usage["canvas_positions"] >= usage["completion_tokens"]


@pytest.mark.slow
def test_any_object(client: TestClient) -> None:
    got = answer(client, chat(response_format={"type": "json_object"}, max_tokens=60, canvasgen=QUICK))
    assert isinstance(json.loads(got["choices"][0]["message"]["content"]), dict)


@pytest.mark.parametrize(
    ("told", "pattern"),
    [
        ({"regex": "[a-c]{2,4}"}, "[a-c]{2,4}"),
        ({"choice": ["red", "green"]}, "red|green"),
        ({"grammar": 'root ::= "x" | "y"'}, "x|y"),
        ({"json": '{"type": "integer", "minimum": 3, "maximum": 5}'}, "[3-5]"),
        (
            {
                "json": {"type": "array", "items": {"const": 1}, "minItems": 2, "maxItems": 2},
                "whitespace_pattern": "",
            },
            r"\[1,1\]",
        ),
        ({"json_object": True}, r"(?s)\{.*\}"),
        ({"structural_tag": {"format": {"type": "const_string", "value": "ok"}}}, "ok"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_structured_outputs(client: TestClient, told: dict[str, Any], pattern: str) -> None:
    got = answer(client, chat(structured_outputs=told, max_tokens=40, canvasgen=QUICK))
    assert re.fullmatch(pattern, got["choices"][0]["message"]["content"])


def test_a_named_tool_is_called(client: TestClient) -> None:
    body = chat(
        tools=[WEATHER, PLACE],
        tool_choice={"type": "function", "function": {"name": "place"}},
        canvasgen=QUICK,
    )
    choice = answer(client, body)["choices"][0]
    (call,) = choice["message"]["tool_calls"]
    assert (choice["finish_reason"], choice["message"]["content"], call["type"]) == (
        "tool_calls",
        None,
        "function",
    )
    assert call["function"]["name"] == "place"
    jsonschema.validate(json.loads(call["function"]["arguments"]), PLACE["function"]["parameters"])


@pytest.mark.slow
def test_required_tools_are_called_alone_or_in_parallel(client: TestClient) -> None:
    tools = {one["function"]["name"]: one["function"]["parameters"] for one in (WEATHER, PLACE)}
    for parallel in (False, True):
        body = chat(
            tools=[WEATHER, PLACE],
            tool_choice="required",
            parallel_tool_calls=parallel,
            canvasgen=QUICK,
            max_tokens=120,
        )
        calls = answer(client, body)["choices"][0]["message"]["tool_calls"]
        assert len(calls) == 1 or parallel
        for call in calls:
            jsonschema.validate(json.loads(call["function"]["arguments"]), tools[call["function"]["name"]])


@pytest.mark.slow
def test_automatic_tools_may_be_left_alone(client: TestClient) -> None:
    for seed in range(3):
        body = chat(tools=[WEATHER], canvasgen=QUICK, max_tokens=60) | {"seed": seed}
        choice = answer(client, body)["choices"][0]
        if choice["finish_reason"] == "tool_calls":
            assert choice["message"]["content"] is None
        else:
            assert not choice["message"]["content"].startswith(("[", "{"))
    choice = answer(client, chat(tools=[WEATHER], tool_choice="none", canvasgen=QUICK, max_tokens=20))[
        "choices"
    ][0]
    assert "tool_calls" not in choice["message"]


def test_functions_of_old_clients(client: TestClient) -> None:
    body = chat(functions=[PLACE["function"]], function_call={"name": "place"}, canvasgen=QUICK)
    choice = answer(client, body)["choices"][0]
    assert choice["finish_reason"] == "function_call"
    assert choice["message"]["function_call"]["name"] == "place"


def test_several_answers_have_the_seeds_that_follow(client: TestClient) -> None:
    told = {"regex": "[0-9]{6}"}
    got = answer(client, chat(structured_outputs=told, n=3, canvasgen=QUICK))
    texts = [choice["message"]["content"] for choice in got["choices"]]
    assert [choice["index"] for choice in got["choices"]] == [0, 1, 2]
    alone = answer(client, chat(structured_outputs=told, canvasgen=QUICK) | {"seed": 2})
    assert alone["choices"][0]["message"]["content"] == texts[1]


def test_a_stop_cuts_free_text_and_is_kept_out_of_constrained_text(client: TestClient) -> None:
    free = answer(client, chat(max_tokens=30, canvasgen=QUICK))["choices"][0]["message"]["content"]
    middle = free[len(free) // 2]
    cut = answer(client, chat(max_tokens=30, canvasgen=QUICK, stop=middle))["choices"][0]
    assert cut["message"]["content"] == free[: free.index(middle)]
    assert cut["finish_reason"] == "stop"
    bound = answer(client, chat(structured_outputs={"regex": "[ab]{4}"}, stop=["a"], canvasgen=QUICK))
    assert bound["choices"][0]["message"]["content"] == "bbbb"


def test_free_text_that_reaches_its_budget(client: TestClient) -> None:
    choice = answer(client, chat(max_completion_tokens=2, canvasgen=QUICK))["choices"][0]
    assert choice["finish_reason"] in ("length", "stop")


@pytest.mark.slow
def test_what_only_canvases_can_do(client: TestClient) -> None:
    got = answer(client, chat(canvasgen={"template": "Name: {name}!", **QUICK}))["choices"][0]
    assert got["message"]["content"] == f"Name: {got['canvasgen']['value']['name']}!"
    got = answer(client, chat(canvasgen={"table": {"kind": "latin_square", "puzzle": 3}, **QUICK}))[
        "choices"
    ][0]
    assert [sorted(row) for row in got["canvasgen"]["value"]] == [[1, 2, 3]] * 3
    extension = {"positions": {"fixed": {"0": "A"}}, "excludes": ["Q"], "contains": ["b"], **QUICK}
    got = answer(client, chat(structured_outputs={"regex": "[A-Zab]{3}"}, canvasgen=extension))["choices"][0]
    assert got["message"]["content"][0] == "A"
    assert "b" in got["message"]["content"]
    extension = {"grounded": True, "validators": ["short"], "probabilities": True, **QUICK}
    names = {
        "type": "object",
        "properties": {"n": {"type": "string"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    got = answer(client, chat(structured_outputs={"json": names}, canvasgen=extension))["choices"][0]
    value = json.loads(got["message"]["content"])
    assert value["n"] in PROMPT
    assert got["canvasgen"]["sources"]["n"]["text"] == value["n"]
    extension = {"reasoning_tokens": 8, **QUICK}
    got = answer(client, chat(structured_outputs={"regex": "yes|no"}, canvasgen=extension, max_tokens=40))[
        "choices"
    ][0]
    assert got["message"]["content"] in ("yes", "no")
    assert isinstance(got["message"]["reasoning_content"], str)
    inside = json.dumps({"excludes": ["a"], **QUICK})
    got = answer(client, chat(structured_outputs={"regex": "[ab]{3}"}, vllm_xargs={"canvasgen": inside}))
    assert got["choices"][0]["message"]["content"] == "bbb"


@pytest.mark.parametrize(
    ("extension", "path", "meant"),
    [
        ({"tempalte": "a {b}"}, "$.canvasgen.tempalte", "template"),
        ({"positions": {"fixd": {"0": "a"}}}, "$.canvasgen.positions.fixd", "fixed"),
        ({"positions": {"near": [{"text": "a", "position": 1, "withn": 3}]}}, "$.canvasgen.positions.near[0].withn",
         "within"),
        ('{"zzz": 2}', "$.vllm_xargs.canvasgen.zzz", "contains"),
    ],
    ids=["template", "fixed", "near", "a text in vllm_xargs"],
)  # fmt: skip
def test_a_misspelled_key_of_ours_is_refused(
    client: TestClient, extension: Any, path: str, meant: str
) -> None:
    """Left out in silence, it would be a condition that the answer does not meet."""
    inside = (
        {"vllm_xargs": {"canvasgen": extension}} if isinstance(extension, str) else {"canvasgen": extension}
    )
    got = client.post(URL, json=chat(**inside))
    assert got.status_code == 400, got.text
    error = got.json()["error"]
    assert (error["param"], error["code"]) == (path, "unknown_key")
    assert meant in error["message"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "shema": PERSON}}},
            "$.response_format.json_schema.shema",
        ),
        (
            {
                "tools": [{"type": "function", "function": {"name": "f", "paramters": PERSON}}],
                "tool_choice": "required",
            },
            "$.tools[0].function.paramters",
        ),
    ],
    ids=["format", "tool"],
)
def test_a_misspelled_schema_is_refused(client: TestClient, body: dict[str, Any], path: str) -> None:
    got = client.post(URL, json=chat(**body))
    assert (got.status_code, got.json()["error"]["param"]) == (400, path)


def test_parameters_without_a_meaning_are_listed(client: TestClient) -> None:
    body = chat(structured_outputs={"choice": ["a"]}, top_p=0.9, user="me", unknown=1)
    got = client.post(URL, json=body)
    assert got.headers["x-canvasgen-ignored"] == "top_p, unknown, user"
    assert (
        "x-canvasgen-ignored" not in client.post(URL, json=chat(structured_outputs={"choice": ["a"]})).headers
    )


def test_log_probabilities_under_the_constraint_and_without(client: TestClient) -> None:
    body = chat(structured_outputs={"regex": "[ab]{3}"}, logprobs=True, top_logprobs=2, canvasgen=QUICK)
    choice = answer(client, body)["choices"][0]
    content = choice["logprobs"]["content"]
    assert b"".join(bytes(one["bytes"]) for one in content).decode() == choice["message"]["content"]
    for one in content:
        assert max(one["logprob"], one["model_logprob"]) <= 0
        assert {"token", "logprob", "model_logprob", "bytes"} == {*one["top_logprobs"][0]}
    last = chunks(client.post(URL, json={**body, "stream": True}).text)[-1]
    assert last["choices"][0]["logprobs"] == choice["logprobs"]
    text = {
        "prompt": PROMPT,
        "structured_outputs": {"regex": "[ab]{3}"},
        "seed": 1,
        "logprobs": 1,
        "canvasgen": QUICK,
    }
    logs = answer(client, text, "/v1/completions")["choices"][0]["logprobs"]
    assert (
        len(logs["tokens"])
        == len(logs["token_logprobs"])
        == len(logs["text_offset"])
        == len(logs["top_logprobs"])
    )


@pytest.mark.parametrize(
    ("more", "param", "code"),
    [
        ({"messages": []}, "$.messages", None),
        ({"messages": [{"role": "user", "content": ""}]}, "$.messages", "empty_prompt"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "$.messages[0].content[0].type",
            None,
        ),
        ({"messages": [{"role": "king", "content": "x"}]}, "$.messages[0].role", None),
        ({"temperature": -1}, "$.temperature", None),
        ({"n": 0}, "$.n", None),
        ({"n": 100}, "$.n", "too_many_choices"),
        ({"top_logprobs": 2}, "$.top_logprobs", None),
        ({"response_format": {"type": "xml"}}, "$.response_format", None),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"schema": {"properties": {"a": {"type": "no"}}}},
                }
            },
            "$.response_format.json_schema.schema.properties.a",
            "invalid_constraint",
        ),
        ({"structured_outputs": {"regex": r"(a)\1"}}, "$.structured_outputs.regex", "unsupported_constraint"),
        ({"structured_outputs": {"regex": "a", "choice": ["b"]}}, "$.structured_outputs", None),
        (
            {"structured_outputs": {"regex": "a"}, "response_format": FORMAT},
            "$.structured_outputs.regex",
            None,
        ),
        ({"structured_outputs": {"regex": "a{50}"}, "max_tokens": 2}, "$.max_tokens", "budget_too_small"),
        ({"structured_outputs": {"json": "{"}}, "$.structured_outputs.json", None),
        ({"tool_choice": "required"}, "$.tool_choice", "invalid_tools"),
        ({"tools": [WEATHER, WEATHER]}, "$.tools", "invalid_tools"),
        (
            {"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "x"}}},
            "$.tool_choice",
            None,
        ),
        ({"canvasgen": {"validators": ["x"]}}, "$.canvasgen.validators", "unknown_validator"),
        ({"vllm_xargs": {"canvasgen": "{"}}, "$.vllm_xargs.canvasgen", "invalid_request"),
        ({"vllm_xargs": {"canvasgen": {"quality": "x"}}}, "$.vllm_xargs.canvasgen.quality", None),
        ({"functions": [{"name": "x"}], "function_call": {"name": "y"}}, "$.tool_choice", None),
        ({"canvasgen": {"whitespace": "compact"}}, "$.canvasgen.whitespace", None),
        ({"canvasgen": {"table": {"kind": "chess"}}}, "$.canvasgen.table", "invalid_constraint"),
        ({"messages": [{"role": "user", "content": "x" * 6000}]}, "$", "prompt_too_long"),
        (
            {"messages": [{"role": "user", "content": "x y " * 1200}], "max_tokens": 4000},
            None,
            "context_length_exceeded",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_impossible_says_where(
    client: TestClient, more: dict[str, Any], param: str | None, code: str | None
) -> None:
    got = client.post(URL, json=chat(**more))
    assert got.status_code == 400, got.text
    error = got.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    assert param is None or error["param"].startswith(param)
    assert code in (None, error["code"])


def test_a_text_that_no_validator_passes(client: TestClient) -> None:
    body = chat(
        structured_outputs={"choice": ["much too long"]}, canvasgen={"validators": ["short"], **QUICK}
    )
    got = client.post(URL, json=body)
    assert (got.status_code, got.json()["error"]["code"]) == (422, "validation_failed")


def test_bodies_that_are_no_json(client: TestClient) -> None:
    deep = '{"messages": ' + "[" * 10_000 + "]" * 10_000 + "}"
    for content in (
        "",
        "{",
        "null",
        "[]",
        "\ud800".encode("utf-8", "surrogatepass"),
        deep,
        '{"messages": NaN}',
        "1" * 5000,
    ):
        got = client.post(URL, content=content, headers={"content-type": "application/json"})
        assert got.status_code == 400, (content[:20], got.text)
        assert got.json()["error"]["message"]
    nested = json.dumps(chat()).replace(
        '"seed": 1',
        '"response_format": '
        + '{"type": "json_schema", "json_schema": {"schema": '
        + '{"items":' * 900
        + "{}"
        + "}" * 900
        + "}}",
    )
    assert client.post(URL, content=nested).status_code == 400
    assert client.get("/v1/nowhere").json()["error"]["code"] == "http_error"
    assert client.get(URL).status_code == 405


def test_a_stream_has_the_text_of_the_whole_answer(client: TestClient) -> None:
    body = chat(response_format=FORMAT, n=2)
    whole = answer(client, body)
    got = client.post(URL, json={**body, "stream": True, "stream_options": {"include_usage": True}})
    assert got.headers["content-type"].startswith("text/event-stream")
    told = chunks(got.text)
    assert told[0]["choices"][0]["delta"]["role"] == "assistant"
    for number in range(2):
        parts = [choice for chunk in told for choice in chunk["choices"] if choice["index"] == number]
        text = "".join(part["delta"].get("content") or "" for part in parts)
        assert text == whole["choices"][number]["message"]["content"]
        assert [part["finish_reason"] for part in parts if part["finish_reason"]] == ["stop"]
    assert told[-1]["choices"] == []
    assert told[-1]["usage"] == whole["usage"]
    assert {chunk["object"] for chunk in told} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in told}) == 1


def test_drafts_and_settled_fields_for_who_asks(client: TestClient) -> None:
    body = chat(response_format=FORMAT, stream=True, canvasgen={"drafts": True, "partial": True})
    told = [chunk["choices"][0]["delta"] for chunk in chunks(client.post(URL, json=body).text)]
    drafts = [delta["x-diffusion-draft"] for delta in told if "x-diffusion-draft" in delta]
    assert [draft["step"] for draft in drafts] == [*range(1, len(drafts) + 1)]
    for draft in drafts:
        jsonschema.validate(json.loads(draft["text"]), PERSON)
    settled = [delta["x-diffusion-partial"] for delta in told if "x-diffusion-partial" in delta]
    content = "".join(delta.get("content") or "" for delta in told)
    assert settled[-1] == json.loads(content)


def test_the_arguments_of_tools_are_streamed(client: TestClient) -> None:
    for choice in ("required", {"type": "function", "function": {"name": "weather"}}):
        body = chat(tools=[WEATHER], tool_choice=choice, canvasgen=QUICK, max_tokens=100)
        whole = answer(client, body)["choices"][0]["message"]["tool_calls"]
        told = [
            one
            for chunk in chunks(client.post(URL, json={**body, "stream": True}).text)
            for one in chunk["choices"]
        ]
        calls: dict[int, dict[str, str]] = {}
        for delta in (one["delta"] for one in told):
            for call in delta.get("tool_calls", []):
                kept = calls.setdefault(call["index"], {"name": "", "arguments": ""})
                for name in kept:
                    kept[name] += call["function"].get(name) or ""
        assert [*calls.values()] == [call["function"] for call in whole]
        assert told[-1]["finish_reason"] == "tool_calls"


def test_an_error_before_the_first_event_has_its_status(client: TestClient) -> None:
    got = client.post(URL, json=chat(structured_outputs={"regex": "("}, stream=True))
    assert got.status_code == 400


def test_texts_are_continued(client: TestClient) -> None:
    body = {
        "prompt": ["red or green?", "x"],
        "structured_outputs": {"choice": ["red", "green"]},
        "seed": 1,
        "n": 2,
    }
    got = answer(client, {**body, "canvasgen": QUICK}, "/v1/completions")
    assert [choice["index"] for choice in got["choices"]] == [0, 1, 2, 3]
    assert {choice["text"] for choice in got["choices"]} <= {"red", "green"}
    one = {"prompt": "x", "max_tokens": 12, "seed": 1, "canvasgen": QUICK}
    whole = answer(client, {**one, "echo": True}, "/v1/completions")["choices"][0]["text"]
    told = chunks(client.post("/v1/completions", json={**one, "stream": True}).text)
    assert "x" + "".join(chunk["choices"][0]["text"] for chunk in told) == whole
    for wrong in (
        {"prompt": ""},
        {"prompt": []},
        {"suffix": "y"},
        {"prompt": ["a", "b"], "stream": True},
        {"n": 17},
    ):
        assert client.post("/v1/completions", json={**one, **wrong}).status_code == 400


def test_the_state_of_the_server(client: TestClient) -> None:
    assert client.get("/health").json()["status"] == "ok"
    assert client.get("/ready").json() == {"ready": True}
    models = client.get("/v1/models").json()
    assert models["data"][0]["id"] == models["models"][0]["name"] == "tiny"
    assert client.get("/v1/models/tiny").json() == models["data"][0]
    assert client.get("/v1/models/other").status_code == 404
    answer(client, chat(structured_outputs={"choice": ["a"]}))
    metrics = client.get("/metrics").text
    for name in (
        "vllm:num_requests_running",
        "vllm:num_requests_waiting",
        "vllm:prompt_tokens_total",
        "vllm:generation_tokens_total",
        'vllm:request_success_total{finished_reason="stop"',
        "vllm:time_to_first_token_seconds_bucket",
        "vllm:e2e_request_latency_seconds_count",
        "vllm:request_queue_time_seconds_sum",
        "vllm:kv_cache_usage_perc",
        "vllm:diffusion_num_denoising_steps_total",
        "vllm:diffusion_num_canvas_positions_total",
        "vllm:diffusion_num_committed_tokens_total",
        "canvasgen_steps_per_canvas_bucket",
        "canvasgen_conditioning_share_sum",
    ):
        assert name in metrics, name
    kept = re.search(r"^canvasgen_constraints_remembered_bytes\{.*\} (\S+)$", metrics, re.MULTILINE)
    assert kept is not None
    assert 0 < float(kept[1]) < 1e9
