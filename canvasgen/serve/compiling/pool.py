"""The server's side of the processes that compile: who compiles what, and what is remembered."""

from __future__ import annotations

import asyncio
import os
import pickle
from asyncio.subprocess import PIPE, Process
from collections import OrderedDict
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from canvasgen.errors import CanvasgenError, ModelError
from canvasgen.serve.compiling.frames import HEADER, pack, unpacked_constraint
from canvasgen.serve.compiling.worker import beyond
from canvasgen.serve.own_processes import command

if TYPE_CHECKING:
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.serve.own_processes import Allowed
    from canvasgen.serve.requests.recipe import Recipe
    from canvasgen.vocabulary import Vocabulary

__all__ = ["Compiled", "CompilerPool"]


@dataclass(frozen=True)
class Compiled:
    """A constraint from a compiling process.

    Attributes:
        constraint: over the model's vocabulary.
        size: bytes, as it came.
        seconds: from its being asked for to its coming, waiting included.
    """

    constraint: CompiledConstraint
    size: int
    seconds: float


class _Compiler:
    """One compiling process, started when it is first needed and again after its end."""

    def __init__(self, vocabulary: Vocabulary, allowed: Allowed) -> None:
        self._first = pack(pickle.dumps((vocabulary, allowed)))
        self._process: Process | None = None
        self._starting: asyncio.Task[Process] | None = None

    async def start(self) -> Process:
        """Return the process, ready for a job. A task that is cancelled meanwhile leaves the start going on for the next."""
        if self._process is not None and self._process.returncode is None:
            return self._process
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._started())
        return await asyncio.shield(self._starting)

    async def _started(self) -> Process:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        process = await asyncio.create_subprocess_exec(
            *command("canvasgen.serve.compiling.worker"), stdin=PIPE, stdout=PIPE, env=environment
        )
        assert process.stdin is not None
        process.stdin.write(self._first)
        if await self._answer(process) != b"ready":
            raise ModelError(
                "a compiling process did not start",
                rule="compilers",
                remedy="look at the log of the process, and at its memory",
            )
        self._process = process
        return process

    async def compile(self, job: bytes) -> bytes:
        """Return what came of a job. A task that is cancelled ends the child that compiles for it."""
        process = await self.start()
        assert process.stdin is not None
        process.stdin.write(pack(job))
        answer = asyncio.ensure_future(self._answer(process))
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            process.stdin.write(pack(b""))
            await answer  # the process is free again when it has told the end of its child
            raise

    async def _answer(self, process: Process) -> bytes:
        assert process.stdout is not None
        try:
            header = await process.stdout.readexactly(HEADER)
            return await process.stdout.readexactly(int.from_bytes(header, "big"))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            self._process = None
            raise ModelError(
                "a compiling process has died",
                rule="compilers",
                remedy="send the request again; if it happens again, make the constraint smaller or allow more memory",
            ) from error

    async def close(self) -> None:
        """End the process, and the child that it has."""
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


class CompilerPool:
    """Compiles recipes; belongs to one event loop.

    Tasks that ask for the same recipe at once wait for one compilation. Errors are remembered like constraints, so that a
    hostile schema costs its limit once.

    Args:
        vocabulary: of the model.
        allowed: what one compilation may take.
        processes: how many compile at a time.
        remembered, remembered_bytes: results that are kept, and their bytes.
        most_bytes: of one compiled constraint: every denoising step reads it, while the other rows wait.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        allowed: Allowed,
        *,
        processes: int,
        remembered: int = 256,
        remembered_bytes: int = 1 << 30,
        most_bytes: int = 1 << 27,
    ) -> None:
        self._vocabulary = vocabulary
        self._compilers = [_Compiler(vocabulary, allowed) for _ in range(processes)]
        self._idle: asyncio.LifoQueue[_Compiler] = asyncio.LifoQueue()
        for compiler in self._compilers:
            self._idle.put_nowait(compiler)
        self._most, self._most_bytes = remembered, remembered_bytes
        self._largest = most_bytes
        self._kept: OrderedDict[str, Compiled | CanvasgenError] = OrderedDict()
        self._under_way: dict[str, tuple[asyncio.Task[Compiled], int]] = {}
        self.ended = 0  # compilations that were ended at a limit from outside
        self.made = 0

    async def start(self) -> None:
        """Start one process, so that the first request does not wait for it."""
        await self._compilers[-1].start()

    async def close(self) -> None:
        """End all processes."""
        for task, _ in list(self._under_way.values()):
            task.cancel()
        await asyncio.gather(*(task for task, _ in self._under_way.values()), return_exceptions=True)
        await asyncio.gather(*(compiler.close() for compiler in self._compilers))

    async def get(self, recipe: Recipe) -> Compiled:
        """Return the compiled constraint of a recipe.

        Raises:
            CanvasgenError: there is none, or its compilation was ended at a limit.
        """
        key = recipe.key
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            if isinstance(kept, CanvasgenError):
                raise kept.with_traceback(None)  # or it would grow with each time that it is raised
            return kept
        task, waiting = self._under_way.get(key) or (asyncio.create_task(self._made(recipe)), 0)
        self._under_way[key] = task, waiting + 1
        try:
            return await asyncio.shield(task)
        finally:
            task, waiting = self._under_way[key]
            self._under_way[key] = task, waiting - 1
            if waiting == 1:
                del self._under_way[key]
                task.cancel()  # nobody waits for it any more; one that is done is not changed

    async def _made(self, recipe: Recipe) -> Compiled:
        begun = perf_counter()
        compiler = await self._idle.get()
        try:
            content = await compiler.compile(pickle.dumps(recipe))
        finally:
            self._idle.put_nowait(compiler)
        self.made += 1
        mark, rest = content[:1], content[1:]
        if mark == b"+" and len(rest) > self._largest:
            too_large = beyond("constraint_bytes", self._largest)
            self._keep(recipe.key, too_large)
            raise too_large
        if mark == b"+":
            made = Compiled(
                await asyncio.to_thread(unpacked_constraint, rest, self._vocabulary),
                len(rest),
                perf_counter() - begun,
            )
            self._keep(recipe.key, made)
            return made
        self.ended += mark == b"!"
        error: CanvasgenError = pickle.loads(rest)
        self._keep(recipe.key, error)
        raise error

    def _keep(self, key: str, made: Compiled | CanvasgenError) -> None:
        self._kept[key] = made
        while len(self._kept) > self._most or (len(self._kept) > 1 and self.bytes_kept > self._most_bytes):
            self._kept.popitem(last=False)

    @property
    def bytes_kept(self) -> int:
        """Of the constraints that are remembered."""
        return sum(one.size for one in self._kept.values() if isinstance(one, Compiled))
