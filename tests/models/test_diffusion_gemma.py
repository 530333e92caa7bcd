"""The adapter against the model's own `generate()`, and its cache against a fresh reading."""

from __future__ import annotations

from dataclasses import dataclass

import gemma_toys
import pytest
import torch
from gemma_toys import CANVAS, END, PAD, SIZE
from transformers.models.diffusion_gemma.generation_diffusion_gemma import (
    DiffusionGemmaGenerationConfig,
    EntropyBoundSamplerConfig,
)

from canvasgen.denoise import Batch, Defaults, Denoiser, Done, Job, Mask, Uniform, run
from canvasgen.errors import InvalidConstraint, ModelError
from canvasgen.models.diffusion_gemma import DiffusionGemma, _cache_name, defaults_of, end_ids_of, pad_id_of
from canvasgen.vocabulary import Vocabulary

STEPS = 8
BUDGET = 4 * CANVAS


@dataclass
class Place:
    """Where a row's draws are: its block, the step in it, and whether that step's tokens are drawn already."""

    block: int = 0
    step: int = 0
    after_tokens: bool = False

    def next_tokens(self):
        self.step, self.after_tokens = self.step + 1, True
        return self.block, self.step, "tokens"

    def next_canvas(self):
        if not self.after_tokens:
            self.block, self.step = self.block + 1, 0
        self.after_tokens = False
        return self.block, self.step, "canvas"


class SameDraws:
    """The random numbers that `generate()` drew of torch's global generator for its whole batch, drawn once more.

    `generate()` begins a block when all rows have finished the one before; the loop does not wait. So what a row gets is
    found by its own block and step, from the generator's state at that draw.
    """

    def __init__(self, batch):
        self._batch = batch
        self._states = {}
        self._places = [Place() for _ in range(batch)]

    def watch(self, monkeypatch):
        """Notes the states while `generate()` draws: a canvas for each block, then tokens and a canvas in each step."""
        place = Place()
        for name, move in (("randint", place.next_canvas), ("multinomial", place.next_tokens)):
            draw = getattr(torch, name)

            def watched(*arguments, draw=draw, move=move, **options):
                self._states[move()] = torch.get_rng_state()
                return draw(*arguments, **options)

            monkeypatch.setattr(torch, name, watched)

    def canvas(self, rows):
        drawn = []
        for row in rows:
            torch.set_rng_state(self._states[self._places[row].next_canvas()])
            drawn.append(torch.randint(0, SIZE, (self._batch, CANVAS))[row])
        return torch.stack(drawn)

    def tokens(self, rows, probabilities):
        drawn = []
        for row, shares in zip(rows, probabilities, strict=True):
            everybody = torch.full((self._batch, CANVAS, SIZE), 1 / SIZE)
            everybody[row] = shares
            torch.set_rng_state(self._states[self._places[row].next_tokens()])
            drawn.append(torch.multinomial(everybody.view(-1, SIZE), 1).view(self._batch, CANVAS)[row])
        return torch.stack(drawn)

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


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("case", CASES)
def test_same_tokens_as_generate(model, case, seed):
    lengths, end_ids, options = CASES[case]
    prompts = gemma_toys.prompts(seed, *lengths)
    draws = SameDraws(len(prompts))
    with pytest.MonkeyPatch.context() as patch:
        draws.watch(patch)
        expected = own_generate(model, prompts, seed, end_ids, BUDGET, **options)
    denoiser = DiffusionGemma(model, gemma_toys.vocabulary(end_ids or ()))
    denoiser.defaults = Defaults(
        STEPS, 0.1, 0.8, options["bound"], options["stability"], options["confidence"]
    )
    jobs = [Job(prompt, max_tokens=BUDGET) for prompt in prompts]
    done = run(denoiser, jobs, randomness=draws)
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


@pytest.mark.parametrize("window", [12, 20, 64])
def test_joined_rows_get_their_own_logits(window):
    """Rows of different lengths, with different blocks committed, some chosen out and joined again."""
    denoiser = DiffusionGemma(gemma_toys.model(3, sliding_window=window), gemma_toys.vocabulary())
    g = torch.Generator().manual_seed(1)
    blocks = torch.randint(0, SIZE, (6, CANVAS), generator=g)
    canvas = torch.randint(0, SIZE, (5, CANVAS), generator=g)
    told = torch.randn(5, CANVAS, SIZE, generator=g)
    conditioned = torch.tensor([True, False, True, True, False])
    texts = gemma_toys.prompts(4, 5, 30, 12, 3, 21)
    pair = denoiser.prefill(texts[:2])
    alone = denoiser.commit(denoiser.prefill(texts[2:3]), blocks[:1])
    late = denoiser.prefill(texts[3:])
    whole = denoiser.join([pair, alone, late])
    first = denoiser.denoise(whole, canvas, told, conditioned)
    read = [texts[0], texts[1], texts[2] + blocks[0].tolist(), texts[3], texts[4]]
    close = {"rtol": 0, "atol": 1e-4}

    def fresh(row):
        known = told[row : row + 1] if conditioned[row] else None
        return denoiser.denoise(denoiser.prefill([read[row]]), canvas[row : row + 1], known)[0]

    for row in range(5):
        torch.testing.assert_close(first[row], fresh(row), **close)
    assert torch.equal(denoiser.denoise(whole, canvas, told, conditioned), first)
    torch.testing.assert_close(
        denoiser.denoise(pair, canvas[:2], told[:2], conditioned[:2]), first[:2], **close
    )
    # Two rows go on with a block, one leaves, and all meet again in another order.
    going = denoiser.commit(denoiser.select(whole, [1, 3]), blocks[1:3])
    staying = denoiser.select(whole, [4, 2])
    again = denoiser.join([staying, going])
    for row, block in ((1, blocks[1]), (3, blocks[2])):
        read[row] = read[row] + block.tolist()
    order = [4, 2, 1, 3]
    logits = denoiser.denoise(again, canvas[order], told[order], conditioned[order])
    for at, row in enumerate(order):
        torch.testing.assert_close(logits[at], fresh(row), **close)
    once_more = denoiser.commit(again, blocks[[3, 4, 5, 0]])
    for row, block in zip(order, (blocks[3], blocks[4], blocks[5], blocks[0]), strict=True):
        read[row] = read[row] + block.tolist()
    logits = denoiser.denoise(once_more, canvas[order], told[order], conditioned[order])
    for at, row in enumerate(order):
        torch.testing.assert_close(logits[at], fresh(row), **close)


