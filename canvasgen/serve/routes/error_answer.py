"""An error as an answer."""

from __future__ import annotations

from fastapi.responses import JSONResponse

from canvasgen.serve.protocol.api_error import ApiError

__all__ = ["FAILED", "answered"]

FAILED = ApiError(500, "the server failed", "internal_error", kind="server_error")
"""Whatever nobody has foreseen."""


def answered(error: ApiError) -> JSONResponse:
    """Return the answer of an error."""
    return JSONResponse(error.body().model_dump(), status_code=error.status, headers=error.headers)
