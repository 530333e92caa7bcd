"""In front of all routes: API keys, the size of bodies, an id and a log line for each request."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import io
import secrets
from time import perf_counter
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from canvasgen.serve.observing.log_lines import logger
from canvasgen.serve.protocol.api_error import ApiError
from canvasgen.serve.routes.error_answer import FAILED, answered

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from canvasgen.serve.settings import ServeSettings

__all__ = ["Gate"]

_OPEN = frozenset({"/health", "/ready", "/"})
"""Paths that need no key."""


class Gate:
    """An ASGI middleware.

    The whole body is read here, up to the limit, before anything else is done with it; a compressed one counts as it
    unfolds.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app = app
        self._settings = settings
        self._keys = [_digest(key) for key in settings.keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, request_id = perf_counter(), 0, f"req-{secrets.token_hex(8)}"

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        try:
            await self._checked(scope, receive, sending)
        except Exception as error:
            # Uvicorn would close the connection on which the client may have sent its next request already.
            logger.error("an error of the server", exc_info=error)
            if status:  # a stream in its middle: its end is all that can tell
                raise
            await answered(FAILED)(scope, receive, sending)
        finally:
            facts = {
                "id": request_id,
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "seconds": round(perf_counter() - begun, 4),
            }
            logger.info("request", extra={"facts": facts})

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            if (
                self._keys
                and scope["path"] not in _OPEN
                and not self._is_known(headers.get("authorization", ""))
            ):
                raise ApiError(
                    401, "no valid API key", "invalid_api_key", kind="authentication_error",
                    headers={"WWW-Authenticate": "Bearer"},
                )  # fmt: skip
            receive = await self._read(headers, receive)
        except ApiError as error:
            await answered(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_known(self, authorization: str) -> bool:
        """Compare with every key in constant time, whichever it is."""
        scheme, _, key = authorization.partition(" ")
        given = _digest(key.strip())
        found = [hmac.compare_digest(given, known) for known in self._keys]
        return any(found) and scheme.lower() == "bearer"

    async def _read(self, headers: Headers, receive: Receive) -> Receive:
        """Return a channel that has the whole body in one message.

        Raises:
            ApiError: it is larger than allowed, too slow, or compressed in an unknown way.
        """
        most = self._settings.body_bytes
        announced = headers.get("content-length", "0")
        if announced.isdigit() and int(announced) > most:
            raise _too_large(most)
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                content, last = await _body(receive, most)
        except TimeoutError as error:
            raise ApiError(408, "the body did not arrive in time", "body_too_slow") from error
        body = _unfolded(content, headers.get("content-encoding", "identity"), most)
        is_read = False

        async def read() -> Message:
            nonlocal is_read
            if not is_read:
                is_read = True
                return {"type": "http.request", "body": body, "more_body": False}
            return last if last is not None else await receive()

        return read


async def _body(receive: Receive, most: int) -> tuple[bytes, Message | None]:
    """Return the whole body, and the message that says that the client has left, if it has.

    Raises:
        ApiError: it is larger than allowed.
    """
    content = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(content), message
        content += message.get("body", b"")
        if len(content) > most:
            raise _too_large(most)
        if not message.get("more_body", False):
            return bytes(content), None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _too_large(most: int) -> ApiError:
    return ApiError(413, f"a body has {most} bytes at most", "body_too_large")


def _unfolded(content: bytes, encoding: str, most: int) -> bytes:
    """Return a body as it was before its compression; reads no more of it than is allowed."""
    if encoding.lower() in ("", "identity"):
        return content
    if encoding.lower() != "gzip":
        raise ApiError(415, "bodies are plain or compressed by gzip", "unsupported_encoding")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            unfolded = file.read(most + 1)
    except (OSError, EOFError) as error:
        raise ApiError(400, "the body is no gzip", "invalid_encoding") from error
    if len(unfolded) > most:
        raise _too_large(most)
    return unfolded
