"""Masked language models, `AutoModelForMaskedLM`: BERT, RoBERTa, ModernBERT and their kin fill texts.

They are the simplest models of mask noise: one pass over the whole text, full attention. They know no instructions, and no
answer that is shorter than its canvas, so they get neither: a prompt is the text before the canvas; fixed text is on the
canvas from the first step on, with masks of several widths in its holes; and what is behind its end is not shown.

    [CLS] prompt canvas [SEP]
"""
# The types of transformers are known in part:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch

from canvasgen.errors import ModelError
from canvasgen.models.architecture import Architecture
from canvasgen.models.masked.attention import probed
from canvasgen.models.masked.masked_model import MaskedModel
from canvasgen.models.masked.wordpiece import WordPieces, is_wordpiece, wordpieces
from canvasgen.models.prompts import Prompt, text_of
from canvasgen.models.weights import LoadOptions
from canvasgen.models.weights.pretrained import read_pretrained
from canvasgen.vocabulary import Vocabulary
from canvasgen.vocabulary.tokenizer_source import read_tokenizer

if TYPE_CHECKING:
    from canvasgen.constraints.shown import Shown

__all__ = ["ARCHITECTURE", "LeftContext"]

_MOST_CANVAS, _USUAL_CANVAS = 256, 32
_PROBE = 6


class LeftContext:
    """Encodes prompts for a masked language model: the text before the canvas, as it is."""

    def __init__(self, tokenizer: Any, vocabulary: Vocabulary) -> None:
        self._tokenizer = read_tokenizer(tokenizer).tokenizer
        self._first = _special(tokenizer, ("cls_token_id", "bos_token_id"))
        self._tight = vocabulary.size // 2 if is_wordpiece(self._tokenizer) else None
        self._vocabulary = vocabulary

    def encode(self, prompt: Prompt, shown: Shown | None) -> list[int]:
        """Return the tokens of the text behind the first one, such as [CLS]; what is shown of the answer is left out."""
        del shown
        return [self._first, *self.tokens(text_of(prompt))]

    def tokens(self, text: str) -> list[int]:
        """Return the tokenizer's ids, without special tokens; of word pieces, those with a space where the text has one."""
        found = self._tokenizer.encode(text, add_special_tokens=False)
        if self._tight is None:
            return list(found.ids)
        ids: list[int] = []
        for token, (start, _) in zip(found.ids, found.offsets, strict=True):
            spaced = start > 0 and text[start - 1].isspace()
            has_both = self._vocabulary.tokens[self._tight + token] is not None
            ids.append(token if spaced or not has_both else self._tight + token)
        return ids


def _special(tokenizer: Any, names: tuple[str, ...]) -> int:
    for name in names:
        found = getattr(tokenizer, name, None)
        if found is not None:
            return int(found)
    raise ModelError(
        "the tokenizer has no " + " or ".join(name.removesuffix("_id") for name in names),
        rule="tokenizer",
        remedy="load it with AutoTokenizer, with the tokenizer_config.json that belongs to it",
    )


def _read(name: str | Path, how: LoadOptions) -> Any:
    from transformers import AutoModelForMaskedLM

    return read_pretrained(AutoModelForMaskedLM, name, how, auto=True)


def _is_model(model: Any) -> bool:
    return type(model).__name__.endswith("ForMaskedLM")


def _words(model: Any, tokenizer: Any) -> tuple[Vocabulary, WordPieces | None]:
    """The tokens as text; WordPiece's as pairs."""
    found = read_tokenizer(tokenizer)
    size = int(model.config.vocab_size)
    end = _special(tokenizer, ("sep_token_id", "eos_token_id"))
    pad = getattr(tokenizer, "pad_token_id", None)
    if is_wordpiece(found.tokenizer):
        pieces = wordpieces(found.tokenizer, (end,), size, pad)
        return pieces.vocabulary, pieces
    return Vocabulary.from_tokenizer(tokenizer, end_ids=[end], size=size, pad_id=pad), None


def _called(model: Any, pieces: WordPieces | None) -> Callable[..., Any]:
    """The model on the ids of the vocabulary."""
    if pieces is None:
        return model

    def call(ids: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=pieces.logits(model(pieces.model_ids(ids)).logits))

    return call


def _positions(config: Any) -> int | None:
    """How many tokens the model's table of positions has room for."""
    limit = getattr(config, "max_position_embeddings", None)
    if limit is None:
        return None
    padding = getattr(config, "pad_token_id", None) or 0
    counts_from_padding = getattr(config, "model_type", "") in _COUNTED_FROM_PADDING
    return int(limit) - (padding + 1 if counts_from_padding else 0)


_COUNTED_FROM_PADDING = ("roberta", "camembert", "xlm-roberta", "xlm-roberta-xl", "mpnet", "longformer")


def _denoiser(model: Any, tokenizer: Any) -> MaskedModel:
    vocabulary, pieces = _words(model, tokenizer)
    device = next(iter(model.parameters())).device
    mask_id = _special(tokenizer, ("mask_token_id",))
    end = vocabulary.end_ids[0]
    size = vocabulary.size if pieces is None else pieces.size
    text = [token for token, content in enumerate(vocabulary.tokens[:size]) if content and token != mask_id]
    probe = torch.tensor([text[at % (len(text) - 1)] for at in range(_PROBE)], device=device)
    attention = replace(probed(model.eval(), None, probe, text[-1]), call=_called(model, pieces))
    limit = _positions(model.config)
    lengths = range(1, _MOST_CANVAS + 1) if limit is None else range(1, min(_MOST_CANVAS, limit - 2) + 1)
    pad = vocabulary.pad_id
    return MaskedModel(
        attention,
        vocabulary,
        mask_id=mask_id,
        canvas_length=min(_USUAL_CANVAS, lengths[-1]),
        canvas_lengths=lengths,
        after=(end,),
        max_context=None if limit is None else limit - 1,
        hidden=() if pad is None else (pad,),
        stops=(end,),
        device=device,
        max_tokens=1,  # one canvas
    )


def _vocabulary(config: Mapping[str, Any], tokenizer: Any) -> Vocabulary:
    return _words(SimpleNamespace(config=SimpleNamespace(**config)), tokenizer)[0]


ARCHITECTURE = Architecture(
    "masked language model",
    _read,
    _is_model,
    _denoiser,
    vocabulary=_vocabulary,
    prompts=LeftContext,
    lays_text=True,
)
"""How a masked language model is loaded."""
