"""`Engine.decide` on a toy model: its distribution by enumeration, and the same errors after one step and after several."""

from __future__ import annotations

import itertools
import math
from enum import Enum
from typing import Any

import numpy as np
import pytest
import torch
from toy_models import END, LETTERS, Confident

import canvasgen as cg
from canvasgen.errors import BudgetTooSmall, CanvasgenError, InvalidConstraint, ModelError, Unsatisfiable

LENGTH = 3


def engine(logits: torch.Tensor) -> cg.Engine:
    return cg.load(Confident(canvas_length=len(logits), logits=logits))


def some_logits(seed: int = 0) -> torch.Tensor:
    return 2 * torch.randn(LENGTH, LETTERS.size, generator=torch.Generator().manual_seed(seed))


def by_enumeration(texts: list[str], logits: torch.Tensor) -> list[float]:
    """The mass of each text over all its spellings on the canvas, as a share of all."""
    chances = torch.softmax(logits.double(), dim=1).numpy()
    masses = dict.fromkeys(texts, 0.0)
    for ids in itertools.product(range(len(chances[0])), repeat=LENGTH):
        text = ids[: ids.index(END)] if END in ids else ids
        pieces = [LETTERS.tokens[token] for token in text]
        if None in pieces:
            continue
        written = b"".join(piece for piece in pieces if piece is not None).decode(errors="replace")
        if written in masses and ids[len(text) + 1 :] == (0,) * (LENGTH - len(text) - 1):  # each text once
            masses[written] += math.prod(
                float(chances[at, token]) for at, token in enumerate((*text, END)[:LENGTH])
            )
    return [mass / sum(masses.values()) for mass in masses.values()]


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_shares_by_enumeration(steps: int, seed: int) -> None:
    logits, texts = some_logits(seed), ["ab", "a", "cab", "1", "h"]
    found = engine(logits).decide("a", texts, steps=steps, samples=2, seed=seed)
    expected = by_enumeration(texts, logits)
    assert list(found) == texts
    assert sum(found.values()) == pytest.approx(1)
    if steps == 1:
        assert list(found.values()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("steps", [1, 2])
def test_a_decision_is_read_from_a_canvas_that_suits_the_options(
    steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that takes several lengths: as many positions as the longest option and its end, as for any answer."""
    one = cg.load()
    read: list[int] = []
    denoise = type(one.denoiser).denoise

    def watched(self: Any, context: Any, canvas: torch.Tensor, *told: Any) -> torch.Tensor:
        read.append(canvas.shape[1])
        return denoise(self, context, canvas, *told)

    monkeypatch.setattr(type(one.denoiser), "denoise", watched)
    found = one.decide("The light is red.", ["red", "green"], steps=steps, samples=2, seed=1)
    assert sum(found.values()) == pytest.approx(1)
    assert set(read) == {32}


class Colour(Enum):
    RED = "a"
    BLUE = "b"


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"1": 1, "a": True, "2": 1.0}, ["1", "a", "2"]),
        ({"1": 1, "a": True, "2": 2}, ["1", "a", "2"]),
        ({"a": True, "b": True, "c": False}, ["a", "b", "c"]),
        ({"a": "b", "b": [1], "c": None}, ["a", "b", "c"]),
        ({"a": "b", "b": "a"}, ["b", "a"]),
        ({"a": True, "b": 2, "c": None}, [True, 2, None]),
        ([1, 2], [1, 2]),
        (np.array([1, 2]), [1, 2]),
        (Colour, [Colour.RED, Colour.BLUE]),
        ([Colour.BLUE, Colour.RED], [Colour.BLUE, Colour.RED]),
    ],
)
def test_options_stay_apart(options: Any, keys: list[Any], steps: int) -> None:
    """Equal options (`1`, `True`, `1.0`), and those without a hash, stand as their texts, all of them."""
    found = engine(some_logits()).decide("a", options, steps=steps, samples=1, seed=1)
    assert list(found) == keys
    assert type(next(iter(found))) is type(keys[0]) or isinstance(options, np.ndarray)
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize(
    ("options", "kind", "rule"),
    [
        (["a", "a" * (LENGTH + 1)], BudgetTooSmall, "options"),
        (["a", "z"], Unsatisfiable, "options"),
        ([], InvalidConstraint, "choice"),
        (["a", "a"], InvalidConstraint, "choice"),
        (["1", 1], InvalidConstraint, "choice"),
        ("ab", InvalidConstraint, "choice"),
        (b"ab", InvalidConstraint, "choice"),
        ([b"a", b"b"], InvalidConstraint, "choice"),
        ([object()], InvalidConstraint, "choice"),
        ({1: "a"}, InvalidConstraint, "choice"),
        (np.array(5), InvalidConstraint, "choice"),
        (None, InvalidConstraint, "choice"),
        (5, InvalidConstraint, "choice"),
    ],
)
def test_options_that_are_refused(options: Any, kind: type[CanvasgenError], rule: str, steps: int) -> None:
    with pytest.raises(kind) as caught:
        engine(some_logits()).decide("a", options, steps=steps, samples=1, seed=1)
    assert caught.value.rule == rule


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("settings", [{"samples": 0}, {"samples": "1"}, {"seed": "1"}, {"seed": 1.5}])
def test_settings_that_are_refused(settings: dict[str, Any], steps: int) -> None:
    with pytest.raises(InvalidConstraint, match=next(iter(settings))):
        engine(some_logits()).decide("a", ["a", "b"], steps=steps, **settings)
    with pytest.raises(ModelError, match="prompt"):
        engine(some_logits()).decide(5, ["a", "b"], steps=steps)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("steps", [1, 2])
def test_minus_infinity_is_probability_zero(steps: int) -> None:
    logits = some_logits()
    a, b = (LETTERS.tokens.index(letter) for letter in (b"a", b"b"))
    logits[:, a] = -math.inf
    found = engine(logits).decide("c", ["a", "b", "c"], steps=steps, samples=1, seed=1)
    assert found["a"] == 0
    assert found["b"] + found["c"] == pytest.approx(1)
    logits[:, b] = -math.inf
    with pytest.raises(Unsatisfiable):
        engine(logits).decide("c", ["a", "b"], steps=steps, samples=1, seed=1)
    for wrong in (math.nan, math.inf):
        logits[1, 5] = wrong
        with pytest.raises(ModelError):
            engine(logits).decide("c", ["c", "d"], steps=steps, samples=1, seed=1)
