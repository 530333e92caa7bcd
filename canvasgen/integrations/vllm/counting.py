"""What a worker tells the API server: one datagram an event, to a socket in the shared folder.

An event is JSON, `[name, value]`, with a name of `EVENTS`. Nothing here raises or waits: while there is no reader, or the
socket is full, events wait for the next step (the newest few thousand).
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from canvasgen.integrations.compiling.shared_folder import shared_folder

__all__ = ["CONDITIONING", "EVENTS", "FAILURE", "REFUSALS", "STEPS", "Teller", "listen", "told"]

STEPS = "steps"
"""Denoising steps of a canvas that is committed."""
CONDITIONING = "conditioning"
"""Share of a step of the engine that its sessions took, 0 to 1."""
REFUSALS = "refusals"
"""Texts that validators refused, of a request that has failed."""
FAILURE = "failure"
"""A request that ends in an error; the value is 1."""
EVENTS = (STEPS, CONDITIONING, REFUSALS, FAILURE)

_SOCKET = "counts"
_MOST_WAITING = 4096
_MOST_BYTES = 200


class Teller:
    """A worker's side."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque(maxlen=_MOST_WAITING)
        self._socket: socket.socket | None = None

    def tell(self, event: str, value: float) -> None:
        """Tell one event."""
        self._waiting.append(json.dumps([event, value]).encode())
        self.flush()

    def flush(self) -> None:
        """Tell what waits."""
        if not self._waiting:
            return
        with contextlib.suppress(OSError):  # nobody reads, or the socket is full
            self._send()

    def _send(self) -> None:
        if self._socket is None:
            folder = shared_folder()
            if folder is None:
                return
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            try:
                self._socket.connect(str(folder / _SOCKET))
            except OSError:
                self._socket.close()
                self._socket = None
                raise
        while self._waiting:
            self._socket.send(self._waiting[0])
            self._waiting.popleft()


def listen(folder: Path) -> socket.socket | None:
    """Return the socket that events come to; None if another process of this server reads them."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        made.bind(str(folder / _SOCKET))
    except OSError:
        made.close()
        return None
    return made


def told(listening: socket.socket) -> Iterator[tuple[str, float]]:
    """Yield the events as they come, until the socket is shut down."""
    while True:
        try:
            content = listening.recv(_MOST_BYTES)
        except OSError:
            return
        if not content:
            return
        name, value = json.loads(content)
        yield name, value
