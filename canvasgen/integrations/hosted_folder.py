"""The engine that makes jobs for a model that somebody else runs, from the model's folder or name."""
# The types of transformers are known in part:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from canvasgen.denoise import Defaults
from canvasgen.engine import Engine
from canvasgen.errors import ModelError
from canvasgen.integrations.host_model import HostModel
from canvasgen.models.loading import load, load_tokenizer, loading_errors
from canvasgen.vocabulary import Vocabulary

__all__ = ["engine_of_folder", "host_engine"]


def engine_of_folder(name: str | Path) -> Engine:
    """Return the engine of a model's folder, or hub id; its weights are not read.

    Raises:
        ModelError: there is no such model, or it is no DiffusionGemma.
    """
    from transformers import AutoConfig
    from transformers.utils.hub import cached_file

    place = Path(name).expanduser()
    source = place if place.is_dir() else str(name)
    with loading_errors(source):
        config: Any = AutoConfig.from_pretrained(source)
        written: Any = cached_file(source, "generation_config.json")
        generation: Any = json.loads(Path(written).read_text(encoding="utf-8"))
        tokenizer = load_tokenizer(source)
    size, length = config.get_text_config().vocab_size, getattr(config, "canvas_length", None)
    if length is None:
        raise ModelError(
            f"{name} is no DiffusionGemma",
            rule="architecture",
            value=config.model_type,
            remedy="give the folder of a DiffusionGemma, or load it with cg.load",
        )
    return host_engine(tokenizer, generation, size=size, canvas_length=length)


def host_engine(tokenizer: Any, generation: Mapping[str, Any], *, size: int, canvas_length: int) -> Engine:
    """Return the engine around a `HostModel`.

    Args:
        tokenizer: of the model.
        generation: the model's generation config, as a dict.
        size: tokens of the model's vocabulary.
        canvas_length: L.

    Raises:
        ModelError: the generation config names no end token.
    """
    ends = generation.get("eos_token_id")
    if ends is None:
        raise ModelError(
            "the generation config names no end token",
            rule="eos_token_id",
            remedy="set eos_token_id in generation_config.json",
        )
    vocabulary = Vocabulary.from_tokenizer(
        tokenizer,
        end_ids=[ends] if isinstance(ends, int) else ends,
        size=size,
        pad_id=generation.get("pad_token_id", 0),
    )
    model = HostModel(vocabulary, canvas_length, _defaults(generation, canvas_length))
    return Engine(load((model, tokenizer)))


def _defaults(config: Mapping[str, Any], length: int) -> Defaults:
    """What the generation config says, with DiffusionGemma's own values where it is silent."""
    usual = Defaults()
    sampler = config.get("sampler_config") or {}
    return Defaults(
        max_denoising_steps=config.get("max_denoising_steps", usual.max_denoising_steps),
        t_min=config.get("t_min", usual.t_min),
        t_max=config.get("t_max", usual.t_max),
        entropy_bound=sampler.get("entropy_bound", usual.entropy_bound),
        stability=config.get("stability_threshold", usual.stability),
        confidence=config.get("confidence_threshold", usual.confidence),
        max_tokens=length,
    )