def test_what_is_joined_is_bitwise_what_is_read_together():
    """Rows of one length need no padding; padding changes how sums are grouped, and so the last bits."""
    denoiser = DiffusionGemma(gemma_toys.model(3), gemma_toys.vocabulary())
    texts = gemma_toys.prompts(4, 9, 9, 9)
    canvas = torch.randint(0, SIZE, (3, CANVAS), generator=torch.Generator().manual_seed(1))
    parts = denoiser.prefill(texts)
    joined = denoiser.join([denoiser.select(parts, [0]), denoiser.select(parts, [1, 2])])
    assert torch.equal(
        denoiser.denoise(joined, canvas, None), denoiser.denoise(denoiser.prefill(texts), canvas, None)
    )


def test_rows_without_self_conditioning_share_a_pass():
    denoiser = DiffusionGemma(gemma_toys.model(3), gemma_toys.vocabulary())
    context = denoiser.prefill(gemma_toys.prompts(4, 9, 9))
    g = torch.Generator().manual_seed(1)
    canvas = torch.randint(0, SIZE, (2, CANVAS), generator=g)
    told = torch.randn(2, CANVAS, SIZE, generator=g)
    mixed = denoiser.denoise(context, canvas, told, torch.tensor([False, True]))
    assert torch.equal(mixed[0], denoiser.denoise(context, canvas, None)[0])
    assert torch.equal(mixed[1], denoiser.denoise(context, canvas, told)[1])


def test_padding_goes_with_the_row_that_needed_it():
    denoiser = DiffusionGemma(gemma_toys.model(3), gemma_toys.vocabulary())
    context = denoiser.prefill(gemma_toys.prompts(4, 40, 7))
    short = denoiser.select(context, [1])
    assert short.mask.tolist() == [[True] * 7]
    assert {layer.keys.shape[-2] for layer in short.cache.layers} == {7}
    assert context.mask.shape == (2, 40)


def test_rows_that_join_late_write_what_they_write_alone(model):
    denoiser = DiffusionGemma(model, gemma_toys.vocabulary())
    jobs = [
        Job(prompt, seed=number, max_tokens=40, max_denoising_steps=3 + number)
        for number, prompt in enumerate(gemma_toys.prompts(5, 3, 25, 11, 7))
    ]
    batch = Batch(denoiser, size=3)
    found = {}
    for job in jobs:
        batch.add(job)
        found |= {event.row: event.completion for event in batch.step() if isinstance(event, Done)}
    while len(batch):
        found |= {event.row: event.completion for event in batch.step() if isinstance(event, Done)}
    for number, job in enumerate(jobs):
        (alone,) = run(denoiser, [job])
        assert found[number].token_ids == alone.token_ids
        assert found[number].steps == alone.steps
        assert found[number].log_prob == pytest.approx(alone.log_prob, abs=1e-3)


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


def test_what_a_model_is_told_comes_from_its_config(model, monkeypatch):
    assert defaults_of(model).self_conditioning == "model"
    monkeypatch.setattr(model.config, "self_conditioning", "forms", raising=False)
    assert defaults_of(model).self_conditioning == "forms"
    monkeypatch.setattr(model.config, "self_conditioning", "some", raising=False)
    with pytest.raises(InvalidConstraint, match="self_conditioning"):
        defaults_of(model)


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


def now(self, cache=None): ...
def before(self, past_key_values=None): ...
def other(self, keys=None): ...


def test_the_cache_has_the_name_that_the_installed_transformers_gives_it():
    assert _cache_name(now) == "cache"
    assert _cache_name(before) == "past_key_values"
    with pytest.raises(ModelError, match="pip install 'transformers"):
        _cache_name(other)


def test_a_model_that_was_trained_with_masks_has_them_as_noise():
    model = gemma_toys.model(0)
    denoiser = DiffusionGemma(model, gemma_toys.vocabulary())
    assert denoiser.noise == Uniform()
    model.config.mask_token_id = 2
    assert denoiser.noise == Mask(2)
    (done,) = run(denoiser, [Job([5, 6], max_tokens=16, max_denoising_steps=6, seed=1)])
    assert 2 not in done.token_ids
