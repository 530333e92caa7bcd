"""A trained small model of uniform noise as the start of one of mask noise: one token more, perhaps fewer layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.training.shared.small_model import new_model

__all__ = ["fewer_layers", "with_mask"]


@torch.no_grad()
def with_mask(model: DiffusionGemmaForBlockDiffusion, seed: int = 0) -> DiffusionGemmaForBlockDiffusion:
    """Return the model with a mask token behind its vocabulary, named in `config.mask_token_id`.

    The mask token's embedding is the mean of the others, which is what noise looks like on average. All else is as it
    was, and what the model computes from other tokens does not change.
    """
    old: Any = model
    config = old.config.to_dict()
    size = int(config["text_config"]["vocab_size"])
    config["text_config"]["vocab_size"] = size + 1
    new: Any = new_model(type(old.config).from_dict(config), seed)
    new.config.mask_token_id = size
    kept = {
        name: one
        for name, one in old.state_dict().items()
        if "embed_tokens" not in name and "lm_head" not in name
    }
    missing = new.load_state_dict(kept, strict=False).missing_keys
    assert all("embed_tokens" in name or "lm_head" in name for name in missing)
    for stack in ("encoder.language_model", "decoder"):
        before = old.model.get_submodule(stack).embed_tokens.weight
        after = new.model.get_submodule(stack).embed_tokens.weight
        after[:size] = before
        after[size] = before.mean(0)
    return new


@torch.no_grad()
def fewer_layers(
    model: DiffusionGemmaForBlockDiffusion, kept: Sequence[int], seed: int = 0
) -> DiffusionGemmaForBlockDiffusion:
    """Return the model with only these of its layers, the last one among them.

    Raises:
        ValueError: they are not increasing, or the last one is missing.
    """
    old: Any = model
    config = old.config.to_dict()
    text = config["text_config"]
    have = int(text["num_hidden_layers"])
    if list(kept) != sorted(set(kept)) or not kept or kept[0] < 0 or kept[-1] != have - 1:
        raise ValueError(f"layers to keep are increasing and end with {have - 1}, not {list(kept)}")
    text["num_hidden_layers"] = len(kept)
    text["layer_types"] = [text["layer_types"][number] for number in kept]
    new: Any = new_model(type(old.config).from_dict(config), seed)
    others = {name: one for name, one in old.state_dict().items() if ".layers." not in name}
    missing = new.load_state_dict(others, strict=False).missing_keys
    assert all(".layers." in name for name in missing)
    for stack in ("encoder.language_model", "decoder"):
        before = old.model.get_submodule(stack).layers
        for target, number in zip(new.model.get_submodule(stack).layers, kept, strict=True):
            target.load_state_dict(before[number].state_dict())
    return new
