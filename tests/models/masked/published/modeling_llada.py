"""LLaDA at a tiny size: full attention; a mask of zeros and ones hides keys, and `None` hides none."""

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

from .tiny_layers import Layer, rms


class LLaDAConfig(PreTrainedConfig):
    model_type = "llada"

    def __init__(
        self,
        d_model=32,
        n_heads=4,
        n_kv_heads=4,
        n_layers=2,
        mlp_hidden_size=48,
        embedding_size=260,
        max_sequence_length=512,
        mask_token_id=259,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.d_model, self.n_heads, self.n_kv_heads, self.n_layers = d_model, n_heads, n_kv_heads, n_layers
        self.mlp_hidden_size, self.embedding_size, self.vocab_size = (
            mlp_hidden_size,
            embedding_size,
            embedding_size,
        )
        self.max_sequence_length, self.mask_token_id = max_sequence_length, mask_token_id


class LLaDAModelLM(PreTrainedModel):
    config_class = LLaDAConfig

    def __init__(self, config):
        super().__init__(config)
        self.embed = nn.Embedding(config.embedding_size, config.d_model)
        self.blocks = nn.ModuleList(
            Layer(config.d_model, config.n_heads, config.n_kv_heads, config.mlp_hidden_size)
            for _ in range(config.n_layers)
        )
        self.norm = nn.Parameter(torch.ones(config.d_model))
        self.head = nn.Linear(config.d_model, config.embedding_size, bias=False)
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, use_cache=False, return_dict=None):
        seen = None
        if attention_mask is not None and 0 in attention_mask:
            seen = attention_mask.bool()[:, None, None, :]
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)[None]
        x = self.embed(input_ids)
        for block in self.blocks:
            x, _ = block(x, positions, seen)
        return CausalLMOutputWithPast(logits=self.head(rms(x, self.norm)))
