"""A model of uniform noise as the start of one of masks: the mask token is new, the rest computes what it did."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.training.shared.masking import fewer_layers, with_mask
from canvasgen.training.shared.saving import save_model
from canvasgen.training.shared.small_model import new_model, small_config
from canvasgen.training.tiny import text_tokenizer
from canvasgen.training.tiny.text_model import generation_config

SIZE = 90


def small(layers: int = 4) -> Any:
    model: Any = new_model(small_config(SIZE, 16, 32, layers, 48, 2, 16), 0).eval()
    torch.manual_seed(3)
    with torch.no_grad():
        for p in model.model.decoder.parameters():
            p.add_(torch.randn_like(p) * 0.05)
    return model


def logits_of(model: Any, canvas: torch.Tensor) -> torch.Tensor:
    prompt = torch.arange(3, 12)[None].expand(len(canvas), -1)
    with torch.no_grad():
        return model(input_ids=prompt, decoder_input_ids=canvas).logits


def test_a_mask_token_changes_nothing_else() -> None:
    model = small()
    masked: Any = with_mask(model).eval()
    canvas = torch.randint(3, SIZE, (2, 14), generator=torch.Generator().manual_seed(1))
    assert masked.config.mask_token_id == SIZE
    torch.testing.assert_close(logits_of(masked, canvas)[..., :SIZE], logits_of(model, canvas))
    canvas[:, 3] = SIZE
    assert bool(torch.isfinite(logits_of(masked, canvas)).all())


def test_the_mask_token_is_saved(tmp_path: Any) -> None:
    masked = with_mask(small())
    save_model(
        tmp_path / "weights", masked, text_tokenizer.build(iter(["ab ab cd"]), 300), generation_config()
    )
    again: Any = DiffusionGemmaForBlockDiffusion.from_pretrained(tmp_path / "weights")
    assert again.config.mask_token_id == SIZE


def test_fewer_layers_are_those_that_are_kept() -> None:
    model = small()
    canvas = torch.randint(3, SIZE, (2, 14), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        logits_of(fewer_layers(model, [0, 1, 2, 3]).eval(), canvas), logits_of(model, canvas)
    )
    fewer: Any = fewer_layers(model, [0, 2, 3]).eval()
    assert fewer.config.text_config.num_hidden_layers == len(fewer.model.decoder.layers) == 3
    for mine, theirs in ((1, 2), (2, 3)):
        for name, value in fewer.model.decoder.layers[mine].state_dict().items():
            assert torch.equal(value, model.model.decoder.layers[theirs].state_dict()[name])
    for wrong in ([0, 1, 2], [2, 0, 3], [], [-1, 3]):
        with pytest.raises(ValueError, match="layers to keep"):
            fewer_layers(model, wrong)
