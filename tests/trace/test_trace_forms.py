"""The forms of a trace: what is written is read back, and everything else is refused by name."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_traces import hostile_trace, made_trace

import canvasgen as cg
from canvasgen.errors import InvalidTrace
from canvasgen.trace import Trace
from canvasgen.trace.trace_files import MAGIC


@settings(max_examples=25)
@given(
    positions=st.integers(1, 6),
    steps=st.integers(1, 3),
    blocks=st.integers(1, 3),
    seed=st.integers(0, 99),
    words=st.lists(st.text(max_size=4).filter(lambda text: "\ud800" not in text), min_size=2, max_size=5),
)
def test_both_forms_read_back(positions: int, steps: int, blocks: int, seed: int, words: list[str]) -> None:
    trace = made_trace(positions, steps, blocks, seed=seed, words=tuple(words))
    assert Trace.from_json(trace.to_json()) == trace
    assert Trace.from_bytes(trace.to_bytes()) == trace
    assert Trace.from_json(trace.to_json()).to_json() == trace.to_json()


@pytest.mark.parametrize("name", ["t.json", "t.trace", "T.JSON"])
def test_files_read_back(tmp_path: Path, name: str) -> None:
    trace = hostile_trace()
    trace.save(tmp_path / name)
    assert cg.load_trace(tmp_path / name) == trace
    assert cg.load_trace(str(tmp_path / name)) == trace
    assert ((tmp_path / name).read_bytes()[:1] == b"{") == name.lower().endswith(".json")


def test_a_thousand_long_traces_cost_megabytes() -> None:
    """A real step repeats most of the step before; these made-up ones repeat little, and have 256 positions and 48 steps."""
    assert len(made_trace(256, 48).to_bytes()) < 256_000
    assert len(made_trace(40, 5).to_bytes()) < 8_000


def changed(**fields: object) -> str:
    return json.dumps({**json.loads(made_trace(3, 1).to_json()), **fields})


WRONG = {
    "not JSON": ("{", "this is no trace"),
    "no object": ("[]", "no trace of canvasgen"),
    "another format": (changed(format="x"), "no trace of canvasgen"),
    "an older version": (changed(version=0), "version 0; this canvasgen reads version 1"),
    "a newer version": (changed(version=2), "version 2"),
    "no version": (changed(version=None), "version None"),
    "a version that is true": (changed(version=True), "version True"),
    "a field too many": (changed(more=1), "damaged"),
    "a wrong type": (changed(steps=3), "damaged"),
    "an unknown token": (changed(tokens=[]), "not in the table of tokens"),
    "an unknown place": (changed(places=[]), "a place that does not exist"),
    "NaN": (changed(log_prob=float("nan")), "damaged"),
    "a lone surrogate": ('{"format": "\ud800"}', "no trace"),
    "cut off": (made_trace(3, 1).to_bytes()[:-5], "cut off"),
    "cut off at the version": (MAGIC, "cut off"),
    "binary of a newer version": (MAGIC + b"\x02" + zlib.compress(b"{}"), "version 2"),
    "bytes behind it": (made_trace(3, 1).to_bytes() + b"x", "followed by other bytes"),
    "no zlib": (MAGIC + b"\x01abc", "damaged"),
    "a number": (3, "text or bytes"),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_what_is_no_trace_is_refused(case: str) -> None:
    data, message = WRONG[case]
    with pytest.raises(InvalidTrace, match=message):
        Trace.from_bytes(data)  # type: ignore[arg-type]


def test_lists_of_other_lengths_are_refused() -> None:
    whole = json.loads(made_trace(3, 1).to_json())
    for name, value in {
        "marks": "8",
        "entropies": [1],
        "drawn": [1],
        "spans": [0, 1],
        "states": [0] * 9,
    }.items():
        step = {**whole["steps"][0], name: value}
        with pytest.raises(InvalidTrace, match=r"length|cut off"):
            Trace.from_json(json.dumps({**whole, "steps": [step]}))
    step = {**whole["steps"][0], "model": {"counts": [2, 0, 0], "ids": [2], "log_probs": [0]}}
    with pytest.raises(InvalidTrace, match="counts") as caught:
        Trace.from_json(json.dumps({**whole, "steps": [step]}))
    assert caught.value.path == "steps.0.model"


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    for path in (tmp_path / "no.json", tmp_path, 3):
        with pytest.raises(InvalidTrace):
            cg.load_trace(path)  # type: ignore[arg-type]
    with pytest.raises(InvalidTrace):
        made_trace(3, 1).save(tmp_path)
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(InvalidTrace) as caught:
        cg.load_trace(tmp_path / "bad.json")
    assert caught.value.path == str(tmp_path / "bad.json")


def test_tokens_and_candidates_are_explained() -> None:
    trace = made_trace(5, 3)
    step = trace.steps[0]
    before, after = step.candidates(2)
    assert before == after
    assert [probability for _, probability in before] == pytest.approx(
        [
            2.718281828459045 ** (value / 1000)
            for value in step.model.log_probs[sum(step.model.counts[:2]) :][: len(before)]
        ]
    )
    assert trace.token(2) == b"al"
    assert trace.token(1) == b""
    assert step.nats("entropies")[0] == step.entropies[0] / 1000
