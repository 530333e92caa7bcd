"""Runs plans on an engine: a bounded queue, constraints from the compiling processes, rows in the scheduler, a deadline.

plan ─▶ room in the queue? ─▶ constraint (compiled elsewhere) ─▶ one row for each answer ─▶ events ─▶ Finished
          │ no                                                          │
          ▼                                                             ▼
         429                           the client leaves or the deadline comes: the seats are free before the next step
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from canvasgen.denoise import Commit, Done, Draft, Failed
from canvasgen.errors import CanvasgenError, ModelError
from canvasgen.serve.finished import Finished
from canvasgen.serve.observing.log_lines import logger
from canvasgen.serve.protocol.api_error import ApiError, as_api_error
from canvasgen.serve.requests.json_places import param_of
from canvasgen.serve.validating.validator_calls import Judging

if TYPE_CHECKING:
    from canvasgen.constraints import Constraint
    from canvasgen.denoise import Event
    from canvasgen.engine import Engine
    from canvasgen.scheduling import Ticket
    from canvasgen.serve.compiling.pool import CompilerPool
    from canvasgen.serve.observing.metrics import Metrics
    from canvasgen.serve.requests.plan import Plan
    from canvasgen.serve.settings import ServeSettings
    from canvasgen.serve.validating.validator_calls import Validators

__all__ = ["Happening", "Runner"]


Happening: TypeAlias = tuple[int, "Draft | Commit"] | Finished
"""Which of the plan's answers, and what happened to it."""


