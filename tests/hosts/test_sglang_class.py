"""The hooks on SGLang's own `Gemma4Renoise`, put there by SGLang's own registry, in both of its loops. Run by `make test-sglang`.

SGLang's server, scheduler and model are not run: they ask for CUDA. A table of logits stands in the place of the model.
"""

from __future__ import annotations

import copy
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import sglang_source
import torch
from torch import nn

if not sglang_source.installed():
    pytest.skip("needs sglang: make test-sglang", allow_module_level=True)
from sglang.srt.dllm.algorithm.base import DllmAlgorithm
from sglang.srt.dllm.algorithm.gemma4_renoise import Gemma4Renoise
from sglang.srt.plugins.hook_registry import HookRegistry

import canvasgen as cg
from canvasgen.integrations import HostModel
from canvasgen.integrations import sglang as plugin
from canvasgen.vocabulary import Vocabulary

LENGTH, STEPS = 16, 8
END = 1
LETTERS = [bytes([byte]) for byte in (10, *range(32, 127))]
VOCABULARY = Vocabulary([None, None, None, *LETTERS, None], end_ids=[END], pad_id=0)
SIZE = 100


class Req(SimpleNamespace):
    """SGLang's request, with what `validate_request` reads of it."""

    __hash__ = object.__hash__


def request(rid, **params):
    usual = {
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
        "repetition_penalty": 1.0,
        "min_new_tokens": 0,
        "min_p": 0.0,
        "sampling_seed": None,
        "logit_bias": None,
        "json_schema": None,
        "regex": None,
        "ebnf": None,
        "structural_tag": None,
        "custom_params": None,
        "max_new_tokens": 64,
    }
    none = dict.fromkeys(
        (
            "return_logprob",
            "return_flat_raw_top_logprobs",
            "custom_logit_processor",
            "return_sampling_mask",
        )
    )
    return Req(
        rid=rid,
        origin_input_ids=[5, 6, 7],
        sampling_params=SimpleNamespace(**usual | params),
        logprob=SimpleNamespace(top_logprobs_num=0, token_ids_logprob=None),
        **none,
    )


class Runner:
    """SGLang's model runner around a table: logits of a canvas, whatever is beside it."""

    def __init__(self, seed):
        generator = torch.Generator().manual_seed(seed)
        self.table = torch.randn(SIZE, LENGTH, SIZE, generator=generator) * 3
        self.model_config = SimpleNamespace(
            hf_config=SimpleNamespace(text_config=SimpleNamespace(vocab_size=SIZE))
        )
        embedding = nn.Embedding(SIZE, 4)
        embedding.requires_grad_(False)
        embedding.embed_scale = 1.0
        self.model = SimpleNamespace(get_input_embeddings=lambda: embedding)
        self.passes = 0

    def forward(self, batch, pp_proxy_tensors=None):
        self.passes += 1
        canvases = batch.input_ids.view(-1, LENGTH)
        logits = torch.stack([self.table[canvas[::4]].mean(0) for canvas in canvases])
        return SimpleNamespace(
            logits_output=SimpleNamespace(full_logits=logits.view(-1, SIZE)), can_run_graph=False
        )


@contextmanager
def hooked():
    """The plugin, as SGLang loads it; taken off again."""
    own = dict(vars(Gemma4Renoise))
    model = HostModel(VOCABULARY, LENGTH)
    made = plugin.register(lambda: cg.load(model))
    HookRegistry.apply_hooks()
    try:
        yield made
    finally:
        HookRegistry.reset()
        for name in plugin.HOOKED:
            setattr(Gemma4Renoise, name, own[name])


@pytest.fixture
def hooks():
    with hooked() as made:
        yield made


def algorithm(fdfo):
    config = SimpleNamespace(
        block_size=LENGTH,
        mask_id=-1,
        first_done_first_out_mode=fdfo,
        algorithm_config={"max_denoising_steps": STEPS},
        capture_input_preparation=True,
    )
    return Gemma4Renoise(config)


def batch_of(rids):
    return SimpleNamespace(
        rids=list(rids),
        batch_size=len(rids),
        forward_mode=SimpleNamespace(is_dllm_extend=lambda: True),
        input_ids=torch.zeros(len(rids) * LENGTH, dtype=torch.int64),
        dllm_prompt_mask=None,
        dllm_input_preparation_state=None,
        mark_forward_metadata_ready=lambda replan_equivalent: None,
    )


def run(requests, fdfo, seed=0, blocks=5):
    """The tokens of each request up to its end, by SGLang's own loop; those that are over leave the batch."""
    made, runner = algorithm(fdfo), Runner(seed)
    written = {one.rid: [] for one in requests}
    states = dict.fromkeys(written)
    for _ in range(blocks * (60 if fdfo else 1)):
        rids = [rid for rid, ids in written.items() if END not in ids and len(ids) < blocks * LENGTH]
        if not rids:
            break
        _, ids, accepted, left, _ = made.run(runner, batch_of(rids), [states[rid] for rid in rids])
        for at, rid in enumerate(rids):
            states[rid] = left[at] if left else None
            if accepted is None or accepted[at]:
                written[rid] += [int(one) for one in ids[at]]
    return {rid: ids[: ids.index(END)] if END in ids else ids for rid, ids in written.items()}, runner


def text(ids):
    return VOCABULARY.text_bytes(torch.tensor(ids).numpy()).decode()


