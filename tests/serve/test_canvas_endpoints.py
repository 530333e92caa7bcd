"""`/v1/decisions`, `/v1/systemone`, `/v1/edits`, `/v1/infill`."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import pytest
from asking import PROMPT
from fastapi.testclient import TestClient

import canvasgen as cg

QUESTIONS = {
    "city": {"question": "Where does she live?", "options": ["Paris", "Rome, the eternal city of Italy"]},
    "old": {"question": "Is she over 30?", "options": [True, False]},
}


def ask(client: TestClient, url: str, **body: Any) -> dict[str, Any]:
    got = client.post(url, json={"seed": 1, **body})
    assert got.status_code == 200, got.text
    return got.json()


def shares_of(engine: cg.Engine, prompt: str, choice: list[str], shows: Any) -> dict[str, float]:
    """The mean over two canvases of noise, by plain calls."""
    settings: Any = {"temperature": 1.0, "max_denoising_steps": 1, "on_step_limit": "return"}
    done = [
        engine.complete(prompt, choice=choice, seed=seed, probabilities=True, prompt_schema=shows, **settings)
        for seed in (1, 2)
    ]
    return {text: math.fsum(made.probabilities[""][text] for made in done) / 2 for text in choice}


def test_a_decision_is_what_the_engine_says(client: TestClient, engine: cg.Engine) -> None:
    options = ["red", "green", "a long answer of several words"]
    body = {"prompt": "red or green?", "options": options, "samples": 2, "show_options": False}
    found = ask(client, "/v1/decisions", **body)["decisions"]["answer"]
    expected = shares_of(engine, "red or green?", options, shows=False)
    assert found["probabilities"] == pytest.approx(expected, abs=1e-4)
    assert found["choice"] == max(expected, key=lambda option: expected[option])
    assert found["confidence"] == max(found["probabilities"].values())


def test_joint_probabilities_are_those_of_whole_answers(client: TestClient, engine: cg.Engine) -> None:
    got = ask(client, "/v1/decisions", prompt=PROMPT, questions=QUESTIONS, joint=True, samples=2)
    assert {*got["decisions"]} == {*QUESTIONS}
    assert got["decisions"]["old"]["choice"] in (True, False)
    assert [len(got["joint"]), math.fsum(one["probability"] for one in got["joint"])] == [
        4,
        pytest.approx(1, abs=1e-6),
    ]
    texts = [
        json.dumps({"city": city, "old": old})
        for city, old in itertools.product(QUESTIONS["city"]["options"], ("true", "false"))
    ]
    asked = f"{PROMPT}\nWhere does she live?\nIs she over 30?"
    shown = {"city": {"enum": QUESTIONS["city"]["options"]}, "old": {"enum": ["true", "false"]}}
    form = {"type": "object", "properties": shown, "required": [*shown]}
    expected = shares_of(engine, asked, texts, shows=form)
    for one in got["joint"]:
        assert one["probability"] == pytest.approx(expected[json.dumps(one["answers"])], abs=1e-4)


def test_typed_questions(client: TestClient) -> None:
    questions = {
        "spam": {"type": "noul", "instructions": "Is it spam?", "criteria": {"true": "advertising"}},
        "tone": {"type": "choice", "criteria": {"calm": "polite", "angry": None}},
        "urgency": {"type": "score", "criteria": ["can wait", {"today": True}, "now"]},
    }
    got = ask(
        client,
        "/v1/systemone",
        state={"message": PROMPT},
        questions=questions,
        model="x",
        joint=True,
        samples=1,
    )
    answers = got["answers"]
    assert 0 <= answers["spam"]["noul"] <= 1
    assert answers["tone"]["choice"] in ("calm", "angry")
    score = answers["urgency"]
    assert score["legend"] == {"0": "can wait", "1": {"today": True}, "2": "now"}
    assert score["score"] == pytest.approx(sum(int(k) * v for k, v in score["probabilities"].items()))
    assert len(got["joint"]) == 12
    assert got["usage"]["input_tokens"] > 0


def test_an_edit_keeps_the_rest_byte_for_byte(client: TestClient) -> None:
    text = "Ann lives in Rome — since 1999."
    got = ask(client, "/v1/edits", text=text, spans=["Rome"], instruction="Ann moved to Paris.", n=2)
    for choice in got["choices"]:
        assert choice["text"].startswith("Ann lives in ")
        assert choice["text"].endswith(" — since 1999.")
    told = {"structured_outputs": {"choice": ["Eve", "Bob"]}, "strength": 0.5}
    assert ask(client, "/v1/edits", text=text, spans=[[0, 3]], **told)["choices"][0]["text"][:3] in (
        "Eve",
        "Bob",
    )
    assert "canvasgen_accepted_edits_total" in client.get("/metrics").text


def test_a_gap_is_filled(client: TestClient) -> None:
    told = {"structured_outputs": {"regex": "[0-9]{2}"}}
    choice = ask(client, "/v1/infill", prefix="Age: ", suffix=" years", **told)["choices"][0]
    assert choice["text"] == f"Age: {choice['infill']} years"
    assert choice["infill"].isdigit()


@pytest.mark.parametrize(
    ("url", "body", "param"),
    [
        ("decisions", {"prompt": "x"}, "$.options"),
        ("decisions", {"options": ["a"]}, "$.prompt"),
        ("decisions", {"prompt": "x", "options": ["a", "a"]}, "$.options"),
        ("decisions", {"prompt": "x", "options": []}, "$.options"),
        ("decisions", {"prompt": "x", "options": [*map(str, range(65))], "steps": 2}, "$.options"),
        ("systemone", {"state": "x", "questions": {}}, "$.questions"),
        ("systemone", {"state": "x", "questions": {"a": {"type": "box"}}}, "$.questions"),
        ("edits", {"text": "Ann", "spans": ["Bob"]}, "$.spans"),
        ("edits", {"text": "Ann", "spans": [[2, 9]]}, "$.spans"),
        ("edits", {"text": "Ann", "spans": [[0, 1, 2]]}, "$.spans[0]"),
        ("infill", {"prefix": "a"}, "$.suffix"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_impossible_says_where(
    client: TestClient, url: str, body: dict[str, Any], param: str
) -> None:
    got = client.post(f"/v1/{url}", json=body)
    assert got.status_code == 400, got.text
    assert got.json()["error"]["param"].startswith(param)
