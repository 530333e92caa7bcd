"""Noise: its laws, and that they see broken ones."""

from __future__ import annotations

from dataclasses import dataclass

import noise_laws
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.denoise import Mask, RowRandomness, Uniform

MASK = noise_laws.SIZE - 1
SEEDS = st.integers(0, 2**31)


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_uniform_obeys_the_laws(seed):
    noise_laws.check(Uniform(), seed)


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_mask_obeys_the_laws(seed):
    noise_laws.check(Mask(MASK), seed)


@dataclass(frozen=True)
class Forgetful(Mask):
    """Says that a token stays, and masks it again."""

    def renoise(self, canvas, decided, accepted, drawn, rest):
        return torch.where(accepted, drawn, rest), decided | accepted


@dataclass(frozen=True)
class Monotonous(Uniform):
    """Says that its canvases differ, and always gives the same."""

    def fresh(self, rows, length, randomness):
        return torch.zeros(len(rows), length, dtype=torch.int64)


@dataclass(frozen=True)
class Deaf(Uniform):
    """Takes no accepted token at the first position."""

    def renoise(self, canvas, decided, accepted, drawn, rest):
        accepted = accepted.clone()
        accepted[:, 0] = False
        return super().renoise(canvas, decided, accepted, drawn, rest)


@dataclass(frozen=True)
class Hasty(Uniform):
    """Decides what nobody has accepted."""

    def renoise(self, canvas, decided, accepted, drawn, rest):
        return drawn, torch.ones_like(accepted)


@dataclass(frozen=True)
class InPlace(Mask):
    """Changes the canvas that it is given."""

    def renoise(self, canvas, decided, accepted, drawn, rest):
        canvas[accepted] = drawn[accepted]
        return super().renoise(canvas, decided, accepted, drawn, rest)


@dataclass(frozen=True)
class Sociable(Uniform):
    """Gives all rows the first one's noise."""

    def fresh(self, rows, length, randomness):
        return super().fresh(rows, length, randomness)[:1].expand(len(rows), length).clone()


@dataclass(frozen=True)
class Careless(Mask):
    """Rules out every token of a decided position."""

    def read(self, logits, canvas, decided):
        read = logits.clone()
        read[decided] = -torch.inf
        return read


@dataclass(frozen=True)
class Narrow(Uniform):
    """Rules out half of the tokens."""

    def read(self, logits, canvas, decided):
        read = logits.clone()
        read[..., : noise_laws.SIZE // 2] = -torch.inf
        return read


BROKEN = [Forgetful(MASK), Monotonous(), Deaf(), Hasty(), InPlace(MASK), Sociable(), Careless(MASK), Narrow()]


@pytest.mark.parametrize("noise", BROKEN, ids=lambda noise: type(noise).__name__)
def test_the_laws_see_what_is_broken(noise):
    with pytest.raises(AssertionError):
        check_some(noise)


def check_some(noise):
    for seed in range(5):
        noise_laws.check(noise, seed)


def test_a_mask_is_never_read_and_what_is_decided_is_certain():
    noise = Mask(3)
    canvas, decided = torch.tensor([[3, 1, 3]]), torch.tensor([[False, True, False]])
    shares = torch.softmax(noise.read(torch.zeros(1, 3, 4), canvas, decided), dim=-1)
    third = pytest.approx(1 / 3)
    assert shares[0].tolist() == [[third, third, third, 0], [0, 1, 0, 0], [third, third, third, 0]]


def test_masks_need_no_random_numbers():
    class Spent:
        def __getattr__(self, name):
            raise AssertionError(name)

    assert Mask(3).fresh([4, 9], 2, Spent()).tolist() == [[3, 3], [3, 3]]


def test_uniform_noise_is_over_the_whole_vocabulary():
    drawn = Uniform().fresh([0], 4000, RowRandomness([1], 4000, 5))
    assert torch.bincount(drawn[0], minlength=5).min() > 600
