"""Connections stay open for the next request: after an error of the server, and longer than clients keep them."""

from __future__ import annotations

import http.client
import json
import threading

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from canvasgen.serve.routes.gate import Gate
from canvasgen.serve.running.served import config_of, listening
from canvasgen.serve.settings import ServeSettings


def failing_app() -> FastAPI:
    app = FastAPI()

    @app.get("/fails")
    async def fails() -> None:
        raise RuntimeError("nobody has foreseen this")

    app.add_middleware(Gate, settings=ServeSettings())
    return app


def test_an_unforeseen_error_leaves_the_connection_open(caplog: pytest.LogCaptureFixture) -> None:
    """It was closed behind the answer, so that the next request on it got a reset connection and no answer."""
    server = uvicorn.Server(config_of(failing_app(), drain=1))
    with listening("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        connection = http.client.HTTPConnection(*listener.getsockname())
        connection.connect()
        first = connection.sock
        for _ in range(3):
            connection.request("GET", "/fails")
            got = connection.getresponse()
            assert (got.status, json.load(got)["error"]["code"]) == (500, "internal_error")
            assert connection.sock is first
        connection.close()
        server.should_exit = True
        thread.join()
    assert "nobody has foreseen this" in caplog.text


def test_connections_are_kept_longer_than_clients_keep_them() -> None:
    kept = config_of(FastAPI(), drain=1).timeout_keep_alive
    usual = httpx.Limits().keepalive_expiry
    assert usual is not None
    assert kept > 2 * usual
