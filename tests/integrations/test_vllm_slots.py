"""The plugin's own parts, without vLLM: admission, slots and endings; the whole is in `tests/hosts/test_vllm_server.py`."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import torch
from host_contract import BUDGET, CANVAS, SIZE, engine

import canvasgen as cg
from canvasgen.errors import BudgetTooSmall, CanvasgenError, InvalidConstraint, UnsupportedConstraint
from canvasgen.integrations import HostModel, Sessions
from canvasgen.integrations.vllm import admission
from canvasgen.integrations.vllm.ending import FAILED, KEY, has_failed
from canvasgen.integrations.vllm.slot_sessions import Slots

STEPS = 8


@pytest.fixture(scope="module")
def loop():
    return engine()


@pytest.fixture
def made(loop):
    return cg.load(HostModel.of(loop.denoiser))


@pytest.fixture
def slots(made):
    return Slots(Sessions(made), made, STEPS)


def new(request="r", emitted=(), max_tokens=BUDGET, **written):
    params = SimpleNamespace(
        extra_args={KEY: json.dumps(written)} if written else None, max_tokens=max_tokens
    )
    prompt = [5, 6, 7]
    return SimpleNamespace(
        req_id=request, prompt_token_ids=prompt, prefill_token_ids=[*prompt, *emitted], sampling_params=params
    )


class Worker:
    """What vLLM does with the slots, with a model of random logits that depend on the canvas."""

    def __init__(self, slots):
        self.slots, self.turns, self.emitted = slots, {}, {}

    def add(self, slot, data):
        if self.slots.add(slot, data):
            self.turns[slot], self.emitted[slot] = self.slots.first(slot), []

    def logits(self, canvas):
        generator = torch.Generator().manual_seed(int(canvas.sum()))
        return torch.randn(CANVAS, SIZE, generator=generator) * 4

    def step(self):
        """One step of all; the slots whose request vLLM would end now."""
        denoising = [slot for slot, turn in self.turns.items() if not turn.commits]
        logits = [self.logits(self.turns[slot].canvas) for slot in denoising]
        turns = self.slots.step(denoising, torch.stack(logits)) if denoising else {}
        over = []
        for slot, turn in list(self.turns.items()):
            if turn.commits:
                self.emitted[slot] += turn.canvas.tolist()
                turns[slot] = self.slots.emitted(slot)
                if 1 in self.emitted[slot] or turn.canvas[0] == FAILED:
                    over.append(slot)
        self.turns = turns
        for slot in over:
            del self.turns[slot]
        return over

    def run(self):
        for _ in range(200):
            self.step()
            if not self.turns:
                return
        pytest.fail("a request does not end")


def text(loop, ids):
    return loop.vocabulary.text_bytes(torch.tensor(ids[: ids.index(1)]).numpy()).decode()


def test_requests_end_in_valid_texts(loop, slots):
    worker = Worker(slots)
    kinds = {0: {"regex": "[A-Z]{3}"}, 3: {"regex": "[a-z ]{20,40}", "seed": 2}, 4: {"choice": ["yes", "no"]}}
    for slot, written in kinds.items():
        worker.add(slot, new(f"r{slot}", **written))
    assert not slots.add(1, new("free"))
    assert 1 not in slots
    assert len(slots) == 3
    worker.run()
    assert cg.regex("[A-Z]{3}").matches(text(loop, worker.emitted[0]))
    assert cg.regex("[a-z ]{20,40}").matches(text(loop, worker.emitted[3]))
    assert text(loop, worker.emitted[4]) in ("yes", "no")


def test_a_text_that_fills_its_canvas_is_ended_by_the_next_one(loop, slots):
    worker = Worker(slots)
    worker.add(0, new(regex=f"[A-Z]{{{CANVAS * 2},}}", max_tokens=CANVAS * 2))
    for _ in range(60):
        worker.step()
        if len(worker.emitted[0]) >= 2 * CANVAS:
            break
    assert 1 not in worker.emitted[0][: 2 * CANVAS]
    worker.run()
    assert worker.emitted[0][2 * CANVAS] == 1


def test_a_preempted_request_goes_on_from_what_it_has_written(loop, slots):
    worker = Worker(slots)
    pattern = "[a-z]{24,30}"
    worker.add(0, new(regex=pattern, seed=1))
    while len(worker.emitted[0]) < CANVAS:
        worker.step()
    before = list(worker.emitted[0])
    slots.remove(0)
    del worker.turns[0]
    assert 0 not in slots
    worker.add(5, new(regex=pattern, seed=1, emitted=before))
    worker.run()
    assert cg.regex(pattern).matches(text(loop, before + worker.emitted[5]))


def test_a_slot_is_used_again(loop, slots):
    worker = Worker(slots)
    worker.add(0, new(regex="[A-Z]{30}"))
    worker.step()
    worker.add(0, new(regex="[0-9]{3}"))
    worker.run()
    assert cg.regex("[0-9]{3}").matches(text(loop, worker.emitted[0]))


def test_a_request_that_fails_ends_alone_and_says_so(loop, slots):
    alone = Worker(Slots(Sessions(cg.load(HostModel.of(loop.denoiser))), slots._engine, STEPS))
    alone.add(0, new(regex="[a-z]{20}", seed=1))
    alone.run()
    worker = Worker(slots)
    worker.add(0, new(regex="[a-z]{20}", seed=1))
    broken = new("broken", regex="a")
    broken.sampling_params.extra_args[KEY] = "{"
    worker.add(1, broken)
    worker.add(2, new("long", regex="a{40}", max_tokens=3))
    worker.run()
    assert worker.emitted[0] == alone.emitted[0]
    for slot in (1, 2):
        assert worker.emitted[slot][0] == FAILED
        assert has_failed(SimpleNamespace(sampling_params=broken.sampling_params), worker.emitted[slot])
    assert not has_failed(SimpleNamespace(sampling_params=broken.sampling_params), worker.emitted[0])
    assert not has_failed(SimpleNamespace(sampling_params=SimpleNamespace(extra_args=None)), [FAILED])


def test_logits_that_are_no_numbers_end_one_request(slots):
    slots.add(0, new("good", regex="[a-z]{9}"))
    slots.add(1, new("bad", regex="[a-z]{9}"))
    logits = torch.zeros(2, CANVAS, SIZE)
    logits[1, 2] = torch.nan
    turns = slots.step([0, 1], logits)
    assert turns[1].commits
    assert turns[1].canvas[0] == FAILED
    assert turns[0].canvas[0] != FAILED


def test_answers_to_one_prompt_differ(loop, slots):
    worker = Worker(slots)
    for slot in (0, 1):
        worker.add(slot, new(f"{slot}_r", regex="[a-z]{9,12}", seed=1))
    assert not torch.equal(worker.turns[0].canvas, worker.turns[1].canvas)


class Structured(SimpleNamespace):
    """vLLM's `StructuredOutputsParams`."""

    def __init__(self, **given):
        usual = dict.fromkeys(
            ["json", "regex", "choice", "grammar", "json_object", "whitespace_pattern", "structural_tag"]
        )
        super().__init__(**usual | {"disable_any_whitespace": False} | given)


