"""A widened model computes what it did, and its new coordinates learn."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.training.shared.small_model import new_model, small_config
from canvasgen.training.shared.widening import widened


def small() -> DiffusionGemmaForBlockDiffusion:
    model: Any = new_model(small_config(90, 16, 32, 3, 48, 2, 16), 0).eval()
    torch.manual_seed(3)
    with torch.no_grad():
        for p in model.model.decoder.parameters():
            p.add_(torch.randn_like(p) * 0.05)
        for layer in model.model.decoder.layers:
            layer.post_feedforward_layernorm_2.weight.zero_()  # the expert stays off
    return model


def test_a_widened_model_computes_the_same() -> None:
    model: Any = small()
    wide: Any = widened(model, 48, 3, 80).eval()
    prompt, canvas = torch.randint(3, 90, (2, 9)), torch.randint(3, 90, (2, 14))
    soft = torch.randn(2, 14, 90)
    for extra in ({}, {"self_conditioning_logits": soft}):
        with torch.no_grad():
            wanted = model(input_ids=prompt, decoder_input_ids=canvas, **extra).logits
            got = wide(input_ids=prompt, decoder_input_ids=canvas, **extra).logits
        torch.testing.assert_close(got, wanted, atol=2e-4, rtol=2e-4)
    assert wide.config.text_config.hidden_size == 48


def test_new_coordinates_learn() -> None:
    wide: Any = widened(small(), 48, 3, 80)
    logits = wide(
        input_ids=torch.randint(3, 90, (2, 9)), decoder_input_ids=torch.randint(3, 90, (2, 14))
    ).logits
    logits.square().mean().backward()
    attention = wide.model.decoder.layers[0].self_attn
    assert bool(attention.o_proj.weight.grad[32:].any())
    assert bool(attention.o_proj.weight.grad[:, 32:].any())
    assert bool(wide.model.decoder.layers[0].mlp.down_proj.weight.grad[:, 48:].any())


def test_it_does_not_shrink() -> None:
    with pytest.raises(ValueError, match="does not get"):
        widened(small(), 16, 2, 48)
