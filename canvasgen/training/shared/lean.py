"""The model's arithmetic for training, on the parameters of the real class.

One pass encodes prompt and answer together, and the decoder reads the prompt's part of those keys and values;
there is no cache object, no mask building and no expert dispatch (the one expert is off, see
``small.config.new_model``). A test holds it to the class's own forward.

Shapes: B batch, P prompt, A answer, L canvas, H heads, D head dimension, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Parameters = list[Tensor]
KeyValues = list[tuple[Tensor, Tensor]]

_LAYER = (
    "input_layernorm",
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.q_norm",
    "self_attn.k_norm",
    "self_attn.o_proj",
    "post_attention_layernorm",
    "pre_feedforward_layernorm",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
    "post_feedforward_layernorm_1",
    "post_feedforward_layernorm",
)


def rms(x: Tensor, weight: Tensor | None, eps: float) -> Tensor:
    """Root-mean-square norm over the last dimension."""
    normed = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
    return normed if weight is None else normed * weight


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of [B, S, H, D] with [B, S, 1, D] tables."""
    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), dim=-1) * sin


class LeanModel:
    """Encoder and decoder passes over one set of shared weights."""

    def __init__(self, model: nn.Module, dtype: torch.dtype = torch.float32) -> None:
        """Read the parameters of ``model``; ``dtype`` is for matrix products only.

        Attention stays in float32: torch's fused attention on a CPU takes two to six times as long for the
        gradients in bfloat16 (a layer of 80 rows, 40 by 100: 121 against 19 ms).
        """
        self.dtype = dtype
        whole: Any = model
        config, decoder = whole.config.text_config, whole.model.decoder
        self.heads: int = config.num_attention_heads
        self.head_dim: int = config.head_dim
        self.hidden: int = config.hidden_size
        self.eps: float = config.rms_norm_eps
        self.cap: float = config.final_logit_softcapping
        self.embedding: Tensor = decoder.embed_tokens.weight
        self.final_norm: Tensor = decoder.norm.weight
        self.layers = [[_weight(layer, name) for name in _LAYER] for layer in decoder.layers]
        conditioning = decoder.self_conditioning
        self.conditioning: list[Tensor] = [
            conditioning.pre_norm.weight,
            conditioning.gate_proj.weight,
            conditioning.up_proj.weight,
            conditioning.down_proj.weight,
        ]
        theta = config.rope_parameters["full_attention"]["rope_theta"]
        frequencies = 1.0 / theta ** (torch.arange(0, self.head_dim, 2).float() / self.head_dim)
        angles = torch.arange(1024).float()[:, None] * frequencies
        angles = torch.cat((angles, angles), dim=-1)
        self.cos, self.sin = angles.cos(), angles.sin()

    def _layer(
        self,
        x: Tensor,
        weights: list[Any],
        cos: Tensor,
        sin: Tensor,
        mask: Tensor | None,
        past: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        (before, wq, wk, wv, norm_q, norm_k, wo, after, before_mlp, gate, up, down, after_1, after_mlp) = (
            weights
        )
        batch, length, _ = x.shape
        shape = (batch, length, self.heads, self.head_dim)
        low = self.dtype
        h = rms(x, before, self.eps).to(low)
        q = rotate(rms(F.linear(h, wq.to(low)).view(shape).float(), norm_q, self.eps), cos, sin).transpose(
            1, 2
        )
        raw = F.linear(h, wk.to(low)).view(shape).float()
        k = rotate(rms(raw, norm_k, self.eps), cos, sin).transpose(1, 2)
        v = rms(raw if wv is None else F.linear(h, wv.to(low)).view(shape).float(), None, self.eps).transpose(
            1, 2
        )
        keys, values = (k, v) if past is None else (torch.cat((past[0], k), 2), torch.cat((past[1], v), 2))
        out = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask, scale=1.0)
        out = F.linear(out.transpose(1, 2).reshape(batch, length, -1).to(low), wo.to(low)).float()
        x = x + rms(out, after, self.eps)
        h = rms(x, before_mlp, self.eps).to(low)
        inner = (
            F.gelu(F.linear(h, gate.to(low)).float(), approximate="tanh") * F.linear(h, up.to(low)).float()
        )
        h = F.linear(inner.to(low), down.to(low)).float()
        return x + rms(rms(h, after_1, self.eps), after_mlp, self.eps), (k, v)

    def layer(
        self,
        x: Tensor,
        number: int,
        cos: Tensor,
        sin: Tensor,
        mask: Tensor | None,
        past: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One layer on [B, S, hidden] and its own keys and values; they stand behind those of ``past``."""
        return self._layer(x, self.layers[number], cos, sin, mask, past)

    def encode(self, ids: Tensor, positions: Tensor, mask: Tensor) -> tuple[Tensor, KeyValues]:
        """Causal pass: last hidden states [B, S, hidden], and keys and values [B, H, S, D] of each layer."""
        x = F.embedding(ids, self.embedding) * self.hidden**0.5
        cos, sin = self.cos[positions][:, :, None], self.sin[positions][:, :, None]
        kept: KeyValues = []
        for weights in self.layers:
            x, pair = self._layer(x, weights, cos, sin, mask, None)
            kept.append(pair)
        return rms(x, self.final_norm, self.eps), kept

    def decode(
        self, ids: Tensor, positions: Tensor, mask: Tensor | None, past: KeyValues, soft: Tensor | None
    ) -> Tensor:
        """Bidirectional pass over the canvas [B, L] that reads ``past``; with ``soft`` [B, L, hidden].

        ``mask``: which keys are seen; None: all.
        """
        x = F.embedding(ids, self.embedding) * self.hidden**0.5
        if soft is not None:
            pre, gate, up, down = self.conditioning
            low = self.dtype
            h = rms(soft, pre, self.eps).to(low)
            inner = (
                F.gelu(F.linear(h, gate.to(low)).float(), approximate="tanh")
                * F.linear(h, up.to(low)).float()
            )
            x = x + F.linear(inner.to(low), down.to(low)).float()
        x = rms(x, None, self.eps)
        cos, sin = self.cos[positions][:, :, None], self.sin[positions][:, :, None]
        for weights, pair in zip(self.layers, past, strict=True):
            x, _ = self._layer(x, weights, cos, sin, mask, pair)
        return rms(x, self.final_norm, self.eps)

    def logits(self, hidden: Tensor) -> Tensor:
        """[..., V], soft-capped."""
        product = F.linear(hidden.to(self.dtype), self.embedding.to(self.dtype)).float()
        return self.cap * torch.tanh(product / self.cap)

    def token_loss(self, hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Cross entropy of each position [...] and the most likely token [...]."""
        logits = self.logits(hidden)
        chosen = logits.gather(-1, targets[..., None])[..., 0]
        return logits.logsumexp(-1) - chosen, logits.detach().argmax(-1)

    def compile(self, dynamic: bool = True) -> None:
        """Compile the layer and the head (needs a C++ compiler); with ``dynamic``, shapes stay free."""
        torch._dynamo.config.recompile_limit = 64
        self._layer = torch.compile(self._layer, dynamic=dynamic)  # type: ignore[method-assign]
        self.token_loss = torch.compile(self.token_loss, dynamic=dynamic)  # type: ignore[method-assign]
        self.look = torch.compile(self.look, dynamic=dynamic)  # type: ignore[method-assign]
        self.glance = torch.compile(self.glance, dynamic=dynamic)  # type: ignore[method-assign]

    def soften(self, logits: Tensor) -> Tensor:
        """Logits of the last step to the mean embedding that self-conditioning reads."""
        return logits.softmax(-1) @ self.embedding * self.hidden**0.5

    def look(self, hidden: Tensor, gumbel: Tensor, temperature: float) -> tuple[Tensor, Tensor, Tensor]:
        """What a sampler takes from a step: mean embeddings [B, L, hidden], entropies, drawn ids [B, L]."""
        logits = self.logits(hidden)
        log_chances = logits.log_softmax(-1)
        chances = log_chances.exp()
        soft = (chances.to(self.dtype) @ self.embedding.to(self.dtype)).float() * self.hidden**0.5
        return soft, -(chances * log_chances).sum(-1), (logits / temperature + gumbel).argmax(-1)

    def glance(self, hidden: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What a greedy loop takes from a step at a temperature [B, 1, 1]: mean embeddings [B, L, hidden] at that
        temperature, entropies, and the best ids [B, L]."""
        log_chances = (self.logits(hidden) / temperature).log_softmax(-1)
        chances = log_chances.exp()
        soft = (chances.to(self.dtype) @ self.embedding.to(self.dtype)).float() * self.hidden**0.5
        return soft, -(chances * log_chances).sum(-1), log_chances.argmax(-1)


def _weight(layer: nn.Module, name: str) -> Tensor | None:
    module: nn.Module | None = layer
    for part in name.split("."):
        module = getattr(module, part)
    return None if module is None else module.weight  # type: ignore[return-value]