def params(structured=None, own=None, **given):
    extra = None if own is None else {KEY: own}
    usual = {"max_tokens": 20, "ignore_eos": False, "logprobs": None, "stop": None}
    return SimpleNamespace(structured_outputs=structured, extra_args=extra, **usual | given)


class TestAdmission:
    @pytest.fixture(autouse=True)
    def engine_of(self, made, monkeypatch):
        monkeypatch.setattr(admission, "engine_of", lambda config, tokenizer: made)

    def admitted(self, given):
        admission.admit(given, SimpleNamespace(max_model_len=64), "a tokenizer")
        return json.loads(given.extra_args[KEY])

    @pytest.mark.parametrize(
        ("structured", "key", "value"),
        [
            (Structured(json={"type": "integer"}), "schema", {"type": "integer"}),
            (Structured(json='{"type": "integer"}'), "schema", '{"type": "integer"}'),
            (Structured(regex="a+"), "regex", "a+"),
            (Structured(choice=["a", "b"]), "choice", ["a", "b"]),
            (Structured(grammar='start: "a"'), "grammar", 'start: "a"'),
            (Structured(json_object=True), "schema", {"type": "object"}),
        ],
        ids=["dict", "text", "regex", "choice", "grammar", "object"],
    )
    def test_vllms_own_options_are_moved(self, structured, key, value):
        given = params(structured)
        written = self.admitted(given)
        assert written[key] == value
        assert isinstance(written["seed"], int)
        assert given.structured_outputs is None

    def test_admitting_twice_changes_nothing(self):
        given = params(Structured(regex="a+"), own='{"seed": 3}')
        first = self.admitted(given)
        assert first == self.admitted(given) == {"regex": "a+", "seed": 3}

    def test_a_request_without_a_constraint_is_left_alone(self):
        given = params()
        admission.admit(given, None, None)
        assert given == params()

    @pytest.mark.parametrize(
        ("given", "kind", "path"),
        [
            (params(Structured(regex="a{30}")), BudgetTooSmall, "max_tokens"),
            (params(Structured(regex="(")), InvalidConstraint, "position 0"),
            (params(Structured(structural_tag="x")), InvalidConstraint, "$.structural_tag"),
            (params(Structured(regex="a", whitespace_pattern="x")), UnsupportedConstraint, None),
            (params(Structured(regex="a"), stop=["b"]), UnsupportedConstraint, "stop"),
            (params(Structured(regex="a"), ignore_eos=True), UnsupportedConstraint, "ignore_eos"),
            (params(Structured(regex="a"), logprobs=1), UnsupportedConstraint, "logprobs"),
            (params(own="["), InvalidConstraint, KEY),
            (params(own="[]"), InvalidConstraint, KEY),
            (params(own='{"schema": {}, "grounded": true}'), InvalidConstraint, "canvasgen.grounded"),
            (params(own='{"regex": "a", "temperature": -1}'), CanvasgenError, None),
        ],
    )
    def test_what_is_wrong_is_said(self, given, kind, path):
        with pytest.raises(kind) as raised:
            self.admitted(given)
        assert path is None or raised.value.path == path


def test_a_long_text_is_edited_from_its_beginning(loop, slots):
    """Its beginning is not in vLLM's prompt, as it would be in ours: it is written on the canvas."""
    text_before = "abcdefgh " * (CANVAS // 4) + "Rome"
    worker = Worker(slots)
    edit = {"text": text_before, "span": "Rome", "constraint": {"choice": ["Oslo", "Bern"]}}
    worker.add(0, new(edit=edit, seed=1, max_tokens=len(text_before) + 8))
    worker.run()
    assert text(loop, worker.emitted[0]) in [text_before.replace("Rome", city) for city in ("Oslo", "Bern")]
