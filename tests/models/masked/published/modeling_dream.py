"""Dream at a tiny size: Qwen's layers with full attention; the logits at a position are those of the next token."""

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import MaskedLMOutput

from .tiny_layers import Layer, rms


class DreamConfig(PreTrainedConfig):
    model_type = "Dream"

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
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.hidden_size, self.num_attention_heads = hidden_size, num_attention_heads
        self.num_key_value_heads, self.num_hidden_layers = num_key_value_heads, num_hidden_layers
        self.intermediate_size, self.vocab_size = intermediate_size, vocab_size
        self.max_position_embeddings, self.mask_token_id = max_position_embeddings, mask_token_id


class DreamModel(PreTrainedModel):
    config_class = DreamConfig

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
        use_cache=None,
        num_logits_to_keep=0,
        **kwargs,
    ):
        seen = None if attention_mask is None or isinstance(attention_mask, str) else attention_mask.bool()
        if position_ids is None:
            position_ids = torch.arange(input_ids.shape[1], device=input_ids.device)[None]
        x = self.embed_tokens(input_ids)
        for layer in self.layers:
            x, _ = layer(x, position_ids, seen)
        return MaskedLMOutput(logits=self.lm_head(rms(x, self.norm))[:, -num_logits_to_keep:])
