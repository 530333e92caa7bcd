"""The hooks of SGLang on its states of a step, as version 0.5.23 has them; `tests/hosts` has its own class."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from host_contract import CANVAS, SIZE, engine

import canvasgen as cg
from canvasgen.integrations import HostModel
from canvasgen.integrations.sglang import KEY, RenoiseHooks


class Renoise:
    """The states of `Gemma4Renoise`, with SGLang's own rules in a short form: it stops when it is told to."""

    def __init__(self, loop):
        self.loop, self.block_size, self.vocab_size, self.max_denoising_steps = loop, CANVAS, SIZE, 8
        self.stops = False

    def _temperature(self, step):
        return 0.4 + 0.4 * step / self.max_denoising_steps

    def _soft_embeddings(self, probabilities):
        return probabilities @ torch.eye(self.vocab_size)

    def _write_input_ids(self, forward_batch, states):
        forward_batch.input_ids = torch.cat([state["current"] for state in states])

    def init_step_state(self, forward_batch):
        fresh = torch.zeros(CANVAS, dtype=torch.int64)
        return [
            {
                "step": 8,
                "current": fresh,
                "argmax": fresh,
                "history": [],
                "self_conditioning": None,
                "finished": False,
            }
            for _ in forward_batch.rids
        ]

    def step(self, forward_batch, full_logits, states):
        for state, logits in zip(states, full_logits.view(len(states), CANVAS, SIZE), strict=True):
            if not state["finished"]:
                heat = self._temperature(state["step"])
                state["step"] -= 1
                state["argmax"] = state["current"] = logits.argmax(-1)
                state["finished"] = self.stops or state["step"] == 0
                state["self_conditioning"] = (
                    None if state["finished"] else self._soft_embeddings(torch.softmax(logits / heat, -1))
                )
        self._write_input_ids(forward_batch, states)
        return [state["finished"] for state in states]


class Req(SimpleNamespace):
    """SGLang's request; one that can be referred to weakly."""

    __hash__ = object.__hash__


def request(rid, **params):
    usual = {"json_schema": None, "regex": None, "ebnf": None, "custom_params": None, "max_new_tokens": 40}
    return Req(rid=rid, origin_input_ids=[5, 6, 7], sampling_params=SimpleNamespace(**usual | params))


@pytest.fixture
def loop():
    return engine()


@pytest.fixture
def hooks(loop):
    model = HostModel.of(loop.denoiser)
    return RenoiseHooks(lambda: cg.load(model))


def blocks(hooks, algorithm, rids, seed=0):
    """The blocks of some requests until each has an end token."""
    batch = SimpleNamespace(rids=rids)
    written = {rid: [] for rid in rids}
    generator = torch.Generator().manual_seed(seed)
    for _ in range(4):
        states = hooks.init_step_state(Renoise.init_step_state, algorithm, batch)
        for _ in range(9):
            logits = torch.randn(len(rids) * CANVAS, SIZE, generator=generator) * 4
            if all(hooks.step(Renoise.step, algorithm, batch, logits, states)):
                break
        else:
            pytest.fail("a block has no end")
        for rid, state in zip(rids, states, strict=True):
            written[rid] += state["current"].tolist()
    return written


def text(loop, ids):
    return loop.vocabulary.text_bytes(torch.tensor(ids[: ids.index(1)]).numpy()).decode()


@pytest.mark.parametrize("stops", [False, True], ids=["goes on", "would stop"])
def test_requests_with_constraints_beside_one_without(loop, hooks, stops):
    wanted = {
        "a": {"regex": "[A-Z]{3}-[0-9]{4}"},
        "b": {"json_schema": '{"type": "integer", "minimum": 10, "maximum": 99}'},
        "c": {"custom_params": {KEY: {"regex": "[a-z ]{20,30}", "seed": 1}}},
    }
    requests = [request(rid, **params) for rid, params in wanted.items()]
    for one in requests:
        assert hooks.validate_request(lambda req: None, one) is None
        assert one.sampling_params.regex is None
    algorithm = Renoise(loop)
    algorithm.stops = stops
    written = blocks(hooks, algorithm, ["a", "free", "b", "c"])
    assert cg.regex("[A-Z]{3}-[0-9]{4}").matches(text(loop, written["a"]))
    assert 10 <= int(text(loop, written["b"])) <= 99
    assert cg.regex("[a-z ]{20,30}").matches(text(loop, written["c"]))


def test_a_request_without_a_constraint_is_untouched(loop, hooks):
    batch = SimpleNamespace(rids=["x"])
    algorithm = Renoise(loop)
    states = hooks.init_step_state(Renoise.init_step_state, algorithm, batch)
    logits = torch.randn(CANVAS, SIZE)
    hooks.step(Renoise.step, algorithm, batch, logits, states)
    assert torch.equal(states[0]["current"], logits.argmax(-1))


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"regex": "("}, "position"),
        ({"custom_params": {KEY: "{"}}, "JSON"),
        ({"custom_params": {KEY: {"regexx": "a"}}}, "regexx"),
        ({"custom_params": {KEY: {"schema": {"type": "string"}, "grounded": True}}}, "grounded"),
    ],
    ids=["regex", "JSON", "key", "grounded"],
)
def test_wrong_requests_are_refused_with_a_reason(hooks, params, says):
    assert says in hooks.validate_request(lambda req: None, request("a", **params))


def test_what_sglang_refuses_stays_refused(hooks):
    assert hooks.validate_request(lambda req: "no penalties", request("a", regex="a")) == "no penalties"
