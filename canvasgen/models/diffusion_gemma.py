"""DiffusionGemma as a `Denoiser`, through its own encoder, decoder, KV cache and self-conditioning.

The encoder reads the prompt and every finished block causally into the KV cache; the decoder sees a canvas
in both directions over that cache and leaves the cache alone. Rows of a batch are padded on the left; masks
hide the padding, so that a row gets the logits that it would get alone.

Source: `transformers.models.diffusion_gemma`; its `generate` is the reference that tests hold this and the loop to.
transformers 5.19 to 5.24 are tested (`make test-hosts`); 5.24 renamed the argument `past_key_values` to `cache`.
"""
# The types of transformers are known in part:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers
from transformers import DynamicCache

from canvasgen.checks import one_of
from canvasgen.denoise.noise import Mask, Uniform
from canvasgen.denoise.protocol import TOLD, Defaults
from canvasgen.errors import ModelError
from canvasgen.forks import settle
from canvasgen.models.architecture import Architecture
from canvasgen.models.canvases import canvas_lengths_of
from canvasgen.models.weights.adapters import unwrapped
from canvasgen.models.weights.pretrained import read_pretrained
from canvasgen.vocabulary import Vocabulary

if TYPE_CHECKING:
    from transformers import DiffusionGemmaForBlockDiffusion

    from canvasgen.models.weights import LoadOptions

__all__ = ["ARCHITECTURE", "DiffusionGemma", "GemmaContext", "defaults_of", "end_ids_of", "pad_id_of"]

_SMALL_PASS = 8_000_000_000
"""Parameters times tokens up to which a pass consists of operations of a fraction of a millisecond on one thread."""


@dataclass(frozen=True)
class GemmaContext:
    """What the encoder has read, for B rows of at most T cached positions; shorter rows are padded on the left.

    Attributes:
        cache: keys and values of all layers; of a sliding layer the last ones alone.
        mask: bool `[B, T]`, False on padding.
        masks: the decoder's attention masks by layer type, for a canvas behind the T positions.
        next: int64 `[B, 1]`, by row the position of the canvas's first token. Padding before a prompt counts, as in
            `generate`: only differences of positions enter the attention.
        positions: int64 `[B, L]` of the canvas, or `[1, L]` if all rows have the same.
    """

    cache: DynamicCache
    mask: torch.Tensor
    masks: Mapping[str, torch.Tensor | None]
    next: torch.Tensor
    positions: torch.Tensor


