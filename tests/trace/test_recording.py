"""A full trace says what the loop did, and the loop does the same without it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import canvasgen as cg
from canvasgen.denoise import Draft
from canvasgen.errors import InvalidConstraint, InvalidTrace, ValidationFailed
from canvasgen.trace import ACCEPTED, FORCED, TEXT, Trace

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
ASKED = {
    "schema": {"schema": PERSON, "seed": 3},
    "greedy": {"schema": PERSON, "seed": 3, "temperature": 0},
    "free text": {"max_denoising_steps": 2, "seed": 1},
    "several canvases": {"regex": "(word ){60}", "max_denoising_steps": 2, "seed": 1, "max_tokens": 300},
    "a gap, whose starts race": {"constraint": cg.infill("Ann is ", " years old", int), "seed": 2},
    "led by drafts": {"schema": PERSON, "property_order": "model", "seed": 2},
    "a table": {"constraint": cg.latin_square(2, mode="exact"), "seed": 2},
}  # fmt: skip
QUIET = {"on_step_limit": "return"}


@pytest.fixture(scope="module")
def engine() -> cg.Engine:
    return cg.load()


@pytest.mark.slow
@pytest.mark.parametrize("case", list(ASKED))
def test_a_trace_changes_nothing_and_tells_the_steps(engine: cg.Engine, case: str) -> None:
    options = {**ASKED[case], **QUIET}
    plain = engine.complete("Alice, 34 years old", **options)
    traced = engine.complete("Alice, 34 years old", trace="full", **options)
    assert traced == plain or traced.token_ids == plain.token_ids
    assert (traced.token_ids, traced.log_prob, traced.steps) == (plain.token_ids, plain.log_prob, plain.steps)
    assert plain.full_trace is None
    trace = traced.full_trace
    assert trace is not None
    assert len(trace.steps) == len(traced.trace)
    for told, step in zip(trace.steps, traced.trace, strict=True):
        assert told.draft == tuple(step.ids.tolist())
        assert (told.block, told.step, told.log_partition) == (step.block, step.step, step.log_partition)
        inside = told.marked(TEXT)
        assert told.nats("entropies")[inside].mean() == pytest.approx(step.mean_entropy, abs=2e-3)
        assert told.nats("log_mass")[inside].mean() == pytest.approx(step.log_mass, abs=2e-3)
        assert int(told.marked(ACCEPTED).sum()) <= step.accepted
    assert Trace.from_bytes(trace.to_bytes()) == trace
    assert trace.text == traced.text
    assert [one.block for one in trace.commitments] == list(range(1, traced.blocks + 1))
    assert (
        tuple(token for one in trace.commitments for token in one.ids)
        == traced.token_ids[len(trace.written) :]
    )
    assert trace.outcome == str(traced.outcome)
    assert trace.prompt == "Alice, 34 years old"


def test_states_spans_and_candidates(engine: cg.Engine) -> None:
    done = engine.complete("Alice, 34 years old", schema=PERSON, seed=3, trace="full")
    trace = done.full_trace
    assert trace is not None
    compiled = cg.json_schema(PERSON).compile(engine.vocabulary)
    for step in trace.steps:
        for at in range(len(step.states) - 1):
            assert compiled.token_automaton.run([step.draft[at]], step.states[at]) == step.states[at + 1]
        text = done.trace[step.step - 1].draft.encode()
        for number, start, stop in zip(step.spans[::3], step.spans[1::3], step.spans[2::3], strict=True):
            place = trace.places[number]
            if place.kind == "key":
                assert text[start:stop].decode().strip('"') == place.name
        for at in range(len(step.states) - 1):
            before, after = step.candidates(at)
            assert 0 < len(after) <= 4
            assert 0 < len(before) <= 4
            if step.marked(FORCED)[at]:
                assert after == [(step.draft[at], pytest.approx(1.0, abs=1e-3))]
    named = [trace.places[number].name for number in trace.steps[-1].spans[::3]]
    assert named == ["name", "name", "age", "age"]
    assert trace.constraint is not None
    assert trace.constraint.startswith("JsonSchema(")


@pytest.mark.slow
def test_holes_have_their_names_in_drafts_that_end_with_a_canvas(engine: cg.Engine) -> None:
    words = cg.template("{many}Bye, {name}", many=cg.regex("(word ){60}"), name=cg.regex("[A-Z][a-z]+"))
    done = engine.complete("Ann", constraint=words, max_denoising_steps=1, seed=1, trace="full", **QUIET)
    trace = done.full_trace
    assert trace is not None
    assert trace.commitments[-1].block > 1
    by_block = {step.block: [trace.places[number].name for number in step.spans[::3]] for step in trace.steps}
    assert by_block[1] == ["many"]
    assert by_block[max(by_block)] == ["many", "name"]


def test_only_the_positions_that_are_asked_for(engine: cg.Engine) -> None:
    asked = cg.Tracing(top=2, positions=[5, 1, 1, 9999])
    done = engine.complete("Alice, 34", schema=PERSON, seed=3, trace=asked)
    assert done.full_trace is not None
    for step in done.full_trace.steps:
        assert step.model is not None
        assert {at for at, count in enumerate(step.model.counts) if count} == {1, 5}
        assert max(step.model.counts) <= 2
    without = engine.complete("Alice, 34", schema=PERSON, seed=3, trace=cg.Tracing(top=0))
    assert without.full_trace is not None
    assert all(step.model is None for step in without.full_trace.steps)
    assert without.token_ids == done.token_ids


def test_refusals_are_in_the_trace_of_an_error(engine: cg.Engine) -> None:
    def never(text: str) -> bool:
        raise ValueError(f"not {text}")

    with pytest.raises(ValidationFailed) as caught:
        engine.complete(
            "ab",
            regex="[ab]",
            seed=1,
            validators=[never],
            trace="full",
            max_tokens=4,
            max_denoising_steps=2,
            **QUIET,
        )
    trace = caught.value.trace
    assert {one.text for one in trace.refusals} == {"a", "b"}
    assert all("not " in one.reason for one in trace.refusals)
    assert trace.outcome is None
    assert trace.error
    assert Trace.from_json(trace.to_json()) == trace
    with pytest.raises(ValidationFailed) as plain:
        engine.complete(
            "ab", regex="[ab]", seed=1, validators=[never], max_tokens=4, max_denoising_steps=2, **QUIET
        )
    assert plain.value.trace is None


def test_a_race_is_told(engine: cg.Engine) -> None:
    gap = cg.infill("Ann is ", " years old", int)
    trace = engine.complete("Ann, 34 years old", constraint=gap, seed=2, trace="full").full_trace
    assert trace is not None
    first = [one for one in trace.race if one.step == 1]
    assert len(first) > 1
    assert [one.fate for one in first].count("leads") == 1
    assert len({one.start for one in first}) == len(first)
    going = {one.start for one in first if one.fate in ("leads", "goes on")}
    assert {one.start for one in trace.race if one.step == 2} in (going, set())


def test_a_stream_shows_details(engine: cg.Engine) -> None:
    events = list(engine.stream("Alice", regex="[a-z]{3}", seed=1, trace=cg.Tracing(top=0), **QUIET))
    drafts = [event for event in events if isinstance(event, Draft)]
    assert drafts
    for draft in drafts:
        assert draft.details is not None
        assert draft.details.step == draft.step
    plain = list(engine.stream("Alice", regex="[a-z]{3}", seed=1, **QUIET))
    assert all(event.details is None for event in plain if isinstance(event, Draft))


@pytest.mark.parametrize("value", [None, True, "Full", 3, ["full"]])
def test_other_traces_are_refused(engine: cg.Engine, value: object) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        engine.complete("x", trace=value)
    assert caught.value.rule == "trace"
    assert caught.value.remedy


@pytest.mark.parametrize(
    "options",
    [{"top": -1}, {"top": 65}, {"top": "4"}, {"positions": "12"}, {"positions": [-1]}, {"positions": 3}],
)
def test_wrong_settings_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(InvalidConstraint):
        cg.Tracing(**options)  # type: ignore[arg-type]


def test_a_trace_of_steps_alone(engine: cg.Engine) -> None:
    done = engine.complete("Alice", regex="[a-z]{3}", seed=1, **QUIET)
    trace = done.as_trace()
    assert trace.kind == "steps"
    assert [step.draft for step in trace.steps] == [tuple(step.ids.tolist()) for step in done.trace]
    assert trace.steps[0].marks == ""
    assert Trace.from_json(trace.to_json()) == trace
    with pytest.raises(InvalidTrace):
        cg.Completion("a", "a", (1,), 0.0).as_trace()


def test_a_batch_records_the_rows_that_ask(engine: cg.Engine) -> None:
    asked = [
        {"prompt": "a", "regex": "[a-z]{2}", "seed": seed, "trace": trace, **QUIET}
        for seed, trace in ((1, "full"), (2, "steps"))
    ]
    first, second = engine.batch(asked)
    assert first.full_trace is not None
    assert second.full_trace is None
    alone = engine.complete(**asked[0])
    assert alone.token_ids == first.token_ids
    assert [step.marks for step in alone.full_trace.steps] == [step.marks for step in first.full_trace.steps]


def test_candidates_are_those_of_the_logits() -> None:
    """By hand: three tokens, of which the constraint forbids the best."""
    from canvasgen.denoise.recording.observation import _likely

    logits = torch.log(torch.tensor([[0.7, 0.2, 0.1], [0.9995, 0.0004, 0.0001]], dtype=torch.float64))
    found = _likely(logits, 2)
    assert found[0] == ((0, 1), (round(1000 * np.log(0.7)), round(1000 * np.log(0.2))))
    assert found[1] == ((0,), (round(1000 * np.log(0.9995)),))
