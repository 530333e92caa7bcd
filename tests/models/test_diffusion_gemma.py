"""The adapter against the model's own `generate()`, and its cache against a fresh reading."""

from __future__ import annotations

import gemma_toys
import pytest
import torch
from gemma_toys import CANVAS, END, PAD, SIZE
from transformers.models.diffusion_gemma.generation_diffusion_gemma import (
    DiffusionGemmaGenerationConfig,
    EntropyBoundSamplerConfig,
)

from canvasgen.denoise import Defaults, Denoiser, Job, run
from canvasgen.errors import ModelError
from canvasgen.models.diffusion_gemma import DiffusionGemma, defaults_of, end_ids_of, pad_id_of
from canvasgen.vocabulary import Vocabulary

STEPS = 8
BUDGET = 4 * CANVAS


class SameDraws:
    """The draws that `generate()` makes of torch's global generator, for the whole batch at once."""

    def __init__(self, batch):
        self._batch = batch

    def canvas(self, rows):
        return torch.randint(0, SIZE, (self._batch, CANVAS))[list(rows)]

    def tokens(self, rows, probabilities):
        everybody = torch.full((self._batch, CANVAS, SIZE), 1 / SIZE)
        everybody[list(rows)] = probabilities
        return torch.multinomial(everybody.view(-1, SIZE), 1).view(self._batch, CANVAS)[list(rows)]

    def seed(self, row):
        raise AssertionError("free text needs no joint samples")


@pytest.fixture(scope="module")
def model():
    return gemma_toys.model()


