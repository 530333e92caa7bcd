"""Stock `generate` with sessions against the own loop."""

from __future__ import annotations

import pytest
import torch
from host_contract import BUDGET, REQUESTS, engine, options, outcome_of, reference
from transformers import LogitsProcessorList

import canvasgen as cg
from canvasgen.denoise import Policy, run
from canvasgen.errors import BudgetTooSmall, InvalidConstraint, ModelError, ValidationFailed
from canvasgen.integrations.transformers import CanvasLogitsProcessor, CanvasStreamer

STEPS = 8
NO_RESTARTS = Policy(restarts=0)
NAMES = [name for name in REQUESTS if name not in ("impossible", "refused")]


@pytest.fixture(scope="module")
def loop():
    return engine()


def requests(names):
    return [cg.Request("HELLO " + "ABC" * at, **options(name, at)) for at, name in enumerate(names)]


def generate(loop, processor, **settings):
    given = {"max_new_tokens": BUDGET, "max_denoising_steps": STEPS} | settings
    model = loop.denoiser.model
    return model.generate(**processor.inputs(), logits_processor=LogitsProcessorList([processor]), **given)


@pytest.mark.slow
def test_a_batch_writes_what_the_own_loop_writes(loop):
    made = CanvasLogitsProcessor(loop, requests(NAMES), max_new_tokens=BUDGET, max_denoising_steps=STEPS)
    with made as processor:
        out = generate(loop, processor)
    longest = max(len(session.prompt) for session in processor.sessions)
    for at, name in enumerate(NAMES):
        expected = reference(loop, name, at, "HELLO " + "ABC" * at, NO_RESTARTS)
        assert outcome_of(processor.completions[at]) == expected
        written = tuple(out.sequences[at, longest:].tolist())
        assert written[: len(expected[0])] == expected[0]
        assert set(written[len(expected[0]) :]) <= {0, 1}


@pytest.mark.slow
def test_rows_without_a_request_are_those_of_generate(loop):
    free = loop.encode("HELLO ABC")
    ids = torch.tensor([free])
    torch.manual_seed(3)
    config = {"max_new_tokens": BUDGET, "max_denoising_steps": STEPS}
    both = CanvasLogitsProcessor(
        loop,
        [None, cg.Request("A", regex="[A-Z]{5}", seed=1)],
        max_new_tokens=BUDGET,
        max_denoising_steps=STEPS,
    )
    inputs = both.inputs([free, []])
    torch.manual_seed(3)
    alone = loop.denoiser.model.generate(**inputs, **config).sequences[0]
    torch.manual_seed(3)
    with both:
        out = loop.denoiser.model.generate(**inputs, logits_processor=LogitsProcessorList([both]), **config)
    length = ids.shape[1] + loop.denoiser.canvas_length
    assert out.sequences[0][:length].tolist() == alone[:length].tolist()
    assert len(both.completions[1].value) == 5


def test_the_live_view_shows_valid_drafts(loop):
    shown = []
    request = cg.Request("HELLO", regex="[A-Z]{20,30}", seed=5)
    made = CanvasLogitsProcessor(loop, [request], max_new_tokens=BUDGET, max_denoising_steps=STEPS)
    with made as processor:
        generate(loop, processor, streamer=CanvasStreamer(loop, lambda *one: shown.append(one)))
    (done,) = processor.completions
    committed = [text for text, is_final in shown if is_final]
    assert committed[-1] == done.text
    drafts = [text for text, is_final in shown if not is_final]
    assert len(drafts) >= sum(done.steps)
    assert all(text.isupper() and len(text) <= 30 for text in drafts)


def test_a_bfloat16_model_writes_valid_texts():
    made = engine()
    made.denoiser.model.bfloat16()
    request = cg.Request("HELLO", regex="[A-Z]{3}-[0-9]{4}", seed=5)
    processor = CanvasLogitsProcessor(made, [request], max_new_tokens=16, max_denoising_steps=STEPS)
    with processor:
        generate(made, processor, max_new_tokens=16)
    assert cg.regex("[A-Z]{3}-[0-9]{4}").matches(processor.completions[0].text)


class TestWrongUse:
    def test_generate_must_take_as_many_steps_as_was_said(self, loop):
        made = CanvasLogitsProcessor(
            loop, [cg.Request("A", regex="B+")], max_new_tokens=16, max_denoising_steps=4
        )
        with made as processor, pytest.raises(ModelError, match="takes 8 steps"):
            generate(loop, processor)

    def test_it_must_be_entered(self, loop):
        made = CanvasLogitsProcessor(
            loop, [cg.Request("A", regex="B+")], max_new_tokens=16, max_denoising_steps=8
        )
        with pytest.raises(ModelError, match="inside of `with`"):
            generate(loop, made)

    def test_rows_and_requests_are_as_many(self, loop):
        made = CanvasLogitsProcessor(
            loop, [cg.Request("A", regex="B+")], max_new_tokens=16, max_denoising_steps=8
        )
        with made, pytest.raises(ModelError, match="logits"):
            loop.denoiser.model.generate(
                torch.full((2, 3), 5),
                logits_processor=LogitsProcessorList([made]),
                max_new_tokens=16,
                max_denoising_steps=8,
            )

    def test_the_hook_is_gone_afterwards(self, loop):
        with CanvasLogitsProcessor(loop, [cg.Request("A", regex="B+")], max_new_tokens=16):
            assert len(loop.denoiser.model.model._forward_pre_hooks) == 1
        assert len(loop.denoiser.model.model._forward_pre_hooks) == 0

    def test_impossible_requests_are_refused_before_the_model_runs(self, loop):
        with pytest.raises(BudgetTooSmall):
            CanvasLogitsProcessor(loop, [cg.Request("A", regex="B{40}")], max_new_tokens=16)
        with pytest.raises(InvalidConstraint, match="requests"):
            CanvasLogitsProcessor(loop, [], max_new_tokens=16)
        with pytest.raises(InvalidConstraint, match="steps"):
            CanvasLogitsProcessor(
                loop, [cg.Request("A", max_denoising_steps=9)], max_new_tokens=16, max_denoising_steps=8
            )

    def test_a_refused_text_is_an_error_with_its_row(self, loop):
        request = cg.Request("A", regex="B", validators=[lambda text: False])
        made = CanvasLogitsProcessor(loop, [request], max_new_tokens=16, max_denoising_steps=8)
        with made as processor, pytest.raises(ValidationFailed, match="row 0"):
            generate(loop, processor)


@pytest.mark.slow
def test_probabilities_of_fields_are_those_of_the_own_loop(loop):
    settings = {"choice": ["YES", "NO"], "probabilities": True, "seed": 5, "max_tokens": 16}
    request = cg.Request("HELLO", **settings)
    made = CanvasLogitsProcessor(loop, [request], max_new_tokens=16, max_denoising_steps=STEPS)
    with made as processor:
        generate(loop, processor, max_new_tokens=16)
    job = loop.prepare("HELLO", **settings, max_denoising_steps=STEPS)
    expected = run(loop.denoiser, [job], policy=NO_RESTARTS)[0]
    assert expected.probabilities
    assert processor.completions[0].probabilities == expected.probabilities
