"""How the worker tells the scheduler that a request has failed: an exception there would take the whole server down.

The worker commits a canvas that no constraint allows: nothing but the token `FAILED`. The scheduler knows it and ends the
request with the reason "error", which the API server answers with status 500.
"""
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

__all__ = ["FAILED", "KEY", "has_failed"]

KEY = "canvasgen"
"""Of a request in `SamplingParams.extra_args`."""
FAILED = 0
"""The pad token, which is no text: a constrained canvas holds it behind an end token only."""


def has_failed(request: Any, new_token_ids: list[int]) -> bool:
    """Return whether new tokens of a request say that it has failed."""
    extra: dict[str, Any] = getattr(request.sampling_params, "extra_args", None) or {}
    return KEY in extra and bool(new_token_ids) and new_token_ids[0] == FAILED
