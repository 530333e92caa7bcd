"""`agenerate`, `acomplete` and `astream` of an engine: many tasks, one thread for the model."""

from __future__ import annotations

import asyncio
import math
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from canvasgen.calls import Calls, Holes, Literal, Member, Rows, Value
from canvasgen.denoise import Done, Failed
from canvasgen.errors import InvalidConstraint, ModelError, TimeLimit
from canvasgen.request import Options, Prompt, Request, Settings, as_request, settled

if TYPE_CHECKING:
    from canvasgen.constraints.table import Table
    from canvasgen.constraints.template import Template
    from canvasgen.denoise import Completion, Event
    from canvasgen.scheduling.ticket import Ticket

__all__ = ["Coroutines"]


class Coroutines(Calls):
    """The calls of an engine for tasks of an event loop; cancelling one frees its seat within a denoising step."""

    @abstractmethod
    def submit(self, request: Request, tell: Callable[[Event], None]) -> Ticket:
        """Prepare a request and give it to the scheduler."""

    @overload
    async def agenerate(
        self,
        prompt: Prompt = "",
        *,
        timeout: float | None = None,
        schema: type[Value],
        **settings: Unpack[Settings],
    ) -> Value: ...

    @overload
    async def agenerate(
        self,
        prompt: Prompt = "",
        *,
        timeout: float | None = None,
        choice: type[Member],
        **settings: Unpack[Settings],
    ) -> Member: ...

    @overload
    async def agenerate(
        self,
        prompt: Prompt = "",
        *,
        timeout: float | None = None,
        choice: Mapping[str, Value],
        **settings: Unpack[Settings],
    ) -> Value: ...

    @overload
    async def agenerate(
        self,
        prompt: Prompt = "",
        *,
        timeout: float | None = None,
        choice: list[Literal],
        **settings: Unpack[Settings],
    ) -> Literal: ...

    @overload
    async def agenerate(
        self,
        prompt: Prompt = "",
        *,
        timeout: float | None = None,
        choice: Iterable[Value],
        **settings: Unpack[Settings],
    ) -> Value: ...

    @overload
    async def agenerate(
        self, prompt: Prompt = "", *, timeout: float | None = None, regex: str, **settings: Unpack[Settings]
    ) -> str: ...

    @overload
    async def agenerate(
        self,
        prompt: Prompt = "",
        *,
        timeout: float | None = None,
        grammar: str | Path,
        **settings: Unpack[Settings],
    ) -> str: ...

    @overload
    async def agenerate(
        self,
        prompt: Prompt = "",
        *,
        timeout: float | None = None,
        template: str,
        **settings: Unpack[Settings],
    ) -> dict[str, str]: ...

    @overload
    async def agenerate(
        self,
        prompt: Prompt = "",
        *,
        timeout: float | None = None,
        template: Template,
        **settings: Unpack[Settings],
    ) -> Holes: ...

    @overload
    async def agenerate(
        self, prompt: Prompt = "", *, timeout: float | None = None, table: Table, **settings: Unpack[Settings]
    ) -> Rows: ...

    @overload
    async def agenerate(
        self, prompt: Prompt = "", *, timeout: float | None = None, **settings: Unpack[Settings]
    ) -> str: ...

    @overload
    async def agenerate(
        self, prompt: Prompt | Request = "", *, timeout: float | None = None, **options: Unpack[Options]
    ) -> Any: ...

    async def agenerate(
        self, prompt: Prompt | Request = "", *, timeout: float | None = None, **options: Any
    ) -> Any:
        """Return the value of a completion; arguments and errors as for `acomplete`."""
        return (await self.acomplete(prompt, timeout=timeout, **options)).value

    async def acomplete(
        self, prompt: Prompt | Request = "", *, timeout: float | None = None, **options: Unpack[Options]
    ) -> Completion:
        """Return one completion; it shares the model's forward passes with all others of this engine.

        Args:
            prompt, options: as for `complete`.
            timeout: seconds until `TimeLimit`, the waiting for a seat and the compilation included. `target_ms` is another
                thing: it makes the answer fit into a time.

        Raises:
            TimeLimit: there was no answer in time; the seat is free within a denoising step.
            CanvasgenError: as for `complete`.
        """
        request = as_request(prompt, options)
        async with aclosing(self._events(request, timeout)) as events:
            async for event in events:
                if isinstance(event, Done):
                    return settled(request, event.completion)
        raise ModelError(
            "the generation ended without an answer",
            rule="events",
            remedy="read the log of the thread that steps the model",
        )

    async def astream(
        self, prompt: Prompt | Request = "", *, timeout: float | None = None, **options: Unpack[Options]
    ) -> AsyncGenerator[Event]:
        """Yield the events of a completion: `Draft` at every step, `Commit` at every block, `Done` at the end.

        Closing the generator (or leaving `async with contextlib.aclosing(…)`) ends the generation. Arguments and errors as
        for `acomplete`.
        """
        request = as_request(prompt, options)
        async with aclosing(self._events(request, timeout)) as events:
            async for event in events:
                if isinstance(event, Done):
                    settled(request, event.completion)
                yield event

    async def _events(self, request: Request, timeout: float | None) -> AsyncGenerator[Event]:
        """Yield the events up to `Done`; a `Failed` is raised."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + _seconds(timeout)
        queue: asyncio.Queue[Event] = asyncio.Queue()

        def tell(event: Event) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, event)

        preparing = asyncio.create_task(asyncio.to_thread(self.submit, request, tell))
        try:
            async with _within(deadline, timeout):
                await asyncio.shield(preparing)
            while True:
                async with _within(deadline, timeout):
                    event = await queue.get()
                if isinstance(event, Failed):
                    raise event.error
                yield event
                if isinstance(event, Done):
                    return
        finally:
            preparing.add_done_callback(_leave)


def _leave(preparing: asyncio.Task[Ticket]) -> None:
    """Cancel a ticket, also one that is made after its caller has left."""
    if not preparing.cancelled() and preparing.exception() is None:
        preparing.result().cancel()


@asynccontextmanager
async def _within(deadline: float | None, seconds: float | None) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise TimeLimit(
            "there was no answer in time",
            rule="timeout",
            value=seconds,
            remedy="allow more seconds, or take target_ms for an answer that fits into a time",
        ) from error


def _seconds(timeout: object) -> float:
    """Return a number of seconds.

    Raises:
        InvalidConstraint: it is none above zero.
    """
    if isinstance(timeout, bool) or not isinstance(timeout, Real) or not 0 < float(timeout) < math.inf:
        raise InvalidConstraint(
            "a timeout is a number of seconds above zero",
            rule="timeout",
            value=timeout,
            remedy="give timeout=30, or leave it out",
        )
    return float(timeout)