LOOPS = pytest.mark.parametrize("fdfo", [False, True], ids=["together", "first done first out"])
WANTED = {
    "a": {"regex": "[A-Z]{3}-[0-9]{4}"},
    "b": {"json_schema": '{"type": "integer", "minimum": 10, "maximum": 99}'},
    "c": {"custom_params": {"canvasgen": {"regex": "[a-z ]{20,30}", "seed": 1}}},
    "d": {
        "custom_params": {
            "canvasgen": '{"template": {"text": "{x}={x}", "holes": {"x": {"regex": "[ab]{2}"}}}}'
        }
    },
}


def admitted(wanted):
    made = [request(rid, **params) for rid, params in wanted.items()]
    assert [Gemma4Renoise.validate_request(one) for one in made] == [None] * len(made)
    return made


def test_the_class_is_sglangs_own(hooks):
    assert issubclass(Gemma4Renoise, DllmAlgorithm)
    assert Gemma4Renoise.step.__wrapped__.__module__ in sglang_source.REAL


@LOOPS
def test_requests_with_constraints_beside_one_without(hooks, fdfo):
    requests = [*admitted(WANTED), request("free")]
    written, _ = run(requests, fdfo)
    assert cg.regex("[A-Z]{3}-[0-9]{4}").matches(text(written["a"]))
    assert 10 <= int(text(written["b"])) <= 99
    assert cg.regex("[a-z ]{20,30}").matches(text(written["c"]))
    left, _, right = text(written["d"]).partition("=")
    assert left == right != ""


KEYS = {
    "choice": ({"choice": ["yes", "no"]}, "yes|no"),
    "grammar": ({"grammar": 'start: "x" ("+" "x")~2..4'}, r"x(\+x){2,4}"),
    "infill": (
        {"infill": {"prefix": "f(", "suffix": ")", "constraint": {"regex": "[0-9]{1,3}"}}},
        r"f\([0-9]{1,3}\)",
    ),
    "edit": (
        {"edit": {"text": "I live in Rome.", "span": "Rome", "constraint": {"choice": ["Oslo", "Bern"]}}},
        r"I live in (Oslo|Bern)\.",
    ),
    "positions": ({"regex": "[a-z ]{5,40}", "contains": "the"}, "[a-z ]*the[a-z ]*"),
    "table": (
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
    "think first": ({"think": "#", "choice": ["yes", "no"]}, "[^#]*#(yes|no)"),
}


def test_all_of_the_key(hooks):
    wanted = {name: {"custom_params": {"canvasgen": written}} for name, (written, _) in KEYS.items()}
    wanted["ebnf"] = {"ebnf": 'start: "a" "b"~1..3'}
    written, _ = run(admitted(wanted), fdfo=True)
    for name, (_, pattern) in KEYS.items():
        assert cg.regex(pattern).matches(text(written[name])), name
    assert cg.regex("ab{1,3}").matches(text(written["ebnf"]))


@LOOPS
def test_a_request_without_a_constraint_is_that_of_sglang(fdfo):
    alone, _ = run([request("free")], fdfo)
    with hooked():
        beside, _ = run([*admitted(WANTED), request("free")], fdfo)
    assert beside["free"] == alone["free"]


@LOOPS
def test_all_ranks_draw_the_same(hooks, fdfo):
    """Each has a scheduler and sessions of its own; the request brings no seed."""
    wild = {"x": {"custom_params": {"canvasgen": {"regex": "[a-z]{12}", "temperature": 8.0}}}}
    texts = [run(admitted(copy.deepcopy(wild)), fdfo)[0]["x"] for _ in range(2)]
    other = {"y": wild["x"]}
    assert texts[0] == texts[1] != run(admitted(other), fdfo)[0]["y"]


@LOOPS
def test_a_request_may_take_more_steps_than_the_server(hooks, fdfo):
    wanted = {
        "x": {
            "custom_params": {
                "canvasgen": {"regex": "[a-z]{12}", "temperature": 9.0, "max_denoising_steps": 3 * STEPS}
            }
        }
    }
    written, runner = run(admitted(wanted), fdfo, blocks=1)
    assert cg.regex("[a-z]{12}").matches(text(written["x"]))
    assert runner.passes > STEPS


@LOOPS
def test_a_request_that_fails_ends_alone_and_writes_nothing(hooks, fdfo, monkeypatch):
    requests = admitted(WANTED)
    broken = requests[0].canvasgen
    broken.job = None  # whatever goes wrong when its session begins
    written, _ = run(requests, fdfo)
    assert written["a"] == []
    assert broken.error is not None
    assert 10 <= int(text(written["b"])) <= 99


def test_what_is_held_goes_with_sglangs_request(hooks):
    requests = admitted(WANTED)
    assert len(hooks) == len(WANTED)
    run(requests, fdfo=False)
    del requests
    assert len(hooks) == 0
    run([request("free")], fdfo=False)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"regex": "("}, "position"),
        ({"regex": "a{900}", "max_new_tokens": 3}, "budget"),
        ({"regex": "a", "min_p": 0.5}, "min_p"),
        ({"regex": "a", "structural_tag": "{}"}, "structural_tag"),
        ({"custom_params": {"canvasgen": {"regexx": "a"}}}, "regexx"),
    ],
    ids=["regex", "budget", "an option of sampling", "structural tag", "key"],
)
def test_wrong_requests_are_refused_with_a_reason(hooks, params, says):
    assert says in Gemma4Renoise.validate_request(request("x", **params))
