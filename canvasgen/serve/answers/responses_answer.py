"""The answers of `/v1/responses`, when all is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, JsonValue

from canvasgen.serve.answers.chat_answer import facts, now
from canvasgen.serve.answers.told import Parted, new_id, told, usage_of
from canvasgen.serve.protocol.wire import JsonObject

if TYPE_CHECKING:
    from canvasgen.serve.finished import Finished
    from canvasgen.serve.requests.plan import Plan

__all__ = [
    "ResponseAnswer",
    "call_item",
    "message_item",
    "reasoning_item",
    "responses_answer",
    "text_part",
]


class ResponseAnswer(BaseModel):
    """The answer of `/v1/responses`."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    id: str
    object: str = "response"
    created_at: int
    model: str
    status: str
    output: list[JsonValue]
    error: None = None
    incomplete_details: JsonObject | None = None
    instructions: None = None
    metadata: JsonObject = {}
    parallel_tool_calls: bool = True
    tool_choice: JsonValue = "auto"
    tools: list[JsonValue] = []
    temperature: float | None = None
    top_p: float | None = None
    usage: JsonObject | None = None
    canvasgen: JsonObject | None = None


def responses_answer(plan: Plan, made: Finished, model: str, *, id_: str | None = None) -> ResponseAnswer:
    """Return the whole answer."""
    answer = told(plan, made)
    usage = usage_of([made], thinks=plan.thinks)
    details = usage.completion_tokens_details
    is_cut = answer.reason == "length"
    return ResponseAnswer(
        id=id_ or new_id("resp"),
        created_at=now(),
        model=model,
        status="incomplete" if is_cut else "completed",
        incomplete_details={"reason": "max_output_tokens"} if is_cut else None,
        output=[*_items(plan, answer)],
        usage={
            "input_tokens": usage.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": usage.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0 if details is None else details.reasoning_tokens},
            "total_tokens": usage.total_tokens,
            "denoising_steps": usage.denoising_steps,
            "canvas_positions": usage.canvas_positions,
        },
        canvasgen=facts(plan, made),
    )


def _items(plan: Plan, answer: Parted) -> list[JsonObject]:
    """Return the items of the output: thoughts, then a message or calls."""
    items: list[JsonObject] = []
    if answer.thoughts is not None:
        summary: JsonValue = [{"type": "summary_text", "text": answer.thoughts}]
        items.append({**reasoning_item(), "summary": summary})
    if answer.content is not None:
        items.append(message_item(answer.content, "completed"))
    items += [call_item(plan, call.name, call.arguments, "completed") for call in answer.calls]
    return items


def reasoning_item() -> JsonObject:
    """Return an item of thoughts, without them."""
    return {"id": new_id("rs"), "type": "reasoning", "summary": []}


def message_item(text: str, status: str) -> JsonObject:
    """Return a message; one that is not completed has no content yet."""
    content: list[JsonValue] = [] if status != "completed" else [text_part(text)]
    return {"id": new_id("msg"), "type": "message", "role": "assistant", "status": status, "content": content}


def text_part(text: str) -> JsonObject:
    """Return the content of a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def call_item(plan: Plan, name: str, said: str, status: str) -> JsonObject:
    """Return a call of a tool."""
    is_custom = plan.tools is not None and name in plan.tools.custom
    kind = "custom_tool_call" if is_custom else "function_call"
    what = "input" if is_custom else "arguments"
    return {
        "id": new_id("fc"),
        "call_id": new_id("call"),
        "type": kind,
        "name": name,
        what: said,
        "status": status,
    }
