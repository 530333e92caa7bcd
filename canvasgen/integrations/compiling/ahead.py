"""Constraints are compiled in processes of their own, while a server's event loop answers others.

request ──recipe──▶ CompilerPool ──constraint──▶ memory: `request_of` finds it
                                     └─────────▶ file: a worker finds it, and compiles nothing between its steps
"""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from canvasgen.engine import Engine
from canvasgen.integrations.compiling.compiled_requests import COMPILED
from canvasgen.serve.compiling.pool import CompilerPool
from canvasgen.serve.own_processes import Allowed
from canvasgen.serve.requests.recipe import Recipe

__all__ = ["ALLOWED", "POOLS", "PROCESSES", "compile_recipe"]

ALLOWED = Allowed(seconds=10.0, memory=1_000_000_000)
"""What one compilation may take: CPU seconds, and bytes."""
PROCESSES = 2
"""That compile side by side."""

POOLS: WeakKeyDictionary[asyncio.AbstractEventLoop, CompilerPool] = WeakKeyDictionary()
"""The processes of each event loop, which end with this process."""


async def compile_recipe(recipe: Recipe, engine: Engine) -> None:
    """Compile a recipe, so that `request_of` finds its constraint.

    Raises:
        CanvasgenError: it cannot be read or compiled, or needs more than `ALLOWED`.
    """
    if await asyncio.to_thread(COMPILED.get, recipe, engine.vocabulary) is None:
        compiled = await _pool(engine).get(recipe)
        await asyncio.to_thread(COMPILED.put, recipe, compiled.constraint, engine.vocabulary)


def _pool(engine: Engine) -> CompilerPool:
    loop = asyncio.get_running_loop()
    if loop not in POOLS:
        POOLS[loop] = CompilerPool(
            engine.vocabulary, ALLOWED, processes=PROCESSES, remembered=16, remembered_bytes=64_000_000
        )
    return POOLS[loop]
