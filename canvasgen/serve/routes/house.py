"""What all routes share, and how they run a plan while its client is there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, JsonValue

from canvasgen.serve.finished import Finished
from canvasgen.serve.protocol.api_error import ApiError
from canvasgen.serve.running.runner import Happening

if TYPE_CHECKING:
    from canvasgen.engine import Engine
    from canvasgen.serve.observing.metrics import Metrics
    from canvasgen.serve.observing.tracing_spans import Spans
    from canvasgen.serve.requests.plan import Plan
    from canvasgen.serve.running.runner import Runner
    from canvasgen.serve.settings import ServeSettings

__all__ = ["CLIENT_LEFT", "House", "Telling", "headers_of"]

Result = TypeVar("Result")
CLIENT_LEFT = 499
"""The status of a request whose client has left; nobody gets it, the log has it."""


class Telling(Protocol):
    """Turns what happens to a plan's answers into objects for the client."""

    def begin(self) -> Iterator[BaseModel]:
        """Yield what comes first."""
        ...

    def happened(self, event: Happening) -> Iterator[BaseModel]:
        """Yield what an event adds."""
        ...

    def usage(self) -> Iterator[BaseModel]:
        """Yield what comes last."""
        ...


@dataclass
class House:
    """The parts of a server.

    Attributes:
        is_ready: whether it takes requests.
    """

    engine: Engine
    settings: ServeSettings
    runner: Runner
    metrics: Metrics
    spans: Spans
    is_ready: bool = field(default=False)

    async def complete(self, request: Request, plan: Plan) -> list[Finished]:
        """Return all answers of a plan; a client that leaves ends it."""
        with self.spans.span("generate") as facts:
            finished = await while_there(request, self.runner.complete(plan))
            facts["gen_ai.usage.output_tokens"] = sum(len(made.completion.token_ids) for made in finished)
            facts["canvasgen.denoising_steps"] = sum(sum(made.completion.steps) for made in finished)
        return finished

    async def complete_all(self, request: Request, plans: Sequence[Plan]) -> list[list[Finished]]:
        """Return all answers of several plans, which share the model's passes; the first error ends all."""
        tasks = [asyncio.create_task(self.runner.complete(plan)) for plan in plans]
        with self.spans.span("generate") as facts:
            facts["canvasgen.plans"] = len(plans)
            try:
                return await while_there(request, asyncio.gather(*tasks))
            finally:
                for task in tasks:
                    task.cancel()

    async def stream(
        self, request: Request, plan: Plan, telling: Telling, *, named: bool = False
    ) -> Response:
        """Return a stream of server-sent events; an error before the first one has a status of its own.

        Args:
            request, plan: what the client asks.
            telling: makes the objects.
            named: whether each event has the name of its object's type, and there is no `[DONE]`.
        """
        events = self.runner.events(plan)
        try:
            first = await while_there(request, anext(events))
        except BaseException:
            await events.aclose()
            raise
        lines = _lines(first, events, telling, named=named)
        return StreamingResponse(lines, media_type="text/event-stream", headers=headers_of(plan))

    def answered(self, answer: BaseModel, plan: Plan) -> JSONResponse:
        """Return an object as the answer."""
        content = answer.model_dump(mode="json", by_alias=True, exclude_unset=False)
        return JSONResponse(_without_nothing(content), headers=headers_of(plan))


def headers_of(plan: Plan) -> dict[str, str]:
    """Return the header that lists what was sent and changes nothing."""
    if not plan.ignored:
        return {}
    names = ", ".join(plan.ignored).encode("ascii", "replace").decode()
    return {"x-canvasgen-ignored": "".join(c if c.isprintable() else "?" for c in names)[:1000]}


_KEPT = frozenset({"content", "finish_reason", "logprobs", "refusal"})
_DATA = frozenset({"canvasgen", "logprobs", "x-diffusion-partial"})
"""Keys whose values are told as they are."""


def _without_nothing(value: JsonValue) -> JsonValue:
    """Return an object without the keys that hold None, but for those that OpenAI's clients look for."""
    if isinstance(value, dict):
        return {
            key: part if key in _DATA else _without_nothing(part)
            for key, part in value.items()
            if part is not None or key in _KEPT
        }
    return [_without_nothing(part) for part in value] if isinstance(value, list) else value


async def while_there(request: Request, work: Awaitable[Result]) -> Result:
    """Return the result of some work; cancel it if the client leaves.

    Raises:
        ApiError: the client has left.
    """
    working = asyncio.ensure_future(_awaited(work))
    watching = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ApiError(CLIENT_LEFT, "the client has left", "client_left")
        return working.result()
    finally:
        for task in (working, watching):
            if not task.done():
                task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _awaited(work: Awaitable[Result]) -> Result:
    return await work


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _lines(
    first: Happening, events: AsyncGenerator[Happening], telling: Telling, *, named: bool
) -> AsyncGenerator[str]:
    """Yield the lines of a stream; an error in its middle is its last object."""
    line = _named_line if named else _line
    async with aclosing(events):
        try:
            for chunk in telling.begin():
                yield line(chunk)
            for chunk in telling.happened(first):
                yield line(chunk)
            async for event in events:
                for chunk in telling.happened(event):
                    yield line(chunk)
            for chunk in telling.usage():
                yield line(chunk)
        except ApiError as error:
            yield f"data: {json.dumps(error.body().model_dump())}\n\n"
    if not named:
        yield "data: [DONE]\n\n"


def _named_line(chunk: BaseModel) -> str:
    content = chunk.model_dump(mode="json", by_alias=True)
    return f"event: {content['type']}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n"


def _line(chunk: BaseModel) -> str:
    content = _without_nothing(chunk.model_dump(mode="json", by_alias=True))
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"
