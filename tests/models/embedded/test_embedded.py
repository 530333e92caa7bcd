"""The embedded model under real constraints: valid, repeatable, alone as in a batch."""

from __future__ import annotations

import json
import re
from itertools import islice

import jsonschema
import pytest

import canvasgen as cg
from canvasgen.constraints import choice, json_schema, regex
from canvasgen.denoise import Done, Draft, Job, run, stream
from canvasgen.models.embedded import tiny
from canvasgen.models.loading import load
from canvasgen.models.wording import shown_as
from canvasgen.training.tiny.data.examples import TABLES, examples

pytestmark = pytest.mark.skipif(
    not (tiny.WEIGHTS / "model.safetensors").is_file(), reason="the embedded model is not trained yet"
)

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 30},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "city": {"type": "string"},
    },
    "required": ["name", "age", "city"],
    "additionalProperties": False,
}
PROMPT = "Alice Smith, 34 years old, lives in Paris."


@pytest.fixture(scope="module")
def loaded():
    return load(device="cpu")


@pytest.fixture(scope="module")
def jobs(loaded):
    vocabulary = loaded.denoiser.vocabulary
    rows = [
        (json_schema(PERSON), PROMPT, PERSON),
        (json_schema(PERSON), "Bob, 7, Rome", PERSON),
        (regex(r"[A-Z][a-z]{2,9}"), "Name the city: Paris", None),
        (choice(["red", "green", "blue"]), "The sky is blue.", None),
        (None, PROMPT, PERSON),
    ]
    return [
        Job(
            loaded.encode(prompt, schema and shown_as(schema)),
            c and c.compile(vocabulary),
            max_denoising_steps=steps,
            seed=steps,
        )
        for steps, (c, prompt, schema) in enumerate(rows, start=2)
    ]


def test_valid_however_few_the_steps(loaded, jobs):
    done = run(loaded.denoiser, jobs)
    for one in done[:2]:
        jsonschema.validate(json.loads(one.text), PERSON)
        assert one.value == json.loads(one.text)
    assert done[2].text[0].isupper()
    assert done[3].value in ("red", "green", "blue")


@pytest.mark.slow
def test_batch_equals_single(loaded, jobs):
    for job, one in zip(jobs, run(loaded.denoiser, jobs), strict=True):
        alone = run(loaded.denoiser, [job])[0]
        assert (alone.text, alone.steps) == (one.text, one.steps)
        assert alone.log_prob == pytest.approx(one.log_prob, abs=1e-3)


def test_drafts_are_valid_at_every_step(loaded, jobs):
    events = list(stream(loaded.denoiser, jobs[:1]))
    drafts = [event.text for event in events if isinstance(event, Draft)]
    assert drafts
    for text in drafts:
        jsonschema.validate(json.loads(text), PERSON)
    assert isinstance(events[-1], Done)


@pytest.mark.slow
def test_tables_are_filled_from_what_a_text_states():
    """Held-out records, seven tables: most cells come out as the text has them."""
    engine = cg.load()
    right = total = 0
    for number, one in enumerate(islice(examples(2, "test", TABLES), 7)):
        assert one.form is not None
        rows = [[cell.strip() for cell in re.split("[|,]", line.strip("|"))] for line in one.text.split("\n")]
        names, cells = rows[0], [row for row in rows[1:] if not row[0].startswith("---")]
        layout = "markdown" if one.text.startswith("|") else "csv"
        table = cg.table(len(cells), names, cells=str, layout=layout)
        made = engine.generate(one.form.source, table=table, seed=number)
        right += sum(
            mine == wanted
            for row, line in zip(made, cells, strict=True)
            for mine, wanted in zip(row, line, strict=True)
        )
        total += sum(map(len, cells))
    assert right > total / 2


def test_a_long_text_takes_several_blocks(loaded):
    """Twenty names do not fit one canvas of 128 tokens; the list closes within the budget."""
    schema = {"type": "array", "items": {"type": "string", "minLength": 6}, "minItems": 20}
    constraint = json_schema(schema).compile(loaded.denoiser.vocabulary)
    job = Job(loaded.encode("Names.", shown_as(schema)), constraint, max_tokens=300, max_denoising_steps=2)
    done = run(loaded.denoiser, [job])[0]
    jsonschema.validate(json.loads(done.text), schema)
    assert len(done.token_ids) <= 300
    assert done.blocks in (1, 2, 3)
