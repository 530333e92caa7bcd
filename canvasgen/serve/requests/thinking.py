"""`reasoning`, `reasoning_effort` and canvasgen's own key -> how many tokens of thoughts come before the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from canvasgen.serve.protocol.answer_shapes import Effort, Extension, Reasoning
from canvasgen.serve.protocol.api_error import ApiError

__all__ = ["EFFORTS", "THOUGHTS", "Thinking", "thinking_of"]

THOUGHTS = "reasoning_tokens"
"""The rule of an error that says that there are too few tokens for thoughts."""

EFFORTS: Mapping[Effort, float] = {
    "none": 0.0,
    "minimal": 0.1,
    "low": 0.2,
    "medium": 0.5,
    "high": 0.8,
    "xhigh": 0.95,
}
"""By effort, the part of the answer's tokens that thoughts may take; the answer's own are always left."""
_LEAST = 8
"""Tokens that an effort comes to at least: as many as the mark behind the thoughts (`</think>`) may take."""


@dataclass(frozen=True)
class Thinking:
    """Thoughts before the answer.

    Attributes:
        tokens: at most; 0: none.
        is_told: whether the client gets them.
        at: JSON path of the key that says how many.
    """

    tokens: int = 0
    is_told: bool = True
    at: str = field(default="$.canvasgen.reasoning_tokens", compare=False)


def thinking_of(
    extension: Extension | None,
    reasoning: Reasoning | None,
    *,
    effort: Effort | None = None,
    include: bool | None = None,
    max_tokens: int,
) -> Thinking:
    """Return what the keys of a request say together; the more exact one counts: tokens, then effort.

    Args:
        extension: canvasgen's own keys.
        reasoning: `reasoning`.
        effort: `reasoning_effort`.
        include: `include_reasoning`.
        max_tokens: of the answer with its thoughts.

    Raises:
        ApiError: two efforts differ.
    """
    told = reasoning or Reasoning()
    if effort is not None and told.effort not in (None, effort):
        raise ApiError(400, "two efforts are given", "invalid_request", "$.reasoning_effort")
    is_told = include is not False and not told.exclude
    own = extension.reasoning_tokens if extension is not None else None
    exact = own or told.max_tokens
    if told.enabled is False:
        return Thinking(0, is_told)
    if exact is not None:
        return Thinking(exact, is_told) if own else Thinking(exact, is_told, "$.reasoning.max_tokens")
    chosen = effort or told.effort or ("medium" if told.enabled else "none")
    share = EFFORTS[chosen]
    at = "$.reasoning_effort" if effort is not None else "$.reasoning"
    return Thinking(max(_LEAST, int(share * max_tokens)) if share else 0, is_told, at)
