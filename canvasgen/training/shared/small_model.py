"""The configuration and the starting weights of a small ``DiffusionGemmaForBlockDiffusion``."""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    DiffusionGemmaConfig,
    DiffusionGemmaForBlockDiffusion,
    DiffusionGemmaTextConfig,
    Gemma4VisionConfig,
)

from canvasgen.models.embedded.special_tokens import BOS_ID, EOS_ID, PAD_ID

__all__ = ["new_model", "small_config"]


def small_config(
    vocab_size: int,
    canvas_length: int,
    hidden_size: int = 128,
    layers: int = 5,
    intermediate_size: int = 320,
    heads: int = 4,
    head_dim: int = 32,
) -> DiffusionGemmaConfig:
    """The configuration; sliding layers see the whole context, the vision tower is as small as it can be."""
    last_layer: dict[str, Any] = {"global_head_dim": head_dim, "num_global_key_value_heads": heads}
    text = DiffusionGemmaTextConfig(
        vocab_size=vocab_size,
        hidden_size=hidden_size,
        intermediate_size=intermediate_size,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        head_dim=head_dim,
        **last_layer,
        layer_types=["sliding_attention"] * (layers - 1) + ["full_attention"],
        sliding_window=4096,
        max_position_embeddings=4096,
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
            "full_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        },
        num_experts=1,
        top_k_experts=1,
        moe_intermediate_size=8,
        pad_token_id=PAD_ID,
        eos_token_id=EOS_ID,
        bos_token_id=BOS_ID,
    )
    undeclared: dict[str, Any] = {"global_head_dim": 16}
    vision = Gemma4VisionConfig(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        head_dim=16,
        **undeclared,
        position_embedding_size=16,
        patch_size=4,
        pooling_kernel_size=2,
    )
    return DiffusionGemmaConfig(
        text_config=text,
        vision_config=vision,
        canvas_length=canvas_length,
        boi_token_id=None,
        eoi_token_id=None,
        image_token_id=PAD_ID,
    )


@torch.no_grad()
def new_model(config: DiffusionGemmaConfig, seed: int = 0) -> DiffusionGemmaForBlockDiffusion:
    """A model with starting weights that suit this size.

    Attention has no 1/sqrt(d) scale in this class (queries and keys are normalised instead), so the norms'
    weights start below one. Output projections start as the transpose of the value projections: every head
    begins as a copying head. The one expert of each layer is switched off (its last norm is zero and stays
    so): at this size the dense path does the work.
    """
    torch.manual_seed(seed)
    model = DiffusionGemmaForBlockDiffusion(config)
    whole: Any = model
    hidden = int(whole.config.text_config.hidden_size)
    decoder = whole.model.decoder
    embedding = decoder.embed_tokens.weight
    embedding.normal_(0.0, hidden**-0.5)
    for layer in decoder.layers:
        attention, mlp = layer.self_attn, layer.mlp
        for linear in (attention.q_proj, attention.k_proj, mlp.gate_proj, mlp.up_proj, mlp.down_proj):
            linear.weight.normal_(0.0, linear.in_features**-0.5)
        values = attention.k_proj if attention.v_proj is None else attention.v_proj
        torch.nn.init.orthogonal_(values.weight)
        attention.o_proj.weight.copy_(values.weight.T)
        attention.q_norm.weight.fill_(0.4)
        attention.k_norm.weight.fill_(0.4)
        layer.post_attention_layernorm.weight.fill_(0.5)
        layer.post_feedforward_layernorm.weight.fill_(0.5)
        layer.post_feedforward_layernorm_2.weight.zero_()
    conditioning = decoder.self_conditioning
    for linear in (conditioning.gate_proj, conditioning.up_proj):
        linear.weight.normal_(0.0, hidden**-0.5)
    conditioning.down_proj.weight.normal_(0.0, 0.02)
    return model
