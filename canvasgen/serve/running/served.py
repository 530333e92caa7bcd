"""A server on a port, from its start to its graceful end."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from canvasgen.errors import ModelError
from canvasgen.serve.observing.log_lines import logger

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["config_of", "listening", "serve"]


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0: one that the system chooses.

    Raises:
        ModelError: the port is taken or none, or there is no such host.
    """
    if not 0 <= port < 65536:  # the system would take the rest of the division by 65,536
        raise ModelError(
            "a port is a number from 0 to 65535", rule="port", value=port, remedy="take another --port"
        )
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = infos[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as error:
        raise ModelError(
            f"cannot listen on {host}:{port}: {error}",
            rule="port",
            value=port,
            remedy="take another --host or --port",
        ) from error
    made.listen(2048)
    return made


def serve(app: FastAPI, listener: socket.socket, *, drain: float, ready: Callable[[], None]) -> None:
    """Answer until SIGINT or SIGTERM; then refuse what is new, finish what runs and return.

    A second signal ends at once.

    Args:
        app: the application.
        listener: where clients come in.
        drain: seconds that what runs may take to its end.
        ready: called when requests are taken.
    """
    config = config_of(app, drain=drain)
    server = _Server(config, ready)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))


_KEPT_SECONDS = 75
"""A connection without a request stays open so long: longer than clients keep theirs, or one asks just as it is closed.

httpx (and so openai's client) and uvicorn itself take 5 seconds, aiohttp 15, proxies such as nginx 60.
"""


def config_of(app: FastAPI, *, drain: float) -> uvicorn.Config:
    """Return how uvicorn runs the application."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=int(drain) + 1,
        timeout_keep_alive=_KEPT_SECONDS,
        lifespan="on",
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell when requests are taken."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: object) -> None:
        """Let the application refuse what is new from the first signal on; the second one ends at once.

        The signal is not raised again at the end, as uvicorn does: a server that was stopped has ended well.
        """
        logger.info("stopping", extra={"facts": {"signal": signal.Signals(sig).name}})
        self.force_exit, self.should_exit = self.should_exit, True
        state = getattr(self.config.app, "state", None)
        if state is not None:
            state.house.runner.is_stopping = True
