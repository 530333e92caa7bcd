"""An error as an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.responses import JSONResponse

if TYPE_CHECKING:
    from canvasgen.serve.protocol.api_error import ApiError

__all__ = ["answered"]


def answered(error: ApiError) -> JSONResponse:
    """Return the answer of an error."""
    return JSONResponse(error.body().model_dump(), status_code=error.status, headers=error.headers)
