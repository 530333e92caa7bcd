"""The page at `/`, and what it asks for: the bodies that it makes are ones that the server answers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from canvasgen.serve.routes.application import create_app
from canvasgen.serve.settings import ServeSettings
from canvasgen.viewer import playground_page

PERSON = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}


def test_the_playground_is_at_the_root(client: TestClient) -> None:
    got = client.get("/")
    assert got.headers["content-type"].startswith("text/html")
    assert got.text == playground_page()


def test_an_operator_may_have_another_page(tmp_path: Any, client: TestClient) -> None:
    (tmp_path / "own.html").write_text("<p>own</p>")
    engine = client.app.state.house.engine  # type: ignore[attr-defined]
    app = create_app(engine, ServeSettings(name="tiny", compilers=1, page=str(tmp_path / "own.html")))
    assert TestClient(app).get("/").text == "<p>own</p>"


def events(client: TestClient, **body: Any) -> list[dict[str, Any]]:
    """The objects of a stream, asked for as the page asks."""
    asked = {
        "model": "tiny",
        "messages": [{"role": "user", "content": "Ann, 34"}],
        "stream": True,
        "seed": 1,
        **body,
    }
    got = client.post("/v1/chat/completions", json=asked)
    assert got.status_code == 200, got.text
    lines = [line.removeprefix("data: ") for line in got.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": PERSON}}},
        {"structured_outputs": {"choice": ["yes", "no"]}, "own": {"probabilities": True}},
        {"own": {"table": {"kind": "latin_square", "puzzle": "12.............."}}},
    ],
    ids=["schema", "choice", "table"],
)
def test_what_the_page_reads_is_there(client: TestClient, body: dict[str, Any]) -> None:
    own = body.pop("own", {})
    told = events(client, canvasgen={"drafts": True, **own}, **body)
    choices = [one["choices"][0] for one in told]
    assert choices[0]["delta"]["role"] == "assistant"
    drafts = [one["delta"]["x-diffusion-draft"] for one in choices if "x-diffusion-draft" in one["delta"]]
    assert set(drafts[0]) == {"text", "block", "step"}
    last = choices[-1]
    assert last["finish_reason"] == "stop"
    assert {"outcome", "steps", "log_prob"} <= last["canvasgen"].keys()
    if "table" in own:
        assert [len(row) for row in last["canvasgen"]["value"]] == [4] * 4
    if "probabilities" in own:
        assert set(last["canvasgen"]["probabilities"][""]) == {"yes", "no"}
    assert re.sub(r"\s", "", "".join(one["delta"].get("content") or "" for one in choices))


def test_an_error_names_its_place_in_the_constraint(client: TestClient) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integr"}}}
    format_ = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    body = {"model": "tiny", "messages": [{"role": "user", "content": "x"}], "response_format": format_}
    error = client.post("/v1/chat/completions", json=body).json()["error"]
    assert error["param"].startswith("$.response_format.json_schema.schema.properties.age")
