"""vLLM with the plugin: its own model runner, scheduler, paged cache and OpenAI server. Run by `make test-vllm`."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest

pytest.importorskip("vllm")
from vllm_server import Server

import canvasgen as cg

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
PROMPT = "Alice Smith, 34, Paris"
AS_PERSON = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}

SLOW = {"grammar": "sql_select"}
"""Takes several seconds to compile."""
WILD = {"regex": "[qxz]{30}", "temperature": 8.0, "max_denoising_steps": 1}
"""A text of which the model is not sure."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(
        tmp_path_factory.mktemp("vllm") / "server.log",
        "--enable-auto-tool-choice",
        "--tool-call-parser",
        "hermes",
    ) as made:
        yield made


def text_of(answer) -> str:
    status, body = answer
    assert status == 200, body
    return body["choices"][0]["message"]["content"]


def own(**written) -> dict:
    return {"vllm_xargs": {"canvasgen": json.dumps(written)}}


class TestPlainOptions:
    def test_response_format(self, server):
        value = json.loads(text_of(server.chat(PROMPT, response_format=AS_PERSON)))
        jsonschema.validate(value, PERSON)

    def test_json_object(self, server):
        answer = server.chat(PROMPT, response_format={"type": "json_object"})
        assert isinstance(json.loads(text_of(answer)), dict)

    @pytest.mark.parametrize(
        ("constraint", "pattern"),
        [
            ({"regex": "[A-Z]{3}-[0-9]{4}"}, "[A-Z]{3}-[0-9]{4}"),
            ({"choice": ["yes", "no", "maybe so"]}, "yes|no|maybe so"),
            ({"grammar": 'start: "x" ("+" "x")~2..4'}, r"x(\+x){2,4}"),
        ],
        ids=["regex", "choice", "grammar"],
    )
    def test_structured_outputs(self, server, constraint, pattern):
        assert cg.regex(pattern).matches(text_of(server.chat(PROMPT, structured_outputs=constraint)))

    def test_completions(self, server):
        status, body = server.post(
            "/v1/completions",
            {"prompt": PROMPT, "max_tokens": 32, "structured_outputs": {"regex": "[a-f]{9}"}},
        )
        assert status == 200, body
        assert cg.regex("[a-f]{9}").matches(body["choices"][0]["text"])

    def test_a_named_tool(self, server):
        # without `strict`, vLLM asks for any JSON
        tool = {"type": "function", "function": {"name": "save", "parameters": PERSON, "strict": True}}
        status, body = server.chat(
            PROMPT, tools=[tool], tool_choice={"type": "function", "function": {"name": "save"}}
        )
        assert status == 200, body
        (called,) = body["choices"][0]["message"]["tool_calls"]
        jsonschema.validate(json.loads(called["function"]["arguments"]), PERSON)

    def test_a_stream(self, server):
        status, body = server.chat(PROMPT, response_format=AS_PERSON, stream=True)
        assert status == 200
        chunks = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {")]
        deltas = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"]]
        jsonschema.validate(json.loads("".join(deltas)), PERSON)
        assert body.rstrip().endswith("data: [DONE]")


class TestOwnKey:
    def test_a_template_whose_holes_agree(self, server):
        holes = {"who": {"choice": ["Ann", "Bob", "Eve"]}}
        text = text_of(
            server.chat(PROMPT, **own(template={"text": "Dear {who}, bye {who}.", "holes": holes}))
        )
        assert text[5 : text.index(",")] == text[text.index("bye ") + 4 : -1]

    def test_positions(self, server):
        text = text_of(server.chat(PROMPT, **own(regex="[a-z ]{5,60}", contains="the", excludes=["a"])))
        assert "the" in text
        assert "a" not in text

    def test_a_table(self, server):
        table = {"rows": 2, "columns": 2, "cells": [1, 2], "layout": "csv"}
        pairs = [[[0, 0], [0, 1]], [[1, 0], [1, 1]], [[0, 0], [1, 0]], [[0, 1], [1, 1]]]
        table["relations"] = [["all_different", pair] for pair in pairs]
        text = text_of(server.chat(PROMPT, **own(table=table)))
        rows = [line.split(",") for line in text.split()]
        assert {rows[0][0], rows[0][1]} == {rows[1][0], rows[0][0]} == {"1", "2"}

    def test_an_edit(self, server):
        edit = {"text": "I live in Rome now.", "span": "Rome", "constraint": {"choice": ["Oslo", "Bern"]}}
        assert text_of(server.chat(PROMPT, **own(edit=edit))) in (
            "I live in Oslo now.",
            "I live in Bern now.",
        )

    def test_an_infill(self, server):
        infill = {"prefix": "f(", "suffix": ")", "constraint": {"regex": "[0-9]{1,3}"}}
        assert cg.regex(r"f\([0-9]{1,3}\)").matches(text_of(server.chat(PROMPT, **own(infill=infill))))

    def test_thoughts_come_before_the_constraint(self, server):
        text = text_of(server.chat(PROMPT, **own(think="#", choice=["yes", "no"])))
        assert text.partition("#")[2] in ("yes", "no")

    def test_a_long_text_is_edited_from_its_beginning(self, server):
        before = "All of this stays as it is. " * 12
        edit = {
            "text": f"{before}I live in Rome.",
            "span": "Rome",
            "constraint": {"choice": ["Oslo", "Bern"]},
        }
        text = text_of(server.chat(PROMPT, max_tokens=500, **own(edit=edit)))
        assert text in (f"{before}I live in Oslo.", f"{before}I live in Bern.")

    def test_a_seed_repeats_the_answer(self, server):
        texts = [text_of(server.chat(PROMPT, **own(**WILD, seed=seed))) for seed in (1, 1, 2, 3)]
        assert texts[0] == texts[1]
        assert len(set(texts)) > 1

    def test_several_answers_to_one_prompt_differ(self, server):
        status, body = server.chat(PROMPT, n=2, **own(**WILD, seed=1))
        assert status == 200, body
        first, second = (choice["message"]["content"] for choice in body["choices"])
        assert first != second


def test_a_text_over_several_canvases_closes_within_its_budget(server):
    status, body = server.chat(PROMPT, structured_outputs={"regex": "(word ){80,400}end"}, max_tokens=420)
    assert status == 200, body
    assert cg.regex("(word ){80,400}end").matches(body["choices"][0]["message"]["content"])
    assert body["usage"]["completion_tokens"] > 128


def test_requests_of_all_kinds_together(server):
    """More than the server has slots for, so that slots are used again."""
    bodies = [
        {"response_format": AS_PERSON},
        {"structured_outputs": {"regex": "[A-Z]{3}"}},
        {},
        {"structured_outputs": {"choice": ["yes", "no"]}},
        {"max_tokens": 5},
        own(template="A {x} b"),
    ] * 2
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(lambda body: server.chat(PROMPT, **body), bodies))
    texts = [text_of(answer) for answer in answers]
    for at in (0, 6):
        jsonschema.validate(json.loads(texts[at]), PERSON)
        assert cg.regex("[A-Z]{3}").matches(texts[at + 1])
        assert texts[at + 3] in ("yes", "no")
        assert texts[at + 5].startswith("A ")
        assert texts[at + 5].endswith(" b")