class Runner:
    """Runs plans; belongs to one event loop.

    Args:
        validators: those that clients name, in processes; None: they are called in the judges' threads.

    Attributes:
        settings: the limits.
        is_stopping: whether new plans are refused.
    """

    def __init__(
        self,
        engine: Engine,
        pool: CompilerPool,
        settings: ServeSettings,
        metrics: Metrics,
        validators: Validators | None = None,
    ) -> None:
        self.engine = engine
        self.settings = settings
        self.is_stopping = False
        self._pool = pool
        self._metrics = metrics
        self._validators = validators
        self._rows = 0  # taken in and not finished, wherever they are
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def waiting(self) -> int:
        """Rows that were taken in and have no seat yet."""
        return max(0, self._rows - self.engine.scheduler.load.running)

    @property
    def validators_ended(self) -> int:
        """Calls of validators that were ended at a limit."""
        return 0 if self._validators is None else self._validators.ended

    async def finish(self, seconds: float) -> bool:
        """Refuse new plans and wait for those that run; return whether all came to their end."""
        self.is_stopping = True
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def complete(self, plan: Plan) -> list[Finished]:
        """Return all answers of a plan, in order.

        Raises:
            ApiError: it is impossible, there is no room, or it took too long.
        """
        found: list[Finished] = []
        async with aclosing(self.events(plan)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    found.append(event)
        return sorted(found, key=lambda one: one.number)

    async def events(self, plan: Plan) -> AsyncGenerator[Happening]:
        """Yield what happens to the answers of a plan as it happens; arguments and errors as for `complete`."""
        begun = perf_counter()
        seconds = self.settings.deadline
        is_clients = plan.timeout is not None and plan.timeout < seconds
        if plan.timeout is not None:
            seconds = min(seconds, plan.timeout)
        deadline = asyncio.get_running_loop().time() + seconds

        def in_time() -> AbstractAsyncContextManager[None]:
            return _in_time(deadline, seconds, is_clients=is_clients)

        tickets: list[Ticket] = []
        judging = None if self._validators is None else Judging(self._validators)
        with self._room(plan.n):
            try:
                async with in_time(), _told(plan):
                    constraint = await self._constraint(plan)
                queue: asyncio.Queue[tuple[int, Event]] = asyncio.Queue()
                async with in_time(), _told(plan):
                    for number in range(plan.n):
                        tickets.append(await self._submitted(plan, constraint, number, judging, queue))
                left = plan.n
                while left:
                    async with in_time(), _told(plan):
                        number, event = await queue.get()
                        ticket = tickets[number]
                        if isinstance(event, Failed):
                            self._metrics.failed(event.error)
                            if isinstance(event.error, ModelError):
                                logger.error("the model failed", exc_info=event.error)
                            raise event.error
                    if isinstance(event, Done):
                        left -= 1
                        yield self._finished(plan, number, event, ticket, begun)
                    else:
                        self._metrics.happened(ticket, event, begun)
                        yield number, event
            finally:
                for ticket in tickets:
                    ticket.cancel()
                if judging is not None:
                    judging.close()

    def _finished(self, plan: Plan, number: int, done: Done, ticket: Ticket, begun: float) -> Finished:
        model = ticket.denoiser
        made = Finished(
            number, done.completion, len(ticket.job.prompt), model.canvas_length, model.vocabulary
        )
        self._metrics.finished(made, ticket, perf_counter() - begun, is_edit=plan.edits)
        return made

    async def _constraint(self, plan: Plan) -> Constraint | None:
        if plan.recipe.is_free:
            return None
        compiled = await self._pool.get(plan.recipe)
        self._metrics.compiled(compiled, ended=self._pool.ended, remembered=self._pool.bytes_kept)
        return self.engine.adopt(compiled.constraint)

    async def _submitted(
        self,
        plan: Plan,
        constraint: Constraint | None,
        number: int,
        judging: Judging | None,
        queue: asyncio.Queue[tuple[int, Event]],
    ) -> Ticket:
        """Return the ticket of one of the answers; its events go into the queue."""
        loop = asyncio.get_running_loop()
        found = self.settings.validators.__getitem__ if judging is None else judging.by_name
        request = plan.request(constraint, number, self.settings, [*map(found, plan.validators)])

        def tell(event: Event) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, (number, event))

        submitting = asyncio.ensure_future(asyncio.to_thread(self.engine.submit, request, tell))
        try:
            return await asyncio.shield(submitting)
        except asyncio.CancelledError:
            submitting.add_done_callback(_leave)
            raise

    def _room(self, rows: int) -> _Room:
        """Take rows in.

        Raises:
            ApiError: the server stops, or the queue is full.
        """
        if self.is_stopping:
            raise ApiError(
                503, "the server is stopping", "stopping", kind="server_error", headers={"Retry-After": "5"}
            )
        most = self.settings.rows + self.settings.queue
        if self._rows and self._rows + rows > most:
            seconds = self._metrics.seconds_until_room(self._rows + rows - most)
            raise ApiError(
                429,
                f"{self._rows} generations run or wait, at most {most} are taken in",
                "queue_full",
                kind="rate_limit_error",
                headers={"Retry-After": str(seconds)},
            )
        return _Room(self, rows)

    def change(self, rows: int) -> None:
        """Count rows in or out."""
        self._rows += rows
        if self._rows:
            self._empty.clear()
        else:
            self._empty.set()


class _Room:
    def __init__(self, runner: Runner, rows: int) -> None:
        self._runner, self._rows = runner, rows

    def __enter__(self) -> None:
        self._runner.change(self._rows)

    def __exit__(self, *error: object) -> None:
        self._runner.change(-self._rows)


def _leave(submitting: asyncio.Future[Ticket]) -> None:
    if not submitting.cancelled() and submitting.exception() is None:
        submitting.result().cancel()


@asynccontextmanager
async def _in_time(deadline: float, seconds: float, *, is_clients: bool) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        status = 408 if is_clients else 504
        raise ApiError(
            status,
            f"there was no answer within {seconds:g} seconds",
            "deadline_exceeded",
            kind="timeout_error",
        ) from error


@asynccontextmanager
async def _told(plan: Plan) -> AsyncGenerator[None]:
    """Make errors of the library errors for the client, with the JSON path of what they are about."""
    try:
        yield
    except CanvasgenError as error:
        told = as_api_error(error, plan.recipe.at)
        if told.param is not None:
            told.param = param_of(error, plan)
        raise told from error
