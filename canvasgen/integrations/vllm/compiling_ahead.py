"""Constraints are compiled in processes of their own, while the API server's event loop answers others.

add_request ──recipe──▶ CompilerPool ──constraint──▶ memory: `admission.admit` finds it
                                         └──────────▶ file: the worker finds it, and compiles nothing between its steps
"""
# vLLM's objects are known by the few fields that are read:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from canvasgen.engine import Engine
from canvasgen.integrations.foreign import Foreign
from canvasgen.integrations.vllm.admission import wanted
from canvasgen.integrations.vllm.compiled_requests import COMPILED, recipe_of
from canvasgen.integrations.vllm.hosted_engine import engine_of
from canvasgen.serve.compiling.pool import CompilerPool
from canvasgen.serve.own_processes import Allowed

__all__ = ["compile_ahead"]

ALLOWED = Allowed(seconds=10.0, memory=1_000_000_000)
"""What one compilation may take: CPU seconds, and bytes."""
PROCESSES = 2
"""That compile side by side."""

_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, CompilerPool] = WeakKeyDictionary()


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
    if recipe is None:
        return
    engine = await asyncio.to_thread(engine_of, model_config, tokenizer)
    if await asyncio.to_thread(COMPILED.get, recipe, engine.vocabulary) is None:
        compiled = await _pool(engine).get(recipe)
        await asyncio.to_thread(COMPILED.put, recipe, compiled.constraint, engine.vocabulary)


def _pool(engine: Engine) -> CompilerPool:
    """Return the processes of this event loop, which end with this process."""
    loop = asyncio.get_running_loop()
    if loop not in _pools:
        _pools[loop] = CompilerPool(
            engine.vocabulary, ALLOWED, processes=PROCESSES, remembered=16, remembered_bytes=64_000_000
        )
    return _pools[loop]
