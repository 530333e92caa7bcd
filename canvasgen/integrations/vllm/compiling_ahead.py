"""Constraints of vLLM's requests are compiled before its event loop checks them, and beside it."""
# vLLM's objects are known by the few fields that are read:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import asyncio

from canvasgen.integrations.compiling.ahead import compile_recipe
from canvasgen.integrations.compiling.compiled_requests import recipe_of
from canvasgen.integrations.foreign import Foreign
from canvasgen.integrations.vllm.admission import wanted
from canvasgen.integrations.vllm.hosted_engine import engine_of

__all__ = ["compile_ahead"]


async def compile_ahead(params: Foreign, model_config: Foreign, tokenizer: Foreign) -> None:
    """Compile a request's constraint, so that `admit` finds it; do nothing if it has none.

    Args:
        params: `SamplingParams`; not changed.
        model_config: the model's.
        tokenizer: the model's; None: `admit` says what is wrong.

    Raises:
        CanvasgenError: the request has a constraint that cannot be read or compiled.
    """
    written = wanted(params)
    recipe = None if written is None or tokenizer is None else recipe_of(written)
    if recipe is not None:
        await compile_recipe(recipe, await asyncio.to_thread(engine_of, model_config, tokenizer))
