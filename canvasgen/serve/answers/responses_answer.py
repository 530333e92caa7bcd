"""The answers of `/v1/responses`, whole and as a stream of named events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, JsonValue

from canvasgen.denoise import Commit
from canvasgen.serve.answers.chat_answer import facts, now
from canvasgen.serve.answers.told import Parted, held_back, new_id, parted, told, usage_of
from canvasgen.serve.protocol.wire import JsonObject

if TYPE_CHECKING:
    from canvasgen.serve.finished import Finished
    from canvasgen.serve.requests.plan import Plan
    from canvasgen.serve.running.runner import Happening

__all__ = ["ResponseAnswer", "ResponsesStream", "StreamEvent", "responses_answer"]


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


class StreamEvent(BaseModel):
    """An event of a stream; its type is also the name of the server-sent event."""

    model_config = ConfigDict(extra="allow")

    type: str
    sequence_number: int


def responses_answer(plan: Plan, made: Finished, model: str, *, id_: str | None = None) -> ResponseAnswer:
    """Return the whole answer."""
    answer = told(plan, made)
    usage = usage_of([made])
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
            "output_tokens_details": {"reasoning_tokens": 0},
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
        items.append({"id": new_id("rs"), "type": "reasoning", "summary": summary})
    if answer.content is not None:
        items.append(_message(answer.content, "completed"))
    items += [_call(plan, call.name, call.arguments, "completed") for call in answer.calls]
    return items


def _message(text: str, status: str) -> JsonObject:
    content: list[JsonValue] = [] if status != "completed" else [_part(text)]
    return {"id": new_id("msg"), "type": "message", "role": "assistant", "status": status, "content": content}


def _part(text: str) -> JsonObject:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call(plan: Plan, name: str, said: str, status: str) -> JsonObject:
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


class ResponsesStream:
    """Turns what happens to an answer into OpenAI's named events."""

    def __init__(self, plan: Plan, model: str) -> None:
        self._plan, self._model = plan, model
        self._id, self._created = new_id("resp"), now()
        self._number = 0
        self._items: list[tuple[JsonObject, str, int]] = []  # item, the name of its text, characters sent
        self._answer: ResponseAnswer | None = None

    def begin(self) -> Iterator[StreamEvent]:
        """Yield the empty response."""
        empty = ResponseAnswer(
            id=self._id, created_at=self._created, model=self._model, status="in_progress", output=[]
        )
        response = empty.model_dump(mode="json")
        yield self._event("response.created", response=response)
        yield self._event("response.in_progress", response=response)

    def happened(self, event: Happening) -> Iterator[StreamEvent]:
        """Yield what an event adds."""
        if not isinstance(event, tuple):
            self._answer = responses_answer(self._plan, event, self._model, id_=self._id)
            yield from self._new(told(self._plan, event))
            return
        what = event[1]
        if isinstance(what, Commit):
            yield from self._new(parted(self._plan, held_back(what.text, self._plan.stops)))
        elif "drafts" in self._plan.told:
            draft: JsonObject = {"text": what.text, "block": what.block, "step": what.step}
            yield self._event("x-diffusion-draft", draft=draft)

    def usage(self) -> Iterator[StreamEvent]:
        """Yield the ends of the items and the whole response."""
        answer = self._answer
        assert answer is not None
        done: list[JsonValue] = []
        for at, (begun, name, _) in enumerate(self._items):
            item: JsonObject = begun
            text = str(item[name])
            place: dict[str, Any] = {"item_id": item["id"], "output_index": at}
            if item["type"] == "message":
                part = _part(text)
                yield self._event(
                    "response.output_text.done", **place, content_index=0, text=text, logprobs=[]
                )
                yield self._event("response.content_part.done", **place, content_index=0, part=part)
                content: list[JsonValue] = [part]
                item = {**{key: value for key, value in item.items() if key != "text"}, "content": content}
            else:
                kind = "custom_tool_call_input" if name == "input" else "function_call_arguments"
                yield self._event(f"response.{kind}.done", **place, **{name: text}, name=item["name"])
            item = {**item, "status": "completed"}
            done.append(item)
            yield self._event("response.output_item.done", output_index=at, item=item)
        thoughts = [item for item in answer.output if isinstance(item, dict) and item["type"] == "reasoning"]
        response = answer.model_copy(update={"output": [*thoughts, *done]})
        kind = "response.completed" if answer.status == "completed" else "response.incomplete"
        yield self._event(kind, response=response.model_dump(mode="json"))

    def _new(self, parts: Parted) -> Iterator[StreamEvent]:
        """Yield what has not been sent."""
        if parts.content is not None and (parts.content or self._items):
            yield from self._grown(
                0, parts.content, "text", lambda: _message("", "in_progress") | {"text": ""}
            )
        for at, call in enumerate(parts.calls):
            is_custom = self._plan.tools is not None and call.name in self._plan.tools.custom
            yield from self._grown(
                at,
                call.arguments,
                "input" if is_custom else "arguments",
                lambda call=call: _call(self._plan, call.name, "", "in_progress"),
            )

    def _grown(self, at: int, text: str, name: str, make: Any) -> Iterator[StreamEvent]:
        if at == len(self._items):
            item: JsonObject = make()
            self._items.append((item, name, 0))
            shown = {key: value for key, value in item.items() if key != "text"}
            yield self._event("response.output_item.added", output_index=at, item=shown)
            if name == "text":
                yield self._event(
                    "response.content_part.added",
                    item_id=item["id"],
                    output_index=at,
                    content_index=0,
                    part=_part(""),
                )
        item, name, sent = self._items[at]
        more = text[sent:]
        if not more:
            return
        item[name] = text
        self._items[at] = item, name, len(text)
        place: dict[str, Any] = {"item_id": item["id"], "output_index": at, "delta": more}
        kinds = {
            "text": "output_text",
            "input": "custom_tool_call_input",
            "arguments": "function_call_arguments",
        }
        if name == "text":
            place |= {"content_index": 0, "logprobs": []}
        yield self._event(f"response.{kinds[name]}.delta", **place)

    def _event(self, kind: str, **more: Any) -> StreamEvent:
        self._number += 1
        return StreamEvent(type=kind, sequence_number=self._number - 1, **more)
