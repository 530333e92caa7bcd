"""mlx-vlm's own loop with sessions, on the CPU, against canvasgen's loop with torch. Run by `make test-mlx`."""

from __future__ import annotations

import pytest

pytest.importorskip("mlx_vlm")
import mlx_vlm
from mlx_folder import WEIGHTS, make_folder

import canvasgen as cg
from canvasgen.denoise import Policy, run
from canvasgen.errors import BudgetTooSmall, ValidationFailed
from canvasgen.integrations.hosted_folder import engine_of_folder
from canvasgen.integrations.mlx_vlm import CanvasModel
from canvasgen.relations import all_different

PROMPT = "Alice Smith, 34, Paris"
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("mlx") / "tiny")


@pytest.fixture(scope="module")
def loaded(folder):
    return mlx_vlm.load(str(folder))


@pytest.fixture(scope="module")
def engine(folder):
    return engine_of_folder(folder)


@pytest.fixture(scope="module")
def own():
    return cg.load(WEIGHTS)


def written(loaded, engine, request, max_tokens=128):
    model, processor = loaded
    row = CanvasModel(model, engine, request, max_tokens=max_tokens)
    text = "".join(result.text for result in row.stream(processor))
    return row.completion, text


@pytest.mark.parametrize(
    "options",
    [
        {"schema": PERSON},
        {"regex": "[A-Z]{3}-[0-9]{4}"},
        {"choice": ["yes", "no"]},
        {"template": "Dear {who}."},
        {"grammar": 'start: "x" ("+" "x")~2..4'},
        {"constraint": cg.infill("f(", ")", cg.regex("[0-9]{1,3}"))},
        {"constraint": cg.edit("I live in Rome.", "Rome", cg.choice(["Oslo", "Bern"]))},
        {"table": cg.table(1, 3, [1, 2, 3], lambda about: [all_different(about.rows[0])], layout="csv")},
        {"constraint": cg.text(until="#") + cg.choice(["yes", "no"])},
        {"regex": "(word ){80,200}end", "max_tokens": 400},
    ],
    ids=[
        "schema",
        "regex",
        "choice",
        "template",
        "grammar",
        "infill",
        "edit",
        "table",
        "think first",
        "several canvases",
    ],
)
def test_the_text_is_that_of_the_own_loop(loaded, engine, own, options):
    settings = {"max_tokens": 128, "seed": 3} | options
    done, text = written(loaded, engine, cg.Request(PROMPT, **settings), settings["max_tokens"])
    job = own.prepare(PROMPT, **settings)
    expected = run(own.denoiser, [job], policy=Policy(restarts=0))[0]
    assert done.text == expected.text
    assert done.token_ids == expected.token_ids
    assert text.strip() == expected.text.strip()


def test_probabilities_of_fields_are_those_of_the_own_loop(loaded, engine, own):
    settings = {"choice": ["yes", "no"], "probabilities": True, "seed": 5, "max_tokens": 128}
    done, _ = written(loaded, engine, cg.Request(PROMPT, **settings))
    expected = run(own.denoiser, [own.prepare(PROMPT, **settings)], policy=Policy(restarts=0))[0]
    (found,), (wanted,) = done.probabilities.values(), expected.probabilities.values()
    assert found.keys() == wanted.keys()
    for value in wanted:
        assert found[value] == pytest.approx(wanted[value], abs=1e-3)  # of two libraries' logits


def test_a_short_budget_has_a_shorter_canvas(loaded, engine):
    done, _ = written(loaded, engine, cg.Request(PROMPT, regex="[a-z]{5,900}", seed=1), 70)
    assert len(done.token_ids) <= 70
    assert cg.regex("[a-z]{5,900}").matches(done.text)


def test_errors_are_those_of_the_request(loaded, engine):
    with pytest.raises(BudgetTooSmall):
        written(loaded, engine, cg.Request(PROMPT, regex="a{900}"), 4)
    with pytest.raises(ValidationFailed):
        written(loaded, engine, cg.Request(PROMPT, regex="[a-c]", validators=[lambda text: False]))
