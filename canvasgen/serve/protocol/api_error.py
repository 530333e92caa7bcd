"""Errors in OpenAI's form: `{"error": {"message", "type", "param", "code"}}`, with the JSON path in `param`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from canvasgen.errors import (
    CanvasgenError,
    MissingPackage,
    ModelError,
    TimeLimit,
    ValidationFailed,
)

__all__ = ["ApiError", "ErrorBody", "as_api_error", "inside_of", "json_path"]

_LONGEST = 1500
_CALLERS_FAULTS = frozenset({"context length", "prompt", "vocabulary", "start"})
"""Rules of a `ModelError` that the request has broken, not the model."""


_INSIDE_A_TEXT = re.compile(r" \((position|line) [^()]*\)$")
"""Behind a JSON path, where in the text there: the message tells it."""
_OF_THE_MOMENT = frozenset({"compilers", "validators"})
"""Rules of a `ModelError` that says what is not to be had just now."""


class ErrorFacts(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorBody(BaseModel):
    """The body of every answer that is an error."""

    error: ErrorFacts


@dataclass
class ApiError(Exception):
    """An error for the client.

    Attributes:
        status: of HTTP.
        message: one or two sentences, without anything of the machine: no path of a file, no traceback.
        code: a word that programs can tell apart.
        param: where in the request, as a JSON path.
        kind: OpenAI's `type`.
        headers: of the answer.
    """

    status: int
    message: str
    code: str
    param: str | None = None
    kind: str = "invalid_request_error"
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def body(self) -> ErrorBody:
        """Return what is sent."""
        message = self.message if len(self.message) <= _LONGEST else self.message[: _LONGEST - 1] + "…"
        return ErrorBody(error=ErrorFacts(message=message, type=self.kind, param=self.param, code=self.code))


def json_path(place: Sequence[str | int]) -> str:
    """Return a JSON path such as `$.messages[0].content`."""
    steps = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" if step.isidentifier() else f"[{step!r}]"
        for step in place
    )
    return f"${steps}"


def inside_of(error: CanvasgenError) -> str:
    """Return the way from a constraint to the part of it that an error is about, as the rest of a JSON path."""
    where = _INSIDE_A_TEXT.sub("", error.path or "")
    return where[1:] if where.startswith("$") else ""


def as_api_error(error: CanvasgenError, at: str | None = None) -> ApiError:
    """Return an error of the library as one for the client.

    Args:
        error: the error.
        at: JSON path of what in the request it is about; the error's own path in it is added.
    """
    code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    inside = inside_of(error)
    param = (at or "$") + inside if inside else at
    if isinstance(error, TimeLimit) and error.rule == "timeout":
        return ApiError(504, str(error), "deadline_exceeded", kind="timeout_error")
    if isinstance(error, ValidationFailed):
        return ApiError(422, str(error), code, param=param, kind="generation_error")
    if isinstance(error, ModelError) and error.rule in _OF_THE_MOMENT:
        again = {"Retry-After": "1"}
        return ApiError(503, f"{error.message}: ask again", "overloaded", kind="server_error", headers=again)
    if isinstance(error, ModelError) and error.rule not in _CALLERS_FAULTS:
        return ApiError(500, "the model failed", code, kind="server_error")
    if isinstance(error, MissingPackage):
        return ApiError(501, f"this server lacks the package {error.value}", code, kind="server_error")
    if isinstance(error, ModelError) and error.rule == "context length":
        code = "context_length_exceeded"
    return ApiError(400, str(error), code, param=param)
