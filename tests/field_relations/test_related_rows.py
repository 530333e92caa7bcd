"""Relations between fields in the loop: texts over several canvases, erratic models."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.denoise import Job, run
from canvasgen.relations import total

sys.path.append(str(Path(__file__).parents[1] / "denoise"))
from toy_models import Erratic, vocabulary

VOCABULARY = vocabulary(*'abcxy"\\:,{}[]0123456789. \n', '{"', '":', ",1", '"x', "12")
SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"type": "string", "maxLength": 3},
        "b": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 30}, "maxItems": 4},
        "c": {"type": "integer", "minimum": 0, "maximum": 120},
    },
    "required": ["a", "b", "c"],
    "additionalProperties": False,
}
MADE = cg.json_schema(SCHEMA, relations=[total(["b[*]"], "==", "c")])


@pytest.mark.slow
@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from([5, 12, 48]), st.booleans())
def test_sums_are_right_over_several_canvases(seed: int, length: int, cold: bool) -> None:
    """The total comes last, so whatever is written before can be finished."""
    model = Erratic(seed=seed % 997, canvas_length=length, vocabulary=VOCABULARY)
    job = Job([3], MADE.compile(VOCABULARY), 48, 2, 0 if cold else None, seed=seed)
    done = run(model, [job])[0]
    value = json.loads(done.text)
    assert MADE.matches(done.text)
    assert sum(value["b"]) == value["c"]
    assert (done.blocks > 1) == (length < 48) or length == 12


def test_no_canvas_leads_into_a_dead_end() -> None:
    """Four times 2 is the only way to 8: a canvas with a 1 cannot be finished."""
    made = cg.json_schema(
        {"type": "array", "items": {"enum": [1, 2]}, "minItems": 4, "maxItems": 4},
        relations=[total(["[*]"], "==", 8)],
    )
    for seed in range(6):
        model = Erratic(seed=seed, canvas_length=3, vocabulary=VOCABULARY)
        done = run(model, [Job([3], made.compile(VOCABULARY), 24, 2, None, seed=seed)])[0]
        assert json.loads(done.text) == [2, 2, 2, 2]
        assert done.blocks > 2


@pytest.mark.parametrize("text", ['{"a":"\\"x","b":[1,2],"c":3}', '{ "a": "", "b": [ ], "c": 0 }'])
def test_what_is_generated_is_read_through_escapes_and_spaces(text: str) -> None:
    assert MADE.matches(text)
