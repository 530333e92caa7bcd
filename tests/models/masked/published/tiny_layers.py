"""Layers that the tiny models of mask noise share: rotary attention with grouped heads, SwiGLU, root-mean-square norms."""

import torch
from torch import nn
from torch.nn import functional as F


def rms(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * weight


def rotated(x, positions):
    """Rotary embedding of [B, H, S, d] at positions [B, S] or [1, S]."""
    half = x.shape[-1] // 2
    angles = positions[:, None, :, None].float() / 100.0 ** (torch.arange(half, device=x.device) / half)
    one, other = x[..., :half], x[..., half:]
    return torch.cat(
        [one * angles.cos() - other * angles.sin(), one * angles.sin() + other * angles.cos()], -1
    )


class Layer(nn.Module):
    """One block; `past` is the keys and values before this pass, `seen` what attention takes as its mask."""

    def __init__(self, size, heads, groups, inner):
        super().__init__()
        self.heads, self.groups, self.d = heads, groups, size // heads
        self.q, self.o = nn.Linear(size, size), nn.Linear(size, size, bias=False)
        self.k, self.v = nn.Linear(size, groups * self.d), nn.Linear(size, groups * self.d)
        self.gate, self.up = nn.Linear(size, inner, bias=False), nn.Linear(size, inner, bias=False)
        self.down = nn.Linear(inner, size, bias=False)
        self.first, self.second = nn.Parameter(torch.ones(size)), nn.Parameter(torch.ones(size))

    def forward(self, x, positions, seen=None, past=None):
        rows, length, size = x.shape
        h = rms(x, self.first)

        def split(y, count):
            return y.view(rows, length, count, self.d).transpose(1, 2)

        q = rotated(split(self.q(h), self.heads), positions)
        k = rotated(split(self.k(h), self.groups), positions)
        v = split(self.v(h), self.groups)
        own = (k, v)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        times = self.heads // self.groups
        k, v = k.repeat_interleave(times, 1), v.repeat_interleave(times, 1)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        x = x + self.o(mixed.transpose(1, 2).reshape(rows, length, size))
        h = rms(x, self.second)
        return x + self.down(F.silu(self.gate(h)) * self.up(h)), own


def sharpen(model, seed):
    """Random weights with sharp logits, so that canvases can settle."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                scale = 0.6 if "embed" in name or "head" in name else 0.15
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
    return model
