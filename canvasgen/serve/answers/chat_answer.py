"""The answers of `/v1/chat/completions` and `/v1/completions`, when all is written."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from canvasgen.serve.answers.logprob_answer import chat_logprobs, text_logprobs
from canvasgen.serve.answers.told import Parted, Told, new_id, told, usage_of
from canvasgen.serve.protocol.answers import (
    Call,
    ChatAnswer,
    ChatChoice,
    ChatMessage,
    CompletionAnswer,
    CompletionChoice,
    Function,
    ThoughtTokens,
    Usage,
)
from canvasgen.serve.protocol.wire import JsonObject
from canvasgen.serve.version import VERSION

if TYPE_CHECKING:
    from canvasgen.serve.answers.call_text import CallText
    from canvasgen.serve.finished import Finished
    from canvasgen.serve.requests.plan import Plan

__all__ = ["FINGERPRINT", "chat_answer", "completion_answer", "facts", "now", "reasoning_in"]

FINGERPRINT = f"canvasgen-{VERSION}"
_WITH_VALUE = frozenset({"template", "table", "infill"})


def now() -> int:
    """Return the time as OpenAI's objects have it."""
    return int(time.time())


def chat_answer(plan: Plan, finished: Sequence[Finished], model: str) -> ChatAnswer:
    """Return the whole answer."""
    return ChatAnswer(
        id=new_id("chatcmpl"),
        created=now(),
        model=model,
        choices=[_choice(plan, made) for made in finished],
        usage=usage_of(finished, thinks=plan.thinks),
        system_fingerprint=FINGERPRINT,
    )


def _choice(plan: Plan, made: Finished) -> ChatChoice:
    answer = told(plan, made)
    return ChatChoice(
        index=made.number,
        message=_message(plan, answer),
        finish_reason=answer.reason,
        logprobs=None if plan.logprobs is None else chat_logprobs(made.completion, made.vocabulary),
        canvasgen=facts(plan, made),
    )


def _message(plan: Plan, answer: Told) -> ChatMessage:
    calls = [_call(call) for call in answer.calls]
    thoughts = answer.thoughts
    if calls and plan.tools is not None and plan.tools.is_legacy:
        return ChatMessage(content=None, function_call=calls[0].function, reasoning_content=thoughts)
    return ChatMessage(content=answer.content, tool_calls=calls or None, reasoning_content=thoughts)


def _call(call: CallText) -> Call:
    return Call(id=new_id("call"), function=Function(name=call.name, arguments=call.arguments))


def facts(plan: Plan, made: Finished) -> JsonObject:
    """Return what canvasgen says of an answer: outcome, steps, log-probability, and what was asked for besides."""
    done = made.completion
    found: JsonObject = {
        "outcome": str(done.outcome),
        "steps": [*done.steps],
        "log_prob": done.log_prob,
        "proven": done.proven,
    }
    if plan.recipe.kind in _WITH_VALUE:
        found["value"] = as_json(done.value)
    if done.probabilities:
        found["probabilities"] = {
            field: {str(option): share for option, share in shares.items()}
            for field, shares in done.probabilities.items()
        }
    if done.sources:
        found["sources"] = {
            field: {"start": span.start, "stop": span.stop, "text": span.text, "source": span.source}
            for field, span in done.sources.items()
        }
    if plan.trace is not None:
        found["trace"] = json.loads(done.as_trace().to_json())
    return found


def reasoning_in(answer: Parted) -> JsonObject:
    """Return the thoughts, for answers that have no place of their own for them."""
    return {} if answer.thoughts is None else {"reasoning": answer.thoughts}


def as_json(value: object) -> JsonValue:
    """Return a value as JSON has it."""
    return json.loads(json.dumps(value, default=str))


def completion_answer(
    plans: Sequence[Plan], finished: Sequence[Sequence[Finished]], model: str, *, echo: bool
) -> CompletionAnswer:
    """Return the whole answer to one prompt or several."""
    choices: list[CompletionChoice] = []
    for plan, rows in zip(plans, finished, strict=True):
        for made in rows:
            answer = told(plan, made)
            before = plan.prompt if echo and isinstance(plan.prompt, str) else ""
            choices.append(
                CompletionChoice(
                    index=len(choices),
                    text=before + (answer.content or ""),
                    finish_reason=answer.reason,
                    logprobs=None
                    if plan.logprobs is None
                    else text_logprobs(made.completion, made.vocabulary),
                    canvasgen=facts(plan, made) | reasoning_in(answer),
                )
            )
    return CompletionAnswer(
        id=new_id("cmpl"),
        created=now(),
        model=model,
        choices=choices,
        usage=added([usage_of(rows, thinks=plan.thinks) for plan, rows in zip(plans, finished, strict=True)]),
        system_fingerprint=FINGERPRINT,
    )


def added(usages: Sequence[Usage]) -> Usage:
    """Return the sum."""
    details = [one.completion_tokens_details for one in usages if one.completion_tokens_details is not None]
    names = [name for name in Usage.model_fields if name != "completion_tokens_details"]
    return Usage(
        **{name: sum(getattr(one, name) for one in usages) for name in names},
        completion_tokens_details=ThoughtTokens(reasoning_tokens=sum(one.reasoning_tokens for one in details))
        if details
        else None,
    )
