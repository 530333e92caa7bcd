"""vLLM's own server with two tensor-parallel workers, and with asynchronous scheduling. Run by `make test-vllm`.

vLLM for CPUs turns asynchronous scheduling off; `vllm_cpu_parts` keeps it here. Its scheduler and its engine are then the ones of
GPUs (`DiffusionAsyncScheduler`: the next step is scheduled before the last one's tokens are known); the worker computes a step
when it is given it, since there are no streams.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest

pytest.importorskip("vllm")
from test_vllm_server import AS_PERSON, CONTRARY, PERSON, PROMPT, WILD, own, text_of
from vllm_server import Server

import canvasgen as cg

KINDS = {
    "two ranks": (
        ("--tensor-parallel-size", "2"),
        {"VLLM_CPU_OMP_THREADS_BIND": "0|1"},  # vLLM wants a NUMA node for each rank, or to be told
        "world_size=2 rank=1",
    ),
    "asynchronous": (
        ("--async-scheduling",),
        {"VLLM_CPU_PARTS_ASYNCHRONOUS": "1"},
        "DiffusionAsyncScheduler schedules",
    ),
}


@pytest.fixture(scope="module", params=KINDS, ids=list(KINDS))
def server(request, tmp_path_factory):
    options, variables, says = KINDS[request.param]
    if request.param == "two ranks" and (os.cpu_count() or 1) < 2:
        pytest.skip("needs two cores")
    with Server(tmp_path_factory.mktemp("vllm") / "server.log", *options, **variables) as made:
        assert says in made.log.read_text()
        yield made


def test_requests_of_all_kinds_together(server):
    bodies = [
        {"response_format": AS_PERSON},
        {"structured_outputs": {"regex": "[A-Z]{3}-[0-9]{4}"}},
        {},
        own(choice=["yes", "no"], think="#"),
        own(template={"text": "{x} = {x}", "holes": {"x": {"regex": "[ab]{2}"}}}),
        {"structured_outputs": {"json": CONTRARY}},
    ] * 2
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(lambda body: server.chat(PROMPT, **body), bodies))
    for at in (0, 6):
        jsonschema.validate(json.loads(text_of(answers[at])), PERSON)
        assert cg.regex("[A-Z]{3}-[0-9]{4}").matches(text_of(answers[at + 1]))
        assert answers[at + 2][0] == 200  # free text, which vLLM draws anew each time
        assert text_of(answers[at + 3]).partition("#")[2] in ("yes", "no")
        left, _, right = text_of(answers[at + 4]).partition(" = ")
        assert left == right
        assert answers[at + 5][0] == 500  # fails in the worker, alone
    assert server.lives()


def test_a_text_over_several_canvases_closes_within_its_budget(server):
    pattern = "(word ){80,400}end"
    text = text_of(server.chat(PROMPT, structured_outputs={"regex": pattern}, max_tokens=420))
    assert cg.regex(pattern).matches(text)


def test_a_seed_repeats_the_answer(server):
    texts = [text_of(server.chat(PROMPT, **own(**WILD, seed=seed))) for seed in (1, 1, 2, 3)]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1
