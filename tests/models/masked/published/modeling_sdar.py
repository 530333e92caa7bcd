"""SDAR at a tiny size: Qwen's layers, blocks told by a boolean mask, a cache that a pass writes to only if `store_kv`."""

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.cache_utils import DynamicCache
from transformers.modeling_outputs import CausalLMOutputWithPast

from .tiny_layers import Layer, rms


class SDARConfig(PreTrainedConfig):
    model_type = "sdar"

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
        block_size=4,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.hidden_size, self.num_attention_heads = hidden_size, num_attention_heads
        self.num_key_value_heads, self.num_hidden_layers = num_key_value_heads, num_hidden_layers
        self.intermediate_size, self.vocab_size = intermediate_size, vocab_size
        self.max_position_embeddings, self.mask_token_id = max_position_embeddings, mask_token_id
        self.block_size = block_size


class SDARForCausalLM(PreTrainedModel):
    config_class = SDARConfig

    def __init__(self, config):
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(
            Layer(
                config.hidden_size,
                config.num_attention_heads,
                config.num_key_value_heads,
                config.intermediate_size,
            )
            for _ in range(config.num_hidden_layers)
        )
        self.norm = nn.Parameter(torch.ones(config.hidden_size))
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def forward(
        self,
        input_ids=None,
        attention_mask=None,
        position_ids=None,
        past_key_values=None,
        use_cache=True,
        store_kv=False,
        **kwargs,
    ):
        if use_cache and past_key_values is None:
            past_key_values = DynamicCache()
        if position_ids is None:
            position_ids = torch.arange(input_ids.shape[1], device=input_ids.device)[None]
        seen = None if attention_mask is None else attention_mask.bool()
        x = self.embed_tokens(input_ids)
        for number, layer in enumerate(self.layers):
            past = None
            if past_key_values is not None and len(past_key_values.layers) > number:
                one = past_key_values.layers[number]
                past = (one.keys, one.values) if one.is_initialized and not store_kv else None
                if store_kv and one.is_initialized:
                    past = (one.keys, one.values)
            x, own = layer(x, position_ids, seen, past)
            if store_kv:
                past_key_values.update(*own, number)
        return CausalLMOutputWithPast(logits=self.lm_head(rms(x, self.norm)), past_key_values=past_key_values)
