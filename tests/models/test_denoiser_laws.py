"""The laws of `Denoiser` over DiffusionGemma, and that they see broken models."""

from __future__ import annotations

import denoiser_laws
import gemma_toys
import pytest
import torch

from canvasgen.models.diffusion_gemma import DiffusionGemma
from canvasgen.models.masked.attention import Attention
from canvasgen.models.masked.masked_model import MaskedContext, MaskedModel

SIZE = gemma_toys.SIZE


class Mixer(torch.nn.Module):
    """Logits from the token, the place, and means over what is seen."""

    def __init__(self, seed=0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.table = torch.nn.Parameter(torch.randn(3, SIZE, SIZE, generator=generator))

    def forward(self, ids):
        own, before, every = self.table[0][ids], self.table[1][ids], self.table[2][ids]
        weights = torch.linspace(0.5, 1.5, ids.shape[1])[:, None]
        past = (before * weights).cumsum(1) / ids.shape[1]
        return Output(own + past + self.mixed(every * weights))

    def mixed(self, every):
        return every.mean(1, keepdim=True)


class Output:
    def __init__(self, logits):
        self.logits = logits


class OneWay(Mixer):
    """Sees what is before it alone."""

    def mixed(self, every):
        return every.cumsum(1) / every.shape[1]


def masked(kind=MaskedModel, mixer=Mixer):
    return kind(
        Attention(mixer(), None, "none"),
        gemma_toys.vocabulary(),
        mask_id=2,
        canvas_length=6,
        canvas_lengths=(2, 6, 9),
    )


class Sociable(MaskedModel):
    """Adds the first row's answers to all others'."""

    def denoise(self, context, canvas, self_conditioning, conditioned=None):
        logits = super().denoise(context, canvas, self_conditioning, conditioned)
        return logits + 0.1 * logits[:1]


class Forgetful(MaskedModel):
    """Does not read finished blocks."""

    def commit(self, context, ids):
        return context


class Reordering(MaskedModel):
    """Selects rows in increasing order, each once."""

    def select(self, context, rows):
        return super().select(context, sorted(rows))


class Meddling(MaskedModel):
    """Changes the canvas that it is given."""

    def denoise(self, context, canvas, self_conditioning, conditioned=None):
        logits = super().denoise(context, canvas, self_conditioning, conditioned)
        canvas[:, 0] = 5
        return logits


class Deaf(MaskedModel):
    """Does not read prompts."""

    def prefill(self, prompts):
        return MaskedContext(tuple((3,) * len(prompt) for prompt in prompts))


class Swapped(MaskedModel):
    """Joins contexts in the other order."""

    def join(self, contexts):
        return super().join(list(reversed(contexts)))


class Coarse(MaskedModel):
    """Gives logits in half precision."""

    def denoise(self, context, canvas, self_conditioning, conditioned=None):
        return super().denoise(context, canvas, self_conditioning, conditioned).half()


@pytest.mark.parametrize("seed", range(2))
def test_diffusion_gemma_obeys_the_laws(seed):
    denoiser_laws.check(DiffusionGemma(gemma_toys.model(seed), gemma_toys.vocabulary()), seed)


def test_a_toy_of_masks_obeys_the_laws():
    denoiser_laws.check(masked(), 1)


BROKEN = [Sociable, Forgetful, Reordering, Meddling, Deaf, Swapped, Coarse]


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_the_laws_see_what_is_broken(kind):
    with pytest.raises(AssertionError):
        denoiser_laws.check(masked(kind), 1)


def test_the_laws_see_a_model_that_reads_one_way():
    with pytest.raises(AssertionError):
        denoiser_laws.check(masked(mixer=OneWay), 1)
