"""What an answer's text becomes: content, thoughts, calls, and why it ended."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from canvasgen.errors import Outcome
from canvasgen.serve.answers.call_text import CallText, calls_in
from canvasgen.serve.protocol.answers import FinishReason, ThoughtTokens, Usage
from canvasgen.serve.protocol.wire import JsonObject
from canvasgen.serve.requests.building import END_OF_THOUGHTS

if TYPE_CHECKING:
    from canvasgen.denoise import Draft
    from canvasgen.serve.finished import Finished
    from canvasgen.serve.requests.plan import Plan

__all__ = ["Parted", "Told", "cut", "draft_of", "held_back", "new_id", "parted", "told", "usage_of"]


@dataclass(frozen=True)
class Parted:
    """A text or the beginning of one, taken apart.

    Attributes:
        thoughts: before the answer; None if the answer does not think.
        content: the answer, or None if it is calls.
        calls: of tools, in order.
    """

    thoughts: str | None
    content: str | None
    calls: tuple[CallText, ...] = ()


@dataclass(frozen=True)
class Told(Parted):
    """A finished answer; `reason` is why it ended."""

    reason: FinishReason = "stop"


def parted(plan: Plan, text: str) -> Parted:
    """Return the parts of a text, or of the beginning of one."""
    thoughts = None
    if plan.recipe.thoughts:
        thoughts, mark, text = text.partition(END_OF_THOUGHTS)
        thoughts = None if plan.hides_thoughts else thoughts
        if not mark:
            return Parted(thoughts, "")
    calls = None if plan.tools is None else calls_in(text, plan.tools)
    if calls is None:
        return Parted(thoughts, text)
    return Parted(thoughts, None, tuple(calls))


def told(plan: Plan, made: Finished) -> Told:
    """Return what a finished answer is."""
    completion = made.completion
    text, stopped = cut(completion.text, plan.stops)
    parts = parted(plan, text)
    reason: FinishReason = "length" if completion.outcome is Outcome.UNCLOSED and not stopped else "stop"
    if parts.content is None and plan.tools is not None:
        reason = "function_call" if plan.tools.is_legacy else "tool_calls"
    return Told(parts.thoughts, parts.content, parts.calls, reason)


def draft_of(plan: Plan, draft: Draft) -> JsonObject:
    """Return a draft for the client: the text as it would be, with its thoughts apart."""
    told: JsonObject = {"text": draft.text, "block": draft.block, "step": draft.step}
    if plan.recipe.thoughts:
        thoughts, _, told["text"] = draft.text.partition(END_OF_THOUGHTS)
        if not plan.hides_thoughts:
            told["reasoning"] = thoughts
    return told


def cut(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """Return a text up to the first of the stops, and whether there was one."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return (text[: min(places)], True) if places else (text, False)


def held_back(text: str, stops: Sequence[str]) -> str:
    """Return the beginning of a text that is sure to be sent: what may become a stop waits."""
    longest = 0
    for stop in stops:
        for length in range(min(len(stop) - 1, len(text)), longest, -1):
            if text.endswith(stop[:length]):
                longest = length
                break
    return text[: len(text) - longest]


def usage_of(finished: Sequence[Finished], *, thinks: bool = False) -> Usage:
    """Return the tokens and steps of some answers to one prompt; with `thinks` also the tokens of their thoughts."""
    prompt = finished[0].prompt_tokens if finished else 0  # the same one for all
    written = sum(len(made.completion.token_ids) for made in finished)
    steps = sum(sum(made.completion.steps) for made in finished)
    positions = sum(sum(made.completion.steps) * made.canvas_length for made in finished)
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=written,
        total_tokens=prompt + written,
        denoising_steps=steps,
        canvas_positions=positions,
        completion_tokens_details=ThoughtTokens(reasoning_tokens=sum(map(_thought_tokens, finished)))
        if thinks
        else None,
    )


def _thought_tokens(made: Finished) -> int:
    """Return how many tokens the thoughts of an answer have, with the mark at their end."""
    mark = END_OF_THOUGHTS.encode()
    written = b""
    for count, token in enumerate(made.completion.token_ids, start=1):
        written += made.vocabulary.text_bytes(np.array([token], dtype=np.int64))
        if mark in written:
            return count
    return len(made.completion.token_ids)


def new_id(prefix: str) -> str:
    """Return an id such as `chatcmpl-…`."""
    return f"{prefix}-{secrets.token_hex(12)}"
