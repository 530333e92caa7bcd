"""A trained small model made deeper, with the same output at first."""

from __future__ import annotations

from typing import Any

import torch
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.training.shared.small_model import new_model

__all__ = ["grown"]


@torch.no_grad()
def grown(
    model: DiffusionGemmaForBlockDiffusion, layers: int, seed: int = 0
) -> DiffusionGemmaForBlockDiffusion:
    """The model with ``layers`` layers; it computes what ``model`` computes.

    A new layer follows each of the middle ones in turn. It starts as that layer's copy whose two output norms are
    zero, so it adds nothing to the residual stream until training moves them ("ReZero", Bachlechner et al.
    2020). The last layer, the one of full attention, stays the last.

    Raises:
        ValueError: fewer layers than it has, or more than twice as many.
    """
    old: Any = model
    config = old.config.to_dict()
    text = config["text_config"]
    have = int(text["num_hidden_layers"])
    if not have <= layers < 2 * have:
        raise ValueError(f"a model of {have} layers grows to at most {2 * have - 1} layers, not {layers}")
    middle = sorted(range(have - 1), key=lambda n: (abs(2 * n - (have - 2)), n))
    doubled = set(middle[: layers - have])
    sources = [(n, copy) for n in range(have) for copy in ((False, True) if n in doubled else (False,))]
    text["num_hidden_layers"] = layers
    text["layer_types"] = ["sliding_attention"] * (layers - 1) + ["full_attention"]
    new: Any = new_model(type(old.config).from_dict(config), seed)
    kept = {name: one for name, one in old.state_dict().items() if ".layers." not in name}
    missing = new.load_state_dict(kept, strict=False).missing_keys
    assert all(".layers." in name for name in missing)
    for stack in ("encoder.language_model", "decoder"):
        found = old.model.get_submodule(stack).layers
        for target, (source, copy) in zip(new.model.get_submodule(stack).layers, sources, strict=True):
            target.load_state_dict(found[source].state_dict())
            if copy:
                target.post_attention_layernorm.weight.zero_()
                target.post_feedforward_layernorm.weight.zero_()
    return new
