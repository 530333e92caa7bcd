"""LLaDA2 at a tiny size: blocks told by a 4-dimensional mask of 0 and −inf, experts behind a sigmoid router.

`form` of the configuration is the version of the mask: "additive" is what the published code passes on to the attention,
"zero-one" what it is said to take, and "ones" the row of ones of diffusers' LLaDA2Pipeline, of which the model makes blocks.
"""

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import MoeCausalLMOutputWithPast

from .tiny_layers import Layer, rms


class LLaDA2MoeConfig(PreTrainedConfig):
    model_type = "llada2_moe"

    def __init__(
        self,
        hidden_size=32,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_hidden_layers=2,
        intermediate_size=48,
        num_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=16,
        vocab_size=260,
        max_position_embeddings=512,
        mask_token_id=259,
        block_length=8,
        form="additive",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.hidden_size, self.num_attention_heads = hidden_size, num_attention_heads
        self.num_key_value_heads, self.num_hidden_layers = num_key_value_heads, num_hidden_layers
        self.intermediate_size, self.moe_intermediate_size = intermediate_size, moe_intermediate_size
        self.num_experts, self.num_experts_per_tok, self.vocab_size = (
            num_experts,
            num_experts_per_tok,
            vocab_size,
        )
        self.max_position_embeddings, self.mask_token_id = max_position_embeddings, mask_token_id
        self.block_length, self.form = block_length, form


class Experts(nn.Module):
    """The best few experts of each token, weighted by the sigmoid of their scores."""

    def __init__(self, config):
        super().__init__()
        self.chosen = config.num_experts_per_tok
        self.router = nn.Linear(config.hidden_size, config.num_experts, bias=False)
        self.up = nn.Parameter(
            torch.empty(config.num_experts, config.moe_intermediate_size, config.hidden_size)
        )
        self.down = nn.Parameter(
            torch.empty(config.num_experts, config.hidden_size, config.moe_intermediate_size)
        )
        nn.init.normal_(self.up, std=0.02)
        nn.init.normal_(self.down, std=0.02)

    def forward(self, x):
        weights, best = torch.sigmoid(self.router(x)).topk(self.chosen, dim=-1)
        inner = F.silu(torch.einsum("bsh,emh->bsem", x, self.up))
        every = torch.einsum("bsem,ehm->bseh", inner, self.down)
        taken = every.gather(2, best[..., None].expand(*best.shape, x.shape[-1]))
        return (taken * (weights / weights.sum(-1, keepdim=True))[..., None]).sum(2)


class LLaDA2MoeModelLM(PreTrainedModel):
    config_class = LLaDA2MoeConfig

    def __init__(self, config):
        super().__init__(config)
        self.embed = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(
            Layer(
                config.hidden_size,
                config.num_attention_heads,
                config.num_key_value_heads,
                config.intermediate_size,
            )
            for _ in range(config.num_hidden_layers)
        )
        self.experts = nn.ModuleList(Experts(config) for _ in range(config.num_hidden_layers))
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
        **kwargs,
    ):
        rows, length = input_ids.shape
        if self.config.form == "ones":
            blocks = torch.arange(length, device=input_ids.device) // self.config.block_length
            seen = (blocks[:, None] >= blocks[None]) & attention_mask.bool()[:, None, None, :]
            seen = seen | torch.eye(length, dtype=torch.bool, device=input_ids.device)
        elif attention_mask is None or attention_mask.shape != (rows, 1, length, length):
            raise ValueError("LLaDA2 takes block masks of 4 dimensions only")
        elif self.config.form == "additive":
            seen = attention_mask.to(self.dtype)
        else:
            seen = (1.0 - attention_mask.to(self.dtype)) * torch.finfo(self.dtype).min
        x = self.embed(input_ids)
        for layer, experts in zip(self.layers, self.experts, strict=True):
            x, _ = layer(x, position_ids, seen)
            x = x + experts(x)
        return MoeCausalLMOutputWithPast(logits=self.lm_head(rms(x, self.norm)))


class LLaDA21MoeModelLM(LLaDA2MoeModelLM):
    """LLaDA2.1's `generate` also edits tokens that are decided."""

    @torch.no_grad()
    def generate(
        self, inputs, block_length=8, gen_length=8, threshold=0.7, editing_threshold=0.9, max_post_steps=4
    ):
        """Fills one row, whose prompt is whole blocks, block by block; each step decides what is above a threshold."""
        total = inputs.shape[1] + gen_length
        x = F.pad(inputs, (0, gen_length), value=self.config.mask_token_id)
        blocks = torch.arange(total) // block_length
        mask = (blocks[:, None] >= blocks[None]).float()[None, None]
        for end in range(inputs.shape[1] + block_length, total + 1, block_length):
            post = 0
            while post <= max_post_steps:
                current = x[:, end - block_length : end]
                open_ = current == self.config.mask_token_id
                post += not bool(open_.any())
                logits = self(
                    x[:, :end], attention_mask=mask[..., :end, :end], position_ids=torch.arange(end)[None]
                ).logits
                sure, best = logits[:, -block_length:].softmax(-1).max(-1)
                take = open_ & (sure > threshold)
                if bool(open_.any()) and not bool(take.any()):
                    take = open_ & (sure == sure[open_].max())
                edit = ~open_ & (best != current) & (sure > editing_threshold)
                if not bool((take | edit).any()):
                    break
                x[:, end - block_length : end] = torch.where(take | edit, best, current)
        return x
