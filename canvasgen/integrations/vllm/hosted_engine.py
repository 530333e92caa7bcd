"""The engine that makes jobs for a model in vLLM, in the API server and in the workers."""
# vLLM is in an environment of its own:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from canvasgen.denoise import Defaults
from canvasgen.engine import Engine
from canvasgen.errors import ModelError
from canvasgen.integrations.host_model import HostModel
from canvasgen.models.loading import load
from canvasgen.vocabulary import Vocabulary

__all__ = ["engine_of"]

_made: dict[tuple[str, int], Engine] = {}


def engine_of(model_config: Any, tokenizer: Any = None, *, canvas_length: int | None = None) -> Engine:
    """Return the engine of vLLM's model, around a `HostModel`; the same for the same model.

    Args:
        model_config: vLLM's `ModelConfig`.
        tokenizer: None: loaded as vLLM loads it.
        canvas_length: None: the model's.

    Raises:
        ModelError: the generation config names no end token.
    """
    length = canvas_length or model_config.hf_config.canvas_length
    key = str(model_config.model), int(length)
    if key not in _made:
        if tokenizer is None:
            from vllm.tokenizers import cached_tokenizer_from_config

            tokenizer = cached_tokenizer_from_config(model_config)
        config = model_config.try_get_generation_config()
        ends = config.get("eos_token_id")
        if ends is None:
            raise ModelError("the generation config names no end token", rule="eos_token_id")
        vocabulary = Vocabulary.from_tokenizer(
            tokenizer,
            end_ids=[ends] if isinstance(ends, int) else ends,
            size=model_config.get_vocab_size(),
            pad_id=config.get("pad_token_id", 0),
        )
        model = HostModel(vocabulary, length, _defaults(config, length))
        _made[key] = Engine(load((model, tokenizer)))
    return _made[key]


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
