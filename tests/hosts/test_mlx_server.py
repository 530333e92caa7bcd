"""mlx-vlm's own server with structured output, over HTTP. Run by `make test-mlx`."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest

pytest.importorskip("mlx_vlm")
from mlx_folder import make_folder

import canvasgen as cg

PROMPT = "Alice Smith, 34, Paris"
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
AS_PERSON = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}


class Server:
    def __init__(self, folder, log):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.log = str(folder), log

    def __enter__(self):
        command = [sys.executable, "-m", "canvasgen.integrations.mlx_vlm_server", "--model", self.folder]
        with self.log.open("w") as out:
            self._process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(self.port)],
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=60):
                    return self
            except OSError:
                if self._process.poll() is not None:
                    raise RuntimeError(f"the server has stopped:\n{self.log.read_text()[-4000:]}") from None
                time.sleep(1)

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(60)

    def post(self, path, body):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps({"model": self.folder} | body).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=900) as answer:
                content = answer.read().decode()
                return answer.status, json.loads(content) if content.startswith("{") else content
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def chat(self, **body):
        messages = [{"role": "user", "content": PROMPT}]
        return self.post("/v1/chat/completions", {"messages": messages, "max_tokens": 128} | body)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    place = tmp_path_factory.mktemp("mlx")
    with Server(make_folder(place / "tiny", chat=True), place / "server.log") as made:
        yield made


def text_of(answer):
    status, body = answer
    assert status == 200, body
    return body["choices"][0]["message"]["content"]


def test_response_format(server):
    jsonschema.validate(json.loads(text_of(server.chat(response_format=AS_PERSON))), PERSON)


def test_json_object(server):
    assert isinstance(json.loads(text_of(server.chat(response_format={"type": "json_object"}))), dict)


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ({"regex": "[A-Z]{3}-[0-9]{4}"}, "[A-Z]{3}-[0-9]{4}"),
        ({"choice": ["yes", "no"]}, "yes|no"),
        (
            {"template": {"text": "Dear {who}.", "holes": {"who": {"regex": "[A-Z][a-z]+"}}}},
            r"Dear [A-Z][a-z]+\.",
        ),
        ({"regex": "[a-z ]{5,60}", "contains": "the"}, "[a-z ]*the[a-z ]*"),
        ({"grammar": 'start: "x" ("+" "x")~2..4'}, r"x(\+x){2,4}"),
        (
            {"infill": {"prefix": "f(", "suffix": ")", "constraint": {"regex": "[0-9]{1,3}"}}},
            r"f\([0-9]{1,3}\)",
        ),
        (
            {
                "edit": {
                    "text": "I live in Rome.",
                    "span": "Rome",
                    "constraint": {"choice": ["Oslo", "Bern"]},
                }
            },
            r"I live in (Oslo|Bern)\.",
        ),
        (
            {
                "table": {
                    "rows": 1,
                    "columns": 2,
                    "cells": [1, 2],
                    "layout": "csv",
                    "relations": [["all_different", [[0, 0], [0, 1]]]],
                }
            },
            r"(1,2|2,1)\n?",
        ),
        ({"think": "#", "choice": ["yes", "no"]}, "[^#]*#(yes|no)"),
    ],
    ids=[
        "regex",
        "choice",
        "template",
        "positions",
        "grammar",
        "infill",
        "edit",
        "table",
        "think first",
    ],
)
def test_own_key(server, written, pattern):
    assert cg.regex(pattern).matches(text_of(server.chat(canvasgen=written)))


def test_a_stream(server):
    status, body = server.chat(response_format=AS_PERSON, stream=True)
    assert status == 200, body
    chunks = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {")]
    deltas = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"]]
    jsonschema.validate(json.loads("".join(deltas)), PERSON)


def test_responses(server):
    form = {"type": "json_schema", "name": "person", "schema": PERSON}
    status, body = server.post(
        "/v1/responses", {"input": PROMPT, "max_output_tokens": 128, "text": {"format": form}}
    )
    assert status == 200, body
    (message,) = [item for item in body["output"] if item["type"] == "message"]
    jsonschema.validate(json.loads(message["content"][0]["text"]), PERSON)


def test_requests_without_a_constraint_go_on(server):
    with ThreadPoolExecutor(3) as pool:
        free = pool.submit(server.chat, max_tokens=20)
        two = [pool.submit(server.chat, canvasgen={"regex": "[a-f]{9}", "seed": 5}) for _ in range(2)]
        assert free.result()[0] == 200
        texts = [text_of(one.result()) for one in two]
    assert texts[0] == texts[1]
    assert cg.regex("[a-f]{9}").matches(texts[0])


def test_others_are_answered_while_a_schema_compiles(server):
    """There are too few tokens for the text, which is known when it is compiled."""
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(server.chat, max_tokens=2, canvasgen={"grammar": "sql_select"})
        answered = 0
        while not slow.done():
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/health", timeout=60) as answer:
                assert answer.status == 200
            answered += 1
            time.sleep(0.2)
        status, says = slow.result()
    assert status == 400, says
    assert "max_tokens" in says
    assert answered > 3  # one, if the event loop compiled


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "x", "schema": {"type": "nope"}},
                }
            },
            "type",
        ),
        ({"canvasgen": {"regex": "(a"}}, "position"),
        ({"canvasgen": "{"}, "JSON"),
        ({"canvasgen": {"regexx": "a"}}, "regexx"),
        ({"canvasgen": {"regex": "a{900}"}, "max_tokens": 3}, "max_tokens"),
        ({"canvasgen": {"schema": PERSON, "grounded": True}}, "grounded"),
        ({"canvasgen": {"choice": ["a"]}, "response_format": AS_PERSON}, "exclude each other"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"response_format": "json"}, "response_format"),
        ({"canvasgen": [1]}, "JSON object"),
    ],
    ids=[
        "schema",
        "regex",
        "JSON",
        "key",
        "budget",
        "grounded",
        "two",
        "no such format",
        "no schema",
        "no object",
        "a list",
    ],
)
def test_bad_requests_are_answered_with_400_and_say_why(server, body, says):
    status, answer = server.chat(**body)
    assert status == 400, answer
    assert says in answer
