"""`decide` of a model of mask noise: there is one canvas of masks, so one pass is exact."""

from __future__ import annotations

import math

import pytest
import torch

import canvasgen as cg
from canvasgen.denoise import Policy
from canvasgen.engine import Engine
from canvasgen.models.loading import Loaded
from canvasgen.models.masked.attention import Attention
from canvasgen.models.masked.masked_model import MaskedModel
from canvasgen.models.prompts import GreedyPrompts

WORDS = cg.Vocabulary([None, None, b"y", b"n", b"es", b"o", b"yes", b"\n"], end_ids=[1])
END, MASK = 1, 0


class Counted:
    """Random logits by place; counts its passes."""

    def __init__(self):
        self.table = torch.randn(20, WORDS.size, generator=torch.Generator().manual_seed(2))
        self.passes = 0

    def __call__(self, ids):
        self.passes += len(ids)
        return type("Output", (), {"logits": self.table[: ids.shape[1]].expand(len(ids), -1, -1)})


def test_one_pass_is_the_exact_answer():
    model = Counted()
    engine = cg.load(MaskedModel(Attention(model, None, "none"), WORDS, mask_id=MASK, canvas_length=4))
    told = engine.decide("yn", ["yes", "no"], samples=8, seed=1)
    assert model.passes == 1
    logits = model.table[3:7].double()  # behind y, n and the line's end
    logits[:, MASK] = -torch.inf
    p = logits.softmax(-1)
    yes = float(p[0, 6] * p[1, END] + p[0, 2] * p[1, 4] * p[2, END])
    no = float(p[0, 3] * p[1, 5] * p[2, END])
    assert told == {"yes": pytest.approx(yes / (yes + no)), "no": pytest.approx(no / (yes + no))}
    assert math.fsum(told.values()) == pytest.approx(1)


def test_a_decided_choice_has_probability_one():
    """What `probabilities` says is given what was decided before; `decide` says what was likely."""
    engine = cg.load(MaskedModel(Attention(Counted(), None, "none"), WORDS, mask_id=MASK, canvas_length=4))
    told = engine.decide("yn", ["yes", "no"], seed=1)
    assert max(told.values()) < 0.999
    loaded = Loaded(engine.denoiser, GreedyPrompts(WORDS))
    slow = Engine(loaded, policy=Policy(certain=2.0, likely=2.0, patience=9, stability=9))
    done = slow.complete(
        "yn",
        choice=["yes", "no"],
        probabilities=True,
        temperature=1.0,
        max_denoising_steps=5,
        seed=3,
        prompt_schema=False,
    )
    assert done.probabilities[""][done.value] == pytest.approx(1.0)
