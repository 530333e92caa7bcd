"""Structured output on DiffusionGemma in vLLM: a plugin that vLLM finds by itself (`vllm.general_plugins`).

    API server   admission     response_format, structured_outputs, `canvasgen` -> checked, compiled, or 400
    worker       model_state   a session for each request; vLLM's slots, prefill, preemption
                 sampler       logits -> Move -> canvas, commit
    scheduler    ending        a request whose session fails ends in an error; the server goes on

`docs/hosts.md` says what it can do, and what is not run.
"""

from __future__ import annotations

from canvasgen.integrations.vllm.plugin import register

__all__ = ["register"]
