"""Tasks, threads and plain calls on one engine of the embedded model."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

import pytest

import canvasgen as cg
from canvasgen.denoise import Commit, Done, Draft
from canvasgen.errors import InvalidConstraint, ModelError, TimeLimit, UnknownOption, ValidationFailed
from canvasgen.scheduling import Scheduler

PROMPT = "Alice Smith, 34 years old, lives in Paris."
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
FREE: dict[str, Any] = {"max_tokens": 32, "max_denoising_steps": 3, "on_step_limit": "return"}


@pytest.fixture(scope="module")
def engine() -> cg.Engine:
    return cg.load()


def test_tasks_get_what_plain_calls_get(engine: cg.Engine) -> None:
    async def all_of_them() -> list[Any]:
        tasks = [engine.acomplete(PROMPT, schema=SCHEMA, seed=seed) for seed in range(3)]
        return await asyncio.gather(*tasks, engine.agenerate("x", choice=["red", "green"], seed=1))

    *completions, choice = asyncio.run(all_of_them())
    assert [one.value for one in completions] == [
        engine.generate(PROMPT, schema=SCHEMA, seed=seed) for seed in range(3)
    ]
    assert choice == engine.generate("x", choice=["red", "green"], seed=1)


def test_threads_and_tasks_share_one_engine(engine: cg.Engine) -> None:
    def of_a_thread(seed: int) -> Any:
        return asyncio.run(engine.agenerate(PROMPT, schema=SCHEMA, seed=seed))

    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(of_a_thread, seed) for seed in range(2)]
        plain = threads.submit(engine.generate, PROMPT, schema=SCHEMA, seed=2)
        assert [one.result() for one in [*asked, plain]] == [{"age": 34}] * 3


def test_events_come_in_their_order(engine: cg.Engine) -> None:
    async def events() -> list[Any]:
        return [event async for event in engine.astream(PROMPT, seed=1, **FREE)]

    found = asyncio.run(events())
    assert [type(event) for event in found] == [*[Draft] * (len(found) - 2), Commit, Done]


def test_leaving_a_stream_or_a_task_frees_the_seat(engine: cg.Engine) -> None:
    async def leave() -> None:
        async with aclosing(engine.astream(PROMPT, seed=1, **FREE)) as events:
            async for _ in events:
                break
        task = asyncio.create_task(engine.acomplete(PROMPT, seed=1, **FREE))
        while not (engine.scheduler.load.running or task.done()):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while engine.scheduler.load.running + engine.scheduler.load.waiting:
            await asyncio.sleep(0.01)

    asyncio.run(leave())


def test_a_timeout_is_an_error_with_its_seconds(engine: cg.Engine) -> None:
    with pytest.raises(TimeLimit, match="timeout") as caught:
        asyncio.run(engine.acomplete(PROMPT, timeout=1e-6, **FREE))
    assert caught.value.value == 1e-6
    for wrong in (0, -1, True, "1", float("inf"), float("nan")):
        with pytest.raises(InvalidConstraint, match="timeout"):
            asyncio.run(engine.acomplete(PROMPT, timeout=wrong))  # pyright: ignore[reportArgumentType]


def test_errors_are_those_of_plain_calls(engine: cg.Engine) -> None:
    with pytest.raises(UnknownOption):
        asyncio.run(engine.acomplete(PROMPT, shema=SCHEMA))  # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidConstraint):
        asyncio.run(engine.acomplete(PROMPT, schema=SCHEMA, regex="a"))
    with pytest.raises(ValidationFailed):
        asyncio.run(engine.acomplete(PROMPT, choice=["a"], validators=[lambda value: False]))


def test_a_constraint_that_was_compiled_elsewhere_is_adopted(engine: cg.Engine) -> None:
    compiled = cg.json_schema(SCHEMA).compile(engine.vocabulary)
    constraint = engine.adopt(compiled)
    assert engine._compiled(constraint) is compiled
    other = cg.Vocabulary([b"a", None], end_ids=[1])
    with pytest.raises(ModelError, match="vocabulary"):
        engine.adopt(cg.regex("a").compile(other))


def test_engines_can_share_a_scheduler() -> None:
    scheduler = Scheduler(size=2)
    one = cg.load()
    other = cg.Engine(one._loaded, scheduler=scheduler)
    assert other.scheduler is scheduler
    assert asyncio.run(other.agenerate("x", choice=["a"], seed=1)) == "a"
    assert scheduler.load.steps > 0