class DiffusionGemma:
    """A `Denoiser` around a `DiffusionGemmaForBlockDiffusion`.

    Args:
        model: the model, on its device, perhaps wrapped by `torch.compile` or PEFT; it is put into evaluation mode.
        vocabulary: of the model's size; its end ids and pad id are those of the model's generation config.
    """

    def __init__(self, model: DiffusionGemmaForBlockDiffusion, vocabulary: Vocabulary) -> None:
        decoder: Any = model
        model = unwrapped(model)
        text = model.config.get_text_config()
        if vocabulary.size != text.vocab_size:
            raise ModelError(
                f"the tokenizer's vocabulary has {vocabulary.size} tokens, the model's {text.vocab_size}",
                rule="vocabulary size",
                remedy="use the tokenizer that belongs to the model",
            )
        self.model = model.eval()
        self._decode: Callable[..., Any] = decoder if hasattr(decoder, "_orig_mod") else model
        self.vocabulary = vocabulary
        self.vocab_size: int = text.vocab_size
        self.canvas_length: int = model.config.canvas_length or 256
        self.canvas_lengths = canvas_lengths_of(model.config, self.canvas_length)
        self.max_context: int | None = text.max_position_embeddings
        self.defaults = defaults_of(model)
        self._parameters = sum(parameter.numel() for parameter in model.parameters())
        self._pad = text.pad_token_id if text.pad_token_id is not None else 0

    def with_canvas(self, length: int) -> DiffusionGemma:
        """The same model, with canvases of another of its `canvas_lengths`.

        Raises:
            ModelError: it was not trained for it.
        """
        if length not in self.canvas_lengths:
            raise ModelError(
                "the model does not take canvases of this length",
                rule="canvas_length",
                value=length,
                remedy="choose one of " + ", ".join(map(str, self.canvas_lengths)),
            )
        twin = copy.copy(self)
        twin.canvas_length = length
        return twin

    @property
    def noise(self) -> Uniform | Mask:
        """Undecided positions hold random tokens; in a model that was trained with a mask token, that one."""
        mask_id: int | None = getattr(self.model.config, "mask_token_id", None)
        return Uniform() if mask_id is None else Mask(mask_id)

    @property
    def device(self) -> torch.device:
        """Where the model takes its input."""
        place = self._embedding.device
        if place.type != "meta":
            return place
        hook: Any = getattr(self.model.get_input_embeddings(), "_hf_hook", None)  # offloaded by accelerate
        return torch.device(getattr(hook, "execution_device", "cpu"))

    @property
    def _embedding(self) -> torch.Tensor:
        weight: Any = self.model.get_input_embeddings().weight
        return weight

    @torch.no_grad()
    def prefill(self, prompts: Sequence[Sequence[int]]) -> GemmaContext:
        """Reads B prompts, padded on the left to the longest."""
        longest = max(len(prompt) for prompt in prompts)
        ids = torch.full((len(prompts), longest), self._pad, dtype=torch.int64)
        mask = torch.zeros((len(prompts), longest), dtype=torch.bool)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt) :] = torch.as_tensor(list(prompt), dtype=torch.int64)
            mask[row, longest - len(prompt) :] = True
        cache = DynamicCache(config=self.model.config.get_text_config(decoder=True))
        start = torch.zeros((len(prompts), 1), dtype=torch.int64, device=self.device)
        return self._read(cache, mask.to(self.device), start, ids.to(self.device))

    @torch.no_grad()
    def select(self, context: GemmaContext, rows: Sequence[int]) -> GemmaContext:
        """The context of only these rows, without the padding that none of them needs."""
        indices = torch.as_tensor(list(rows), device=self.device)
        mask = context.mask[indices]
        padding = int(mask.to(torch.int8).argmax(dim=-1).min())
        total = mask.shape[1] - padding
        cache = _with_columns(context.cache, total, lambda values: values[indices])
        return self._ready(cache, mask[:, padding:], context.next[indices])

    @torch.no_grad()
    def join(self, contexts: Sequence[GemmaContext]) -> GemmaContext:
        """The rows of all contexts, padded on the left to the longest; each row keeps its positions."""
        total = max(context.mask.shape[1] for context in contexts)
        masks = [_padded(context.mask, total, dim=-1) for context in contexts]
        caches = [context.cache for context in contexts]
        whole = _copied(caches[0])
        for layer, *parts in zip(whole.layers, *(cache.layers for cache in caches), strict=True):
            width = max(part.keys.shape[-2] for part in parts)
            layer.keys = torch.cat([_padded(part.keys, width, dim=-2) for part in parts])
            layer.values = torch.cat([_padded(part.values, width, dim=-2) for part in parts])
            if layer.is_sliding:
                layer.cumulative_length = total
        return self._ready(whole, torch.cat(masks), torch.cat([context.next for context in contexts]))

    @contextmanager
    def _threads(self, tokens: int) -> Generator[None, None, None]:
        """One thread for a pass on the CPU that is too small to share, the caller's number else.

        Threads that wait for each other between such operations cost more processor time than they save, and on a busy
        machine they make the pass slower by far.
        """
        settle()
        before = torch.get_num_threads()
        if self.device.type != "cpu" or before == 1 or self._parameters * tokens > _SMALL_PASS:
            yield
            return
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    @torch.no_grad()
    def denoise(
        self,
        context: GemmaContext,
        canvas: torch.Tensor,
        self_conditioning: torch.Tensor | None,
        conditioned: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """One decoder pass: logits float32 `[B, L, V]`, soft-capped, before any temperature."""
        if self_conditioning is not None:
            self_conditioning = self_conditioning.to(device=self.device, dtype=self._embedding.dtype)
        canvas = canvas.to(self.device)
        with self._threads(canvas.numel()):
            return self._decode(
                decoder_input_ids=canvas,
                self_conditioning_logits=self_conditioning,
                self_conditioning_mask=None if conditioned is None else conditioned.to(self.device),
                decoder_attention_mask=dict(context.masks),
                decoder_position_ids=context.positions,
                **{_cache_name(type(self.model).forward): context.cache},
            ).logits

    @torch.no_grad()
    def commit(self, context: GemmaContext, ids: torch.Tensor) -> GemmaContext:
        """Reads a finished block, int64 `[B, L]`, behind the rest."""
        ids = ids.to(self.device)
        mask = torch.cat([context.mask, torch.ones_like(ids, dtype=torch.bool)], dim=-1)
        return self._read(_copied(context.cache), mask, context.next, ids)

    def _read(
        self, cache: DynamicCache, mask: torch.Tensor, start: torch.Tensor, ids: torch.Tensor
    ) -> GemmaContext:
        """Runs the encoder on ids `[B, N]`, at the positions from `start` `[B, 1]` on.

        They are the last columns of what the mask `[B, T]` covers.
        """
        here = _positions(start, ids.shape[1])
        encoder: Any = self.model.model.encoder
        masks = encoder.create_masks_for_generate(
            config=self.model.config,
            inputs_embeds=torch.empty((*ids.shape, 0), dtype=self.model.dtype, device=ids.device),
            attention_mask=mask,
            position_ids=here,
            **{_cache_name(type(encoder).create_masks_for_generate): cache},
        )
        grown = {_cache_name(type(encoder).forward): cache}  # the layers write into this very cache
        with self._threads(ids.numel()):
            encoder(input_ids=ids, attention_mask=masks, position_ids=here, **grown)
        return self._ready(cache, mask, start + ids.shape[1])

    def _ready(self, cache: DynamicCache, mask: torch.Tensor, start: torch.Tensor) -> GemmaContext:
        positions = _positions(start, self.canvas_length)
        return GemmaContext(cache, mask, self._canvas_masks(cache, mask), start, positions)

    def _canvas_masks(self, cache: DynamicCache, mask: torch.Tensor) -> Mapping[str, torch.Tensor | None]:
        """The decoder's masks: a position sees the cache without its padding, and the whole canvas."""
        seen = torch.nn.functional.pad(mask, (0, self.canvas_length), value=True)
        like = torch.empty((len(mask), self.canvas_length, 1), dtype=self.model.dtype, device=mask.device)
        decoder = self.model.model.decoder
        return decoder.create_diffusion_decoder_attention_mask(
            config=self.model.config,
            inputs_embeds=like,
            decoder_attention_mask=seen,
            **{_cache_name(type(decoder).create_diffusion_decoder_attention_mask): cache},
        )


@functools.cache
def _cache_name(function: Callable[..., object]) -> str:
    """The name that a function of transformers has for the argument with the keys and values.

    Raises:
        ModelError: it has neither of those that are known.
    """
    names = inspect.signature(function).parameters
    known = [name for name in ("cache", "past_key_values") if name in names]
    if known:
        return known[0]
    raise ModelError(
        f"{function.__qualname__} takes no cache in transformers {transformers.__version__}",
        rule="transformers",
        value=list(names),
        remedy="install a version that canvasgen is tested with: pip install 'transformers>=5.19,<5.25'",
    )


def _positions(start: torch.Tensor, length: int) -> torch.Tensor:
    """int64 `[B, length]`, from each row's first position `[B, 1]` on; `[1, length]` if all rows have the same."""
    if bool((start == start[0]).all()):
        start = start[:1]
    return start + torch.arange(length, device=start.device)


def _copied(cache: DynamicCache) -> DynamicCache:
    """A cache that can grow without changing the given one; the tensors are shared, growth makes new ones."""
    twin = copy.copy(cache)
    twin.layers = [copy.copy(layer) for layer in cache.layers]
    return twin


def _with_columns(
    cache: DynamicCache, total: int, rows_of: Callable[[torch.Tensor], torch.Tensor]
) -> DynamicCache:
    """Some rows of a cache, without the columns before the last `total` ones."""
    twin = _copied(cache)
    layers: list[Any] = twin.layers
    for layer in layers:
        first = max(0, layer.keys.shape[-2] - total)
        layer.keys = rows_of(layer.keys)[..., first:, :]
        layer.values = rows_of(layer.values)[..., first:, :]
        if layer.is_sliding:
            layer.cumulative_length = total
    return twin


def _padded(values: torch.Tensor, width: int, dim: int) -> torch.Tensor:
    """With zeros before it up to a width."""
    missing = width - values.shape[dim]
    if missing == 0:
        return values
    shape = list(values.shape)
    shape[dim] = missing
    return torch.cat([values.new_zeros(shape), values], dim=dim)


def defaults_of(model: DiffusionGemmaForBlockDiffusion) -> Defaults:
    """What the generation config says, with DiffusionGemma's own values where it is silent.

    `self_conditioning` is read from the model's config: a generation config of transformers takes no other options.
    """
    config = model.generation_config
    usual = Defaults()

    def value(name: str, otherwise: Any) -> Any:
        given = getattr(config, name, None)
        return otherwise if given is None else given

    sampler = getattr(config, "sampler_config", None)
    return Defaults(
        max_denoising_steps=value("max_denoising_steps", usual.max_denoising_steps),
        t_min=value("t_min", usual.t_min),
        t_max=value("t_max", usual.t_max),
        entropy_bound=usual.entropy_bound if sampler is None else sampler.entropy_bound,
        stability=value("stability_threshold", usual.stability),
        confidence=value("confidence_threshold", usual.confidence),
        max_tokens=value("max_new_tokens", model.config.canvas_length),
        self_conditioning=one_of(
            getattr(model.config, "self_conditioning", usual.self_conditioning),
            TOLD,
            rule="self_conditioning",
        ),
    )


def end_ids_of(model: DiffusionGemmaForBlockDiffusion) -> tuple[int, ...]:
    """Ids of the tokens that end a text, from the generation config, else from the model's config.

    Raises:
        ModelError: there are none.
    """
    text = model.config.get_text_config()
    for source in (model.generation_config, text):
        ids = getattr(source, "eos_token_id", None)
        if ids is not None:
            return (ids,) if isinstance(ids, int) else tuple(ids)
    raise ModelError(
        "the model names no end token", rule="eos_token_id", remedy="name one in generation_config.json"
    )


def pad_id_of(model: DiffusionGemmaForBlockDiffusion) -> int | None:
    """Id of the padding token, from the generation config, else from the model's config."""
    given = getattr(model.generation_config, "pad_token_id", None)
    return model.config.get_text_config().pad_token_id if given is None else given


def _read_weights(name: str | Path, how: LoadOptions) -> Any:
    from transformers import DiffusionGemmaForBlockDiffusion

    return read_pretrained(DiffusionGemmaForBlockDiffusion, name, how)


def _is_model(model: Any) -> bool:
    from transformers import DiffusionGemmaForBlockDiffusion

    return isinstance(model, DiffusionGemmaForBlockDiffusion)


def _denoiser(wrapped: Any, tokenizer: Any) -> DiffusionGemma:
    model = unwrapped(wrapped)
    size = model.config.get_text_config().vocab_size
    vocabulary = Vocabulary.from_tokenizer(
        tokenizer, end_ids=end_ids_of(model), size=size, pad_id=pad_id_of(model)
    )
    return DiffusionGemma(wrapped, vocabulary)


ARCHITECTURE = Architecture("DiffusionGemma", _read_weights, _is_model, _denoiser)
"""How a DiffusionGemma is loaded."""
