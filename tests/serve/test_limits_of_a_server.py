"""Keys, sizes, the queue, deadlines, clients that leave, and the end of a server."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from asking import chat

import canvasgen as cg
from canvasgen.errors import InvalidConstraint, MissingPackage, ModelError
from canvasgen.scheduling import Scheduler
from canvasgen.serve.observing.tracing_spans import Spans
from canvasgen.serve.protocol.api_error import as_api_error
from canvasgen.serve.routes.application import create_app
from canvasgen.serve.settings import ServeSettings

URL = "/v1/chat/completions"
FREE = chat(max_tokens=250, canvasgen={"max_denoising_steps": 48})


@asynccontextmanager
async def server(engine: cg.Engine, **settings: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Any]]:
    """A server of its own, without a constraint that would need compiling processes."""
    own = cg.Engine(engine._loaded, scheduler=Scheduler(size=settings.get("rows", 16)))
    app = create_app(own, ServeSettings(**{"name": "tiny", "compilers": 1, "deadline": 3600, **settings}))
    app.state.house.is_ready = True
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=None) as client:
        yield client, app.state.house


def test_keys_are_asked_for(engine: cg.Engine) -> None:
    async def run() -> None:
        async with server(engine, keys=("first", "second")) as (client, _):
            assert (await client.get("/health")).status_code == 200
            for authorization in (None, "Bearer third", "first", "Basic first", "Bearer ", "Bearer \xff"):
                headers = {} if authorization is None else {"authorization": authorization.encode("latin-1")}
                got = await client.get("/v1/models", headers=headers)
                assert (got.status_code, got.json()["error"]["code"]) == (401, "invalid_api_key")
            for key in ("first", "second"):
                assert (
                    await client.get("/v1/models", headers={"authorization": f"Bearer {key}"})
                ).status_code == 200

    asyncio.run(run())


def test_bodies_have_a_size(engine: cg.Engine) -> None:
    async def run() -> None:
        async with server(engine, body_bytes=2000) as (client, _):
            large = json.dumps(chat(padding="x" * 3000)).encode()
            got = await client.post(URL, content=large)
            assert (got.status_code, got.json()["error"]["code"]) == (413, "body_too_large")

            async def in_parts() -> AsyncIterator[bytes]:
                for _ in range(100):
                    yield b" " * 100

            assert (await client.post(URL, content=in_parts())).status_code == 413
            bomb = gzip.compress(b" " * 1_000_000)
            assert len(bomb) < 2000
            gzipped = {"content-encoding": "gzip", "content-type": "application/json"}
            assert (await client.post(URL, content=bomb, headers=gzipped)).status_code == 413
            assert (await client.post(URL, content=b"no", headers=gzipped)).status_code == 400
            assert (
                await client.post(URL, content=b"{}", headers={"content-encoding": "br"})
            ).status_code == 415
            small = gzip.compress(json.dumps({"messages": []}).encode())
            assert (await client.post(URL, content=small, headers=gzipped)).json()["error"][
                "param"
            ] == "$.messages"

    asyncio.run(run())


def test_a_body_that_does_not_come(engine: cg.Engine) -> None:
    async def run() -> None:
        async def slow() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.sleep(3600)

        async with server(engine, body_seconds=0.01) as (client, _):
            got = await client.post(URL, content=slow())
            assert (got.status_code, got.json()["error"]["code"]) == (408, "body_too_slow")

    asyncio.run(run())


@pytest.mark.slow
def test_a_full_queue_is_told_with_a_time_to_come_back(engine: cg.Engine) -> None:
    async def run() -> None:
        async with server(engine, rows=1, queue=1) as (client, house):
            body = {**FREE, "max_tokens": 20, "canvasgen": {"max_denoising_steps": 3}}
            answers = await asyncio.gather(*(client.post(URL, json=body) for _ in range(4)))
            codes = sorted(answer.status_code for answer in answers)
            assert codes == [200, 200, 429, 429]
            full = next(answer for answer in answers if answer.status_code == 429)
            assert int(full.headers["retry-after"]) >= 1
            assert full.json()["error"]["type"] == "rate_limit_error"
            assert house.runner.waiting == 0

    asyncio.run(run())


def test_a_deadline_frees_the_seat(engine: cg.Engine) -> None:
    async def run() -> None:
        async with server(engine, rows=1) as (client, house):
            for told in ({"timeout": 0.001}, {"timeout": 0.05, "max_denoising_steps": 48}):
                got = await client.post(URL, json={**FREE, "canvasgen": told})
                assert (got.status_code, got.json()["error"]["code"]) == (408, "deadline_exceeded")
            assert (
                await client.post(URL, json=chat(max_tokens=8, canvasgen={"max_denoising_steps": 2}))
            ).status_code == 200
            while house.engine.scheduler.load.running:
                await asyncio.sleep(0.001)

    asyncio.run(run())


def test_a_client_that_leaves_frees_the_seat(engine: cg.Engine) -> None:
    async def run() -> None:
        async with server(engine, rows=1) as (client, house):
            for stream in (False, True):
                asked = asyncio.create_task(client.post(URL, json={**FREE, "stream": stream}))
                while house.engine.scheduler.load.running == 0:
                    await asyncio.sleep(0.001)
                asked.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asked
                while house.engine.scheduler.load.running:
                    await asyncio.sleep(0.001)

    asyncio.run(run())


@pytest.mark.slow
def test_a_server_that_stops_finishes_what_runs(engine: cg.Engine) -> None:
    async def run() -> None:
        async with server(engine, rows=1) as (client, house):
            asked = asyncio.create_task(client.post(URL, json={**FREE, "max_tokens": 20}))
            while house.engine.scheduler.load.running == 0:
                await asyncio.sleep(0.001)
            ending = asyncio.create_task(house.runner.finish(60))
            await asyncio.sleep(0)
            refused = await client.post(URL, json=FREE)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "stopping")
            assert (await client.get("/ready")).status_code == 503
            assert await ending
            assert (await asked).status_code == 200

    asyncio.run(run())


def test_settings_are_checked() -> None:
    for wrong in (
        {"rows": 0},
        {"deadline": 0},
        {"deadline": float("nan")},
        {"queue": -1},
        {"keys": ("",)},
        {"memory": 0},
    ):
        with pytest.raises(InvalidConstraint):
            ServeSettings(**wrong)
    assert "secret" not in repr(ServeSettings(keys=("secret",)))


def test_spans_are_made_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    with Spans(on=False, model="m").span("generate") as facts:
        facts["a"] = 1
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry import trace
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    with Spans(on=True, model="m").span("generate") as facts:
        facts["canvasgen.denoising_steps"] = 3
    (span,) = exporter.get_finished_spans()
    assert dict(span.attributes or {}) == {"gen_ai.request.model": "m", "canvasgen.denoising_steps": 3}


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(MissingPackage, match="tracing"):
        Spans(on=True, model="m")


def test_what_is_not_to_be_had_just_now_is_to_be_asked_for_again() -> None:
    for rule in ("compilers", "validators"):
        told = as_api_error(ModelError("a compiling process has died", rule=rule))
        assert (told.status, told.code, told.headers["Retry-After"]) == (503, "overloaded", "1")
    assert as_api_error(ModelError("secret", rule="model")).status == 500
