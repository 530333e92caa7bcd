"""diffusers' pipeline with sessions against the own loop."""

from __future__ import annotations

import inspect

import pytest
from host_contract import BUDGET, REQUESTS, engine, options, outcome_of, reference
from transformers import DiffusionGemmaForBlockDiffusion

import canvasgen as cg
from canvasgen.denoise import Policy, run
from canvasgen.errors import ModelError, ValidationFailed

diffusers = pytest.importorskip("diffusers")
if "past_key_values" not in inspect.signature(DiffusionGemmaForBlockDiffusion.forward).parameters:
    pytest.skip(
        "diffusers passes past_key_values, which this transformers does not take", allow_module_level=True
    )
from canvasgen.integrations.diffusers import CanvasScheduler  # noqa: E402

STEPS = 8
NAMES = [name for name in REQUESTS if name not in ("impossible", "refused")]


@pytest.fixture(scope="module")
def loop():
    return engine()


def pipe(loop, scheduler, **settings):
    made = diffusers.DiffusionGemmaPipeline(
        model=loop.denoiser.model, scheduler=scheduler, processor=scheduler.processor
    )
    made.set_progress_bar_config(disable=True)
    given = {"gen_length": BUDGET, "num_inference_steps": STEPS} | settings
    return made(prompt=["as the requests say"] * len(scheduler.rows.sessions), **given)


@pytest.mark.slow
def test_a_batch_writes_what_the_own_loop_writes(loop):
    requests = [
        cg.Request(f"HELLO {at}", prompt_schema=False, **options(name, at)) for at, name in enumerate(NAMES)
    ]
    with CanvasScheduler.of(loop, requests, gen_length=BUDGET, steps=STEPS) as scheduler:
        out = pipe(loop, scheduler)
    for at, name in enumerate(NAMES):
        expected = reference(loop, name, at, f"HELLO {at}", Policy(restarts=0), prompt_schema=False)
        assert outcome_of(scheduler.rows.completions[at]) == expected
        assert tuple(out.sequences[at].tolist())[: len(expected[0])] == expected[0]
        assert out.texts[at] == scheduler.rows.completions[at].text


@pytest.mark.slow
def test_without_a_stop_rule_all_steps_run_and_the_text_is_the_same(loop):
    request = cg.Request("HELLO", regex="[A-Z]{5}", seed=2)
    texts = []
    for threshold in (0.005, None):
        with CanvasScheduler.of(loop, [request], gen_length=16, steps=STEPS) as scheduler:
            texts += pipe(loop, scheduler, gen_length=16, confidence_threshold=threshold).texts
    assert texts[0] == texts[1]


@pytest.mark.slow
def test_probabilities_of_fields_are_those_of_the_own_loop(loop):
    settings = {"choice": ["YES", "NO"], "probabilities": True, "seed": 5, "max_tokens": 16}
    with CanvasScheduler.of(loop, [cg.Request("HELLO", **settings)], gen_length=16, steps=STEPS) as scheduler:
        pipe(loop, scheduler, gen_length=16)
    job = loop.prepare("HELLO", **settings, max_denoising_steps=STEPS)
    expected = run(loop.denoiser, [job], policy=Policy(restarts=0))[0]
    assert expected.probabilities
    assert scheduler.rows.completions[0].probabilities == expected.probabilities


def test_a_refused_text_is_an_error_with_its_row(loop):
    request = cg.Request("A", regex="B", validators=[lambda text: False])
    made = CanvasScheduler.of(loop, [request], gen_length=16, steps=STEPS)
    with made as scheduler, pytest.raises(ValidationFailed, match="row 0"):
        pipe(loop, scheduler, gen_length=16)


def test_the_pipeline_must_take_as_many_steps_as_was_said(loop):
    made = CanvasScheduler.of(loop, [cg.Request("A", regex="B+")], gen_length=16, steps=4)
    with made as scheduler, pytest.raises(ModelError, match="takes 8 steps"):
        pipe(loop, scheduler)
