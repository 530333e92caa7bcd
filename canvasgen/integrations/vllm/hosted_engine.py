"""The engine that makes jobs for a model in vLLM, in the API server and in the workers."""
# vLLM is in an environment of its own:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import threading
from typing import Any

from canvasgen.engine import Engine
from canvasgen.integrations.hosted_folder import host_engine

__all__ = ["engine_of"]

_made: dict[tuple[str, int], Engine] = {}
_making = threading.Lock()


def engine_of(model_config: Any, tokenizer: Any = None, *, canvas_length: int | None = None) -> Engine:
    """Return the engine of vLLM's model, around a `HostModel`; the same for the same model.

    Args:
        model_config: vLLM's `ModelConfig`.
        tokenizer: None: loaded as vLLM loads it.
        canvas_length: None: the model's.

    Raises:
        ModelError: the generation config names no end token.
    """
    length = int(canvas_length or model_config.hf_config.canvas_length)
    key = str(model_config.model), length
    with _making:  # requests come together, each in a thread
        if key not in _made:
            if tokenizer is None:
                from vllm.tokenizers import cached_tokenizer_from_config

                tokenizer = cached_tokenizer_from_config(model_config)
            config = model_config.try_get_generation_config()
            size = model_config.get_vocab_size()
            _made[key] = host_engine(tokenizer, config, size=size, canvas_length=length)
        return _made[key]
