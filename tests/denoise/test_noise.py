"""Noise: its laws, and that they see broken ones."""

from __future__ import annotations

from dataclasses import dataclass

import noise_laws
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.denoise import Editing, Mask, RowRandomness, Uniform

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


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.sampled_from([0.5, 0.7, 0.99]))
def test_editing_obeys_the_laws(seed, threshold):
    noise_laws.check(Editing(MASK, threshold), seed)


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


@dataclass(frozen=True)
class Erasing(Editing):
    """Masks again what is not accepted again."""

    def renoise(self, canvas, decided, accepted, drawn, rest):
        return torch.where(accepted, drawn, rest), decided | accepted


BROKEN = [
    Forgetful(MASK),
    Monotonous(),
    Deaf(),
    Hasty(),
    InPlace(MASK),
    Sociable(),
    Careless(MASK),
    Narrow(),
    Erasing(MASK),
]


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


def test_a_decided_token_is_edited_where_the_model_is_sure_of_another():
    noise = Editing(3, threshold=0.8)
    canvas = torch.tensor([[0, 0, 0, 3]])
    decided = torch.tensor([[True, True, True, False]])
    logits = torch.tensor([[[0.0, 9, 0, 20], [0, 1, 0, 0], [9, 0, 0, 0], [0, 0, 0, 9]]])
    assert noise.contested(logits, canvas, decided).tolist() == [[True, False, False, False]]
    shares = torch.softmax(noise.read(logits, canvas, decided), dim=-1)[0]
    assert shares[0].argmax() == 1, "read as it is, without the mask token"
    assert shares[0, 3] == 0
    assert shares[1].tolist() == [1, 0, 0, 0], "not sure enough: certain as before"
    assert shares[2].tolist() == [1, 0, 0, 0]
    assert shares[3, 3] == 0
    new, now = noise.renoise(
        canvas, decided, torch.zeros_like(decided), torch.tensor([[1, 0, 0, 2]]), torch.tensor([[3, 3, 3, 3]])
    )
    assert new.tolist() == [[1, 0, 0, 3]]
    assert now.tolist() == decided.tolist()
