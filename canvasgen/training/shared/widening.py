"""A trained small model made wider, with the same output at first.

New hidden coordinates start at zero everywhere on the residual stream, and what reads them at random, so training can
use them at once (Net2Net, Chen et al. 2016, with zeros in the place of copies). Root-mean-square norms run over more
coordinates then: with s = sqrt(new / old) the stream is s times as large, so norms that read it are divided by s;
norms of what is added to it need no change.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.training.shared.small_model import new_model

__all__ = ["widened"]

_READING = ("input_layernorm", "pre_feedforward_layernorm")
_ADDING = ("post_attention_layernorm", "post_feedforward_layernorm_1", "post_feedforward_layernorm")


@torch.no_grad()
def widened(
    model: DiffusionGemmaForBlockDiffusion, hidden: int, heads: int, inner: int, seed: int = 0
) -> DiffusionGemmaForBlockDiffusion:
    """The model with ``hidden`` coordinates, ``heads`` heads and an inner size of ``inner``; it computes what it did.

    Raises:
        ValueError: one of them is smaller than the model has.
    """
    old: Any = model
    config = old.config.to_dict()
    text = config["text_config"]
    have = (int(text["hidden_size"]), int(text["num_attention_heads"]), int(text["intermediate_size"]))
    if any(new < before for new, before in zip((hidden, heads, inner), have, strict=True)):
        raise ValueError(
            f"a model of hidden size, heads and inner size {have} does not get {hidden, heads, inner}"
        )
    if (hidden, heads, inner) == have:
        return model
    text["hidden_size"], text["intermediate_size"] = hidden, inner
    text["num_attention_heads"] = text["num_key_value_heads"] = text["num_global_key_value_heads"] = heads
    new: Any = new_model(type(old.config).from_dict(config), seed)
    scale = (hidden / have[0]) ** 0.5
    for stack in ("encoder.language_model", "decoder"):
        one, other = old.model.get_submodule(stack), new.model.get_submodule(stack)
        for before, after in zip(one.layers, other.layers, strict=True):
            _widen_layer(before, after, scale)
        _fill(other.embed_tokens.weight, one.embed_tokens.weight, 0.0)
        _fill_norm(other.norm.weight, one.norm.weight / scale)
    before, after = old.model.decoder.self_conditioning, new.model.decoder.self_conditioning
    _fill_norm(after.pre_norm.weight, before.pre_norm.weight / scale)
    for name in ("gate_proj", "up_proj"):
        _fill(getattr(after, name).weight, getattr(before, name).weight, None)
    _fill(after.down_proj.weight, before.down_proj.weight * scale, 0.0)
    return new


def _widen_layer(before: Any, after: Any, scale: float) -> None:
    """One layer's weights into a wider one's."""
    for name in ("q_proj", "k_proj", "v_proj"):
        source = getattr(before.self_attn, name)
        if source is not None:
            _fill(getattr(after.self_attn, name).weight, source.weight, None)
    for name in ("q_norm", "k_norm"):
        getattr(after.self_attn, name).weight.copy_(getattr(before.self_attn, name).weight)
    _fill(after.self_attn.o_proj.weight, before.self_attn.o_proj.weight, 0.0)
    _fill(after.mlp.gate_proj.weight, before.mlp.gate_proj.weight, None)
    _fill(after.mlp.up_proj.weight, before.mlp.up_proj.weight, None)
    _fill(after.mlp.down_proj.weight, before.mlp.down_proj.weight, 0.0)
    for name in _READING:
        _fill_norm(getattr(after, name).weight, getattr(before, name).weight / scale)
    for name in _ADDING:
        _fill_norm(getattr(after, name).weight, getattr(before, name).weight)


def _fill(target: Tensor, source: Tensor, rest: float | None) -> None:
    """The source into the first rows and columns; the rest gets a value, or keeps what it has."""
    if rest is not None:
        target.fill_(rest)
    target[: source.shape[0], : source.shape[1]] = source


def _fill_norm(target: Tensor, source: Tensor) -> None:
    """A norm's weights; the new ones are their mean."""
    target.fill_(float(source.mean()))
    target[: len(source)] = source