BAD = {
    "no schema": (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "schema": {"type": "nope"}},
            }
        },
        "type",
    ),
    "regex": ({"structured_outputs": {"regex": "(a"}}, "position"),
    "grammar": ({"structured_outputs": {"grammar": "start: missing"}}, "missing"),
    "budget": ({"structured_outputs": {"regex": "a{900}"}, "max_tokens": 3}, "max_tokens"),
    "impossible": (own(regex="a+", contains="b"), ""),
    "key": (own(regexx="a"), "regexx"),
    "no JSON": ({"vllm_xargs": {"canvasgen": "{"}}, "JSON"),
    "two": ({"structured_outputs": {"regex": "a"}, **own(choice=["a"])}, "exclude each other"),
    "nested": (own(template={"text": "{x}", "holes": {"x": {"regex": "("}}}), "holes"),
    "stop": ({"structured_outputs": {"regex": "a+"}, "stop": ["b"]}, "stop"),
    "temperature": (own(regex="a", temperature=-1), "temperature"),
    "steps": (own(regex="a", max_denoising_steps=0), "max_denoising_steps"),
    "grounded": (own(schema=PERSON, grounded=True), "grounded"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_bad_requests_are_answered_with_400_and_say_where(server, name):
    body, says = BAD[name]
    status, answer = server.chat(PROMPT, **body)
    assert status == 400, answer
    assert says in answer["error"]["message"]
    assert server.lives()


CONTRARY = {
    "type": "string",
    "allOf": [{"pattern": "^(a|b)*a(a|b){40}$"}, {"pattern": "^(a|b)*b(a|b){40}$"}],
}
"""No text matches both patterns, each of which is too large for an automaton: validators refuse what is generated."""


def test_a_schema_without_values_is_answered_with_400(server):
    """The compiler finds it out."""
    schema = {"type": "string", "pattern": "^a{1,3}$", "not": {"pattern": "a"}}
    status, answer = server.chat(PROMPT, structured_outputs={"json": schema})
    assert status == 400, answer


def test_a_request_that_fails_in_the_worker_ends_alone(server):
    """It is the server that finds no answer, so the status is 500; the others go on."""
    with ThreadPoolExecutor(2) as pool:
        good = pool.submit(server.chat, PROMPT, structured_outputs={"regex": "[a-z]{9}"})
        status, answer = server.chat(PROMPT, structured_outputs={"json": CONTRARY})
        assert status == 500, answer
        assert cg.regex("[a-z]{9}").matches(text_of(good.result()))
    assert server.lives()
    assert cg.regex("[a-z]{9}").matches(
        text_of(server.chat(PROMPT, structured_outputs={"regex": "[a-z]{9}"}))
    )


def test_others_are_answered_while_a_schema_compiles(server):
    """What compiles is another process. There are too few tokens for the text, which is known when it is compiled."""
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(server.chat, PROMPT, max_tokens=2, **own(**SLOW))
        quick = pool.submit(server.chat, PROMPT, structured_outputs={"regex": "[a-d]{5}"})
        answered = 0
        while not slow.done():
            assert server.lives()
            answered += 1
            time.sleep(0.2)
        status, answer = slow.result()
        assert cg.regex("[a-d]{5}").matches(text_of(quick.result()))
    assert status == 400, answer
    assert "max_tokens" in answer["error"]["message"]
    assert answered > 3  # one, if the event loop compiled


def test_what_canvasgen_does_is_counted_beside_vllms_own(server):
    before = server.metrics()
    text_of(server.chat(PROMPT, response_format=AS_PERSON))
    assert server.chat(PROMPT, structured_outputs={"regex": "("})[0] == 400
    assert server.chat(PROMPT, structured_outputs={"json": CONTRARY})[0] == 500
    after = server.metrics()

    def grown(name, **labels):
        return value_of(after, name, labels) - value_of(before, name, labels)

    assert grown("canvasgen_steps_per_canvas_count") >= 1
    assert grown("canvasgen_steps_per_canvas_sum") >= grown("canvasgen_steps_per_canvas_count")
    assert 0 < grown("canvasgen_conditioning_share_sum") <= grown("canvasgen_conditioning_share_count")
    assert grown("canvasgen_rejected_requests_total", error="InvalidConstraint") == 1
    assert grown("canvasgen_failed_requests_total") == 1
    assert grown("canvasgen_validator_refusals_total") >= 1
    assert grown("vllm:diffusion_num_denoising_steps_total") >= 1


def value_of(metrics, name, labels):
    """The sum of a metric's lines that have the labels."""
    values = [
        float(line.rpartition(" ")[2])
        for line in metrics.splitlines()
        if line.partition("{")[0] == name and all(f'{key}="{value}"' in line for key, value in labels.items())
    ]
    return sum(values)
