"""Reads a request's body before a web application does, and awaits what that does not await."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["BodyFirst"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class BodyFirst:
    """ASGI middleware for requests that bring JSON.

    Args:
        app: the application.
        refusal: is given the body of a POST, and returns why it is answered with 400; None: the application answers.
    """

    def __init__(self, app: Any, *, refusal: Callable[[bytes], Awaitable[str | None]]) -> None:
        self._app, self._refusal = app, refusal

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] != "POST" or not _brings_json(scope):
            await self._app(scope, receive, send)
            return
        body, left = await _read(receive)
        if left:
            return
        reason = await self._refusal(body)
        if reason is not None:
            from starlette.responses import JSONResponse

            await JSONResponse({"detail": reason}, status_code=400)(scope, receive, send)
            return
        told = False

        async def again() -> Message:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


def _brings_json(scope: Message) -> bool:
    kinds = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
    return any(kind.partition(b";")[0].strip().lower() == b"application/json" for kind in kinds)


async def _read(receive: Receive) -> tuple[bytes, bool]:
    """The whole body, and whether the client has left before its end."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"", True
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts), False
