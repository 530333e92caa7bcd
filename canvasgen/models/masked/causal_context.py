"""Nemotron-Labs-Diffusion: a prefix that is read from left to right into a cache, and blocks that see it and themselves.

One set of weights does both: `self_attn.diffusion_lm` of its layers says whether a pass is causal. The published
`generate` reads prompt and finished blocks causally, and takes the first token of each block from the causal head; so
do we: while a canvas's first position is undecided, its logits are those of the causal pass before it.
"""
# The model is the user's own:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from canvasgen.denoise.noise import Mask
from canvasgen.denoise.protocol import Defaults
from canvasgen.errors import ModelError
from canvasgen.forks import settle
from canvasgen.models.masked.masked_model import by_key, masked_defaults
from canvasgen.vocabulary import Vocabulary

__all__ = ["CausalContext", "CausalContextModel"]


@dataclass(frozen=True)
class CausalRow:
    """What one row has read.

    Attributes:
        length: its tokens.
        layers: keys and values of each layer, `[1, heads, length, d]`.
        next: logits `[V]` of the token after it, by the causal head.
    """

    length: int
    layers: tuple[tuple[Tensor, Tensor], ...]
    next: Tensor


@dataclass(frozen=True)
class CausalContext:
    """What has been read, for B rows."""

    rows: tuple[CausalRow, ...]


class CausalContextModel:
    """A `Denoiser` around a `NemotronLabsDiffusionModel`.

    Args:
        model: the model, on its device; it is put into evaluation mode.
        vocabulary: of the model's size.
        mask_id: the mask token.
        canvas_length: L, the length of a block.
        max_context: positions at most; None: no limit.

    Raises:
        ModelError: none of its layers says whether it is causal.
    """

    def __init__(
        self,
        model: Any,
        vocabulary: Vocabulary,
        *,
        mask_id: int,
        canvas_length: int,
        max_context: int | None = None,
    ) -> None:
        self.model = model.eval()
        self._switches = [module for module in model.modules() if hasattr(module, "diffusion_lm")]
        if not self._switches:
            raise ModelError(
                "no layer of the model has a switch diffusion_lm, by which it reads from left to right or in blocks",
                rule="attention",
                remedy="load the class that the code with its weights defines",
            )
        self.vocabulary = vocabulary
        self.vocab_size = vocabulary.size
        self.canvas_length = canvas_length
        self.max_context = max_context
        self.mask_id = mask_id
        self.device: torch.device = next(iter(model.parameters())).device

    @property
    def noise(self) -> Mask:
        """The mask token."""
        return Mask(self.mask_id)

    @property
    def defaults(self) -> Defaults:
        """How the model wants to be run."""
        return masked_defaults(self.canvas_length)

    @contextmanager
    def _causal(self) -> Generator[None, None, None]:
        """Reads from left to right inside, in blocks again after it."""
        before = [switch.diffusion_lm for switch in self._switches]
        try:
            for switch in self._switches:
                switch.diffusion_lm = False
            yield
        finally:
            for switch, was in zip(self._switches, before, strict=True):
                switch.diffusion_lm = was

    @torch.no_grad()
    def prefill(self, prompts: Sequence[Sequence[int]]) -> CausalContext:
        """Reads B prompts from left to right, those of one length together."""
        settle()
        empty = CausalRow(0, (), torch.empty(0))
        return CausalContext(
            self._read([empty] * len(prompts), [tuple(map(int, prompt)) for prompt in prompts])
        )

    def select(self, context: CausalContext, rows: Sequence[int]) -> CausalContext:
        """The context of only these rows, in this order."""
        return CausalContext(tuple(context.rows[row] for row in rows))

    def join(self, contexts: Sequence[CausalContext]) -> CausalContext:
        """The rows of several contexts as one."""
        return CausalContext(tuple(row for context in contexts for row in context.rows))

    @torch.no_grad()
    def commit(self, context: CausalContext, ids: Tensor) -> CausalContext:
        """Reads a finished block, int64 `[B, L]`, from left to right behind the rest."""
        blocks: list[list[int]] = ids.cpu().numpy().tolist()
        return CausalContext(self._read(context.rows, [tuple(block) for block in blocks]))

    @torch.no_grad()
    def denoise(
        self,
        context: CausalContext,
        canvas: Tensor,
        self_conditioning: Tensor | None,
        conditioned: Tensor | None = None,
    ) -> Tensor:
        """One pass over the canvases in both directions, behind what has been read: logits float32 `[B, L, V]`."""
        del self_conditioning, conditioned
        settle()

        def group(numbers: list[int]) -> Tensor:
            rows = [context.rows[number] for number in numbers]
            ids = canvas[numbers].to(self.device)
            output = self.model(ids, past_key_values=_cache_of(rows), use_cache=False)
            logits = output.logits[..., : self.vocab_size].float()
            first = torch.stack([row.next for row in rows])
            logits[:, 0] = torch.where((ids[:, :1] == self.mask_id), first, logits[:, 0])
            return logits

        return by_key([row.length for row in context.rows], group)

    def _read(self, rows: Sequence[CausalRow], texts: Sequence[tuple[int, ...]]) -> tuple[CausalRow, ...]:
        """The rows with a text each behind them; rows and texts of the same two lengths are read together."""
        groups: dict[tuple[int, int], list[int]] = {}
        for number, (row, text) in enumerate(zip(rows, texts, strict=True)):
            groups.setdefault((row.length, len(text)), []).append(number)
        found: dict[int, CausalRow] = {}
        for numbers in groups.values():
            ids = torch.tensor([texts[number] for number in numbers], dtype=torch.int64, device=self.device)
            past = _cache_of([rows[number] for number in numbers])
            with self._causal():
                output = self.model(ids, past_key_values=past, use_cache=True, use_causal_mask=True)
            layers = [(layer.keys, layer.values) for layer in output.past_key_values.layers]
            logits = output.logits[:, -1, : self.vocab_size].float()
            for at, number in enumerate(numbers):
                kept = tuple((keys[at : at + 1], values[at : at + 1]) for keys, values in layers)
                found[number] = CausalRow(rows[number].length + ids.shape[1], kept, logits[at])
        return tuple(found[number] for number in range(len(rows)))


def _cache_of(rows: Sequence[CausalRow]) -> DynamicCache:
    """A cache of its own with the keys and values of rows of one length; growing it changes no row."""
    cache = DynamicCache()
    for number, parts in enumerate(zip(*(row.layers for row in rows), strict=True)):
        keys, values = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
        cache.update(keys, values, number)
    return cache