def own_generate(model, prompts, seed, end_ids, max_tokens, **options):
    model.generation_config.eos_token_id = end_ids
    config = DiffusionGemmaGenerationConfig(
        max_new_tokens=max_tokens,
        max_denoising_steps=STEPS,
        sampler_config=EntropyBoundSamplerConfig(entropy_bound=options["bound"]),
        t_min=0.1,
        t_max=0.8,
        stability_threshold=options["stability"],
        confidence_threshold=options["confidence"],
        pad_token_id=PAD,
        eos_token_id=end_ids,
    )
    width = max(map(len, prompts))
    ids = torch.tensor([[PAD] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    torch.manual_seed(seed)
    out = model.generate(ids, attention_mask=mask, generation_config=config).sequences[:, width:].tolist()
    ends = [next((i + 1 for i, token in enumerate(row) if token in (end_ids or [])), len(row)) for row in out]
    return [tuple(row[:end]) for row, end in zip(out, ends, strict=True)]


CASES = {
    "own settings": ((9,), None, {"bound": 0.1, "confidence": 0.005, "stability": 1}),
    "long prompt": ((50,), None, {"bound": 30.0, "confidence": 1.0, "stability": 1}),
    "early stop": ((7, 7), None, {"bound": 30.0, "confidence": 1.0, "stability": 1}),
    "no stability": ((5, 30, 12), None, {"bound": 10.0, "confidence": 0.4, "stability": 0}),
    "two steps stable": ((12, 4), None, {"bound": 40.0, "confidence": 3.0, "stability": 2}),
    "padding": ((5, 30, 12), None, {"bound": 20.0, "confidence": 0.8, "stability": 1}),
    "ends, one prompt": ((6,), [END, 7, 9], {"bound": 20.0, "confidence": 1.0, "stability": 1}),
    "ends, all steps": ((5, 30, 12), [END, 4], {"bound": 20.0, "confidence": 1e-9, "stability": 1}),
}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("case", CASES)
def test_same_tokens_as_generate(model, case, seed):
    lengths, end_ids, options = CASES[case]
    prompts = gemma_toys.prompts(seed, *lengths)
    expected = own_generate(model, prompts, seed, end_ids, BUDGET, **options)
    denoiser = DiffusionGemma(model, gemma_toys.vocabulary(end_ids or ()))
    denoiser.defaults = Defaults(
        STEPS, 0.1, 0.8, options["bound"], options["stability"], options["confidence"]
    )
    torch.manual_seed(seed)
    jobs = [Job(prompt, max_tokens=BUDGET) for prompt in prompts]
    done = run(denoiser, jobs, randomness=SameDraws(len(prompts)))
    assert [one.token_ids for one in done] == expected


def test_some_case_stops_early(model):
    """The cases above mean something only if the stop rule fires in some blocks and not in others."""
    lengths, _, options = CASES["early stop"]
    denoiser = DiffusionGemma(model, gemma_toys.vocabulary(()))
    denoiser.defaults = Defaults(
        STEPS, 0.1, 0.8, options["bound"], options["stability"], options["confidence"]
    )
    done = run(denoiser, [Job(prompt, max_tokens=64) for prompt in gemma_toys.prompts(0, *lengths)])
    steps = {number for one in done for number in one.steps}
    assert min(steps) < STEPS


@pytest.mark.parametrize("window", [20, 64])
def test_rows_commits_and_selections_leave_the_logits_alone(window):
    denoiser = DiffusionGemma(gemma_toys.model(3, sliding_window=window), gemma_toys.vocabulary())
    assert isinstance(denoiser, Denoiser)
    g = torch.Generator().manual_seed(1)
    first, second = torch.randint(0, SIZE, (2, 3, CANVAS), generator=g)
    told = torch.randn(3, CANVAS, SIZE, generator=g)
    prompts = gemma_toys.prompts(4, 5, 30, 12)
    context = denoiser.prefill(prompts)
    before = denoiser.denoise(context, first, told)
    after = denoiser.commit(context, second)
    logits = denoiser.denoise(after, first, told)
    assert logits.dtype == torch.float32
    assert torch.equal(denoiser.denoise(context, first, told), before)
    close = {"rtol": 0, "atol": 1e-4}
    for row, prompt in enumerate(prompts):
        one = slice(row, row + 1)
        torch.testing.assert_close(
            denoiser.denoise(denoiser.prefill([prompt]), first[one], told[one]), before[one], **close
        )
        fresh = denoiser.prefill([prompt + second[row].tolist()])
        torch.testing.assert_close(denoiser.denoise(fresh, first[one], told[one]), logits[one], **close)
    picked = [2, 0]
    some = denoiser.select(after, picked)
    torch.testing.assert_close(denoiser.denoise(some, first[picked], told[picked]), logits[picked], **close)
    more = denoiser.commit(some, first[picked])
    everything = [prompts[row] + second[row].tolist() + first[row].tolist() for row in picked]
    expected = denoiser.denoise(denoiser.prefill(everything), second[picked], None)
    torch.testing.assert_close(denoiser.denoise(more, second[picked], None), expected, **close)


def test_batch_equals_single(model):
    denoiser = DiffusionGemma(model, gemma_toys.vocabulary())
    jobs = [
        Job(prompt, seed=number, max_tokens=40, max_denoising_steps=4 + number)
        for number, prompt in enumerate(gemma_toys.prompts(5, 3, 25, 11))
    ]
    together = run(denoiser, jobs)
    for job, one in zip(jobs, together, strict=True):
        alone = run(denoiser, [job])[0]
        assert (alone.token_ids, alone.steps, alone.outcome) == (one.token_ids, one.steps, one.outcome)


def test_half_precision_stays_float32_outside(model):
    denoiser = DiffusionGemma(gemma_toys.model().to(torch.bfloat16), gemma_toys.vocabulary())
    logits = denoiser.denoise(
        denoiser.prefill([[5, 6]]), torch.full((1, CANVAS), 7), torch.randn(1, CANVAS, SIZE)
    )
    assert logits.dtype == torch.float32
    assert torch.isfinite(logits).all()


def test_settings_come_from_the_generation_config(model):
    model.generation_config = DiffusionGemmaGenerationConfig(
        max_denoising_steps=7,
        sampler_config=EntropyBoundSamplerConfig(entropy_bound=0.3),
        t_min=0.2,
        eos_token_id=[1, 5],
        max_new_tokens=48,
    )
    assert defaults_of(model) == Defaults(7, 0.2, 0.8, 0.3, 1, 0.005, 48)
    assert end_ids_of(model) == (1, 5)
    assert pad_id_of(model) == PAD
    model.generation_config = DiffusionGemmaGenerationConfig()
    assert defaults_of(model) == Defaults(max_tokens=CANVAS)
    assert end_ids_of(model) == (END,)


def test_wrong_vocabulary(model):
    with pytest.raises(ModelError, match="3 tokens"):
        DiffusionGemma(model, Vocabulary([None, None, b"a"], end_ids=[1], pad_id=0))


def test_small_passes_take_one_thread_and_give_the_others_back(model, monkeypatch):
    seen = []
    denoiser = DiffusionGemma(model, gemma_toys.vocabulary())
    own = model.forward
    monkeypatch.setattr(model, "forward", lambda **k: (seen.append(torch.get_num_threads()), own(**k))[1])
    torch.set_num_threads(2)
    try:
        context = denoiser.prefill([[5, 6]])
        denoiser.denoise(context, torch.full((1, CANVAS), 7), None)
        monkeypatch.setattr("canvasgen.models.diffusion_gemma._SMALL_PASS", 0)
        denoiser.denoise(context, torch.full((1, CANVAS), 7), None)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert seen == [1, 2]
