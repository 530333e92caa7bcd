"""What each published family of mask noise does, by the `model_type` of its `config.json`.

| family | sees | block | logits | mask token | edits |
|---|---|---|---|---|---|
| LLaDA, LLaDA 1.5, LLaDA-MoE | everything | none | of the position | 126336; MoE 156895 | no |
| Dream, DiffuCoder | everything | none | of the token after it | 151666 | no |
| LLaDA2.0, LLaDA2.1 | its block and those before | 32 | of the position | 156895 | 2.1 |
| SDAR | its block and those before | 4 | of the position | 151669 | no |
| Nemotron-Labs-Diffusion | a causal prefix, its block | 32 | of the position | 100 | no |

Source: the configurations and the code that are published with the weights (`modeling_llada.py`, `generate.py` of LLaDA;
`generation_utils.py` of Dream; `modeling_llada2_moe.py`; `generate.py` of SDAR; `modeling_nemotron_labs_diffusion.py`), and
diffusers' `LLaDA2Pipeline`.

That code runs when the weights are loaded. canvasgen loads it only with `trust_remote_code=True`, or takes a pair of model
and tokenizer that the user has loaded.
"""
# The models are the users' own:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from canvasgen.errors import ModelError
from canvasgen.models.architecture import Architecture
from canvasgen.models.masked.attention import probed
from canvasgen.models.masked.causal_context import CausalContextModel
from canvasgen.models.masked.masked_model import MaskedModel
from canvasgen.models.weights import LoadOptions
from canvasgen.models.weights.pretrained import read_pretrained
from canvasgen.vocabulary import Vocabulary
from canvasgen.vocabulary.tokenizer_source import read_tokenizer

__all__ = ["DREAM", "LLADA", "LLADA2", "NEMOTRON", "SDAR", "Family", "first_of"]

_FREE_LENGTHS = (16, 32, 64, 128, 256)
"""Canvases of the families without blocks, which were trained on texts of any length."""
_USUAL_LENGTH = 128
_LEAST_EDIT = 0.5
"""Of the probability from which a token is edited: two tokens cannot both be above it."""


@dataclass(frozen=True)
class Family:
    """What is true of all models of a family, where their configurations are silent.

    Attributes:
        name: as people call it.
        block: length of a block; None: the attention is full.
        shifted: whether logits are those of the next token.
        causal: whether the prefix is read from left to right.
        auto: the class of transformers that finds the model's class.
    """

    name: str
    block: int | None = None
    shifted: bool = False
    causal: bool = False
    auto: str = "AutoModelForCausalLM"

    @property
    def architecture(self) -> Architecture:
        """How a model of the family is loaded."""
        return Architecture(
            self.name,
            self._read,
            self._is_model,
            self._denoiser,
            vocabulary=_vocabulary,
            needs_remote_code=True,
        )

    def _read(self, name: str | Path, how: LoadOptions) -> Any:
        import transformers

        return read_pretrained(getattr(transformers, self.auto), name, how, auto=True)

    def _is_model(self, model: Any) -> bool:
        return callable(model) and hasattr(model, "parameters")

    def _denoiser(self, model: Any, tokenizer: Any) -> MaskedModel | CausalContextModel:
        config: Any = model.config
        mask_id = _mask_id(config, tokenizer)
        vocabulary = _words(config, getattr(model, "generation_config", None), tokenizer)
        limit = first_of(config, ("max_sequence_length", "max_position_embeddings"), None)
        block = (
            first_of(config, ("block_length", "block_size"), self.block) if self.block is not None else None
        )
        if self.causal:
            assert block is not None
            return CausalContextModel(
                model, vocabulary, mask_id=mask_id, canvas_length=int(block), max_context=limit
            )
        device = next(iter(model.parameters())).device
        names = inspect.signature(model.forward).parameters
        text = [token for token, content in enumerate(vocabulary.tokens) if content and token != mask_id]
        probe = torch.tensor([text[at % (len(text) - 1)] for at in range(2 * (block or 4))], device=device)
        attention = probed(
            model.eval(),
            block,
            probe,
            text[-1],
            pad_id=vocabulary.end_ids[0],
            extra={"use_cache": False} if "use_cache" in names else None,
        )
        return MaskedModel(
            attention,
            vocabulary,
            mask_id=mask_id,
            canvas_length=block or _USUAL_LENGTH,
            canvas_lengths=() if block else _FREE_LENGTHS,
            shifted=self.shifted,
            edits=_edits(model) if block else None,
            max_context=limit,
            device=device,
        )


def first_of(config: Any, names: tuple[str, ...], otherwise: Any) -> Any:
    """Return the first of these attributes that a configuration has and that is not None."""
    for name in names:
        found = getattr(config, name, None)
        if found is not None:
            return found
    return otherwise


def _edits(model: Any) -> float | None:
    """Return the probability above which another token replaces a decided one, where the model's own `generate` edits.

    LLaDA2.0 and LLaDA2.1 have one `model_type`; `generate` of the latter has an `editing_threshold`.
    """
    generate = getattr(type(model), "generate", None)
    parameter = None if generate is None else inspect.signature(generate).parameters.get("editing_threshold")
    given: object = None if parameter is None else parameter.default
    return max(float(given), _LEAST_EDIT) if isinstance(given, int | float) and 0 < given < 1 else None


def _mask_id(config: Any, tokenizer: Any) -> int:
    """Return the mask token that the configuration names, or the tokenizer, or that is the only one called a mask.

    Raises:
        ModelError: none of them says which one.
    """
    named = first_of(config, ("mask_token_id",), getattr(tokenizer, "mask_token_id", None))
    if named is not None:
        return int(named)
    special = read_tokenizer(tokenizer).tokenizer.get_added_tokens_decoder().items()
    masks = [token for token, one in special if "mask" in one.content.lower()]
    if len(masks) == 1:
        return masks[0]
    raise ModelError(
        "neither configuration nor tokenizer says which token is the mask",
        rule="mask_token_id",
        value=masks,
        remedy="set model.config.mask_token_id to the one that the model's own generate() uses",
    )


def _vocabulary(config: Mapping[str, Any], tokenizer: Any) -> Vocabulary:
    return _words(SimpleNamespace(**config), None, tokenizer)


def _words(config: Any, generation: Any, tokenizer: Any) -> Vocabulary:
    """Return the tokens as text.

    A text ends with the tokens that the model's configurations name, and with those that the tokenizer does: a chat model
    ends its turn with another token than a text, and its configuration often names one of them alone.
    """
    ends: dict[int, None] = {}
    for source in (generation, config):
        given = getattr(source, "eos_token_id", None)
        ends.update(dict.fromkeys([given] if isinstance(given, int) else given or ()))
    found = read_tokenizer(tokenizer)
    ends.update(dict.fromkeys((*found.end_ids, *read_tokenizer(found.tokenizer).end_ids)))
    size = first_of(config, ("embedding_size", "vocab_size"), None)
    pad = first_of(config, ("pad_token_id",), None)
    return Vocabulary.from_tokenizer(tokenizer, end_ids=list(ends) or None, size=size, pad_id=pad)


LLADA = Family("LLaDA", auto="AutoModel").architecture
DREAM = Family("Dream", shifted=True, auto="AutoModel").architecture
LLADA2 = Family("LLaDA2", block=32).architecture
SDAR = Family("SDAR", block=4).architecture
NEMOTRON = Family("Nemotron-Labs-Diffusion", block=32, causal=True, auto="AutoModel").architecture
