"""A random DiffusionGemma of some ten thousand parameters, and its vocabulary."""

from __future__ import annotations

import torch
from transformers import (
    DiffusionGemmaConfig,
    DiffusionGemmaForBlockDiffusion,
    DiffusionGemmaTextConfig,
    Gemma4VisionConfig,
)

from canvasgen.vocabulary import Vocabulary

PAD, END = 0, 1
SIZE, CANVAS = 64, 16


def vocabulary(end_ids=(END,)) -> Vocabulary:
    letters = [bytes([byte]) for byte in range(32, 32 + SIZE - 3)]
    made = Vocabulary([None, None, None, *letters], end_ids=end_ids or [END], pad_id=PAD)
    if not end_ids:
        made.end_ids = ()
    return made


def config(sliding_window: int = 20, vocab_size: int = SIZE) -> DiffusionGemmaConfig:
    text = DiffusionGemmaTextConfig(
        vocab_size=vocab_size,
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=2,
        num_global_key_value_heads=1,
        head_dim=16,
        global_head_dim=16,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"],
        sliding_window=sliding_window,
        max_position_embeddings=256,
        num_experts=2,
        top_k_experts=1,
        moe_intermediate_size=8,
        pad_token_id=PAD,
        eos_token_id=END,
        bos_token_id=2,
    )
    vision = Gemma4VisionConfig(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        head_dim=16,
        global_head_dim=16,
        position_embedding_size=16,
        patch_size=4,
        pooling_kernel_size=2,
        default_output_length=16,
    )
    return DiffusionGemmaConfig(
        text_config=text,
        vision_config=vision,
        canvas_length=CANVAS,
        boi_token_id=None,
        eoi_token_id=None,
        image_token_id=SIZE - 1,
    )


def model(seed: int = 0, **options) -> DiffusionGemmaForBlockDiffusion:
    """Sharp logits from calm layers, so that canvases can settle."""
    torch.manual_seed(seed)
    made = DiffusionGemmaForBlockDiffusion(config(**options)).eval()
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.5 if "embed_tokens" in name else 0.05)
    return made


def prompts(seed: int, *lengths: int) -> list[list[int]]:
    g = torch.Generator().manual_seed(seed)
    return [torch.randint(3, SIZE - 1, (length,), generator=g).tolist() for length in lengths]
