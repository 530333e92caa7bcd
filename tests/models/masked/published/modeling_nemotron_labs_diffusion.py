"""Nemotron-Labs-Diffusion at a tiny size: Ministral's layers that read causally or, with `diffusion_lm`, in both directions.

In the second case a mask that is given counts for nothing.
"""

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.cache_utils import DynamicCache
from transformers.modeling_outputs import CausalLMOutputWithPast

from .tiny_layers import Layer, rms


class NemotronLabsDiffusionConfig(PreTrainedConfig):
    model_type = "nemotron_labs_diffusion"

    def __init__(
        self,
        hidden_size=32,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_hidden_layers=2,
        intermediate_size=48,
        vocab_size=260,
        max_position_embeddings=512,
        mask_token_id=259,
        block_size=8,
        dlm_paradigm="bidirectional",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.hidden_size, self.num_attention_heads = hidden_size, num_attention_heads
        self.num_key_value_heads, self.num_hidden_layers = num_key_value_heads, num_hidden_layers
        self.intermediate_size, self.vocab_size = intermediate_size, vocab_size
        self.max_position_embeddings, self.mask_token_id = max_position_embeddings, mask_token_id
        self.block_size, self.dlm_paradigm = block_size, dlm_paradigm


class Ministral3Layer(Layer):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.diffusion_lm = True

    def forward(self, x, positions, seen=None, past=None):
        if not self.diffusion_lm:
            length, before = x.shape[1], 0 if past is None else past[0].shape[2]
            seen = torch.ones(length, before + length, dtype=torch.bool, device=x.device).tril(before)
        return super().forward(x, positions, None if self.diffusion_lm else seen, past)


class NemotronLabsDiffusionModel(PreTrainedModel):
    config_class = NemotronLabsDiffusionConfig

    def __init__(self, config):
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(
            Ministral3Layer(
                config.hidden_size,
                config.num_attention_heads,
                config.num_key_value_heads,
                config.intermediate_size,
            )
            for _ in range(config.num_hidden_layers)
        )
        self.norm = nn.Parameter(torch.ones(config.hidden_size))
        self.diffusion_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def forward(
        self,
        input_ids,
        attention_mask=None,
        position_ids=None,
        past_key_values=None,
        use_cache=None,
        use_causal_mask=False,
        **kwargs,
    ):
        if use_cache and past_key_values is None:
            past_key_values = DynamicCache()
        before = 0 if past_key_values is None else past_key_values.get_seq_length()
        positions = torch.arange(before, before + input_ids.shape[1], device=input_ids.device)[None]
        x = self.embed_tokens(input_ids)
        for number, layer in enumerate(self.layers):
            past = None
            if before:
                past = (past_key_values.layers[number].keys, past_key_values.layers[number].values)
            x, own = layer(x, positions, None, past)
            if use_cache:
                past_key_values.update(*own, number)
        logits = self.diffusion_head(rms(x, self.norm))
        return CausalLMOutputWithPast(logits=logits, past_key_values=past_key_values)
