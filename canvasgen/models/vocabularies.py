"""A model's vocabulary without its weights: what `canvasgen check` needs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from canvasgen.models.architecture import architecture_of
from canvasgen.models.embedded import tiny
from canvasgen.models.loading import checked_source, load_tokenizer, loading_errors
from canvasgen.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["load_vocabulary"]


def load_vocabulary(
    model: str | Path | None = None, *, revision: str | None = None, trust_remote_code: bool = False
) -> Vocabulary:
    """Return the vocabulary of an embedded model (None: the first), a model folder or a hub id, without its weights.

    Args:
        model: its name.
        revision: branch, tag or commit of a hub id; None: the usual one.
        trust_remote_code: whether code of a tokenizer that comes with the model may run.

    Raises:
        ModelError: there is no such model, or it is of no known architecture.
    """
    revised = {} if revision is None else {"revision": revision}
    name, config = checked_source(tiny.WEIGHTS if model is None else model, **revised)
    kind = architecture_of(config.get("model_type"), name)
    trusts = kind.needs_remote_code and trust_remote_code
    tokenizer = partial(load_tokenizer, name, trust_remote_code=trusts, **revised)
    with loading_errors(name):
        if kind.vocabulary is not None:
            return kind.vocabulary(config, tokenizer())
        from transformers.models.diffusion_gemma.generation_diffusion_gemma import (
            DiffusionGemmaGenerationConfig,
        )

        reader: Any = DiffusionGemmaGenerationConfig
        generation: Any = reader.from_pretrained(name, **revised)
        text = config.get("text_config", {})
        ends: int | Sequence[int] = (
            text.get("eos_token_id") if generation.eos_token_id is None else generation.eos_token_id
        )
        pad: int | None = (
            text.get("pad_token_id") if generation.pad_token_id is None else generation.pad_token_id
        )
        return Vocabulary.from_tokenizer(
            tokenizer(),
            end_ids=[ends] if isinstance(ends, int) else list(ends),
            size=text.get("vocab_size"),
            pad_id=pad,
        )
