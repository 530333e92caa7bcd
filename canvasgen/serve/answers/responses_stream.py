"""`/v1/responses` as a stream of named events: what each item of the output adds, and its end.

response.created ─▶ for each item: output_item.added ─▶ …delta ─▶ … ─▶ …done ─▶ output_item.done ─▶ response.completed
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, JsonValue

from canvasgen.denoise import Commit
from canvasgen.serve.answers.chat_answer import now
from canvasgen.serve.answers.responses_answer import (
    ResponseAnswer,
    call_item,
    message_item,
    reasoning_item,
    responses_answer,
    text_part,
)
from canvasgen.serve.answers.told import Parted, cut, draft_of, held_back, new_id, parted, told
from canvasgen.serve.protocol.wire import JsonObject

if TYPE_CHECKING:
    from canvasgen.serve.finished import Finished
    from canvasgen.serve.requests.plan import Plan
    from canvasgen.serve.running.runner import Happening

__all__ = ["ResponsesStream", "StreamEvent"]


class StreamEvent(BaseModel):
    """An event of a stream; its type is also the name of the server-sent event."""

    model_config = ConfigDict(extra="allow")

    type: str
    sequence_number: int


@dataclass
class _Item:
    """An item of the output as far as it is sent.

    Attributes:
        item: as it was when it began.
        kind: `text`, `reasoning`, `arguments` or `input`.
        text: what has been sent of it.
    """

    item: JsonObject
    kind: str
    text: str = ""


_EVENTS = {
    "text": "output_text",
    "reasoning": "reasoning_summary_text",
    "input": "custom_tool_call_input",
    "arguments": "function_call_arguments",
}
"""By kind of item, the name of its events."""
_INDEX = {"text": "content_index", "reasoning": "summary_index"}
"""Of items whose text is a part of theirs: what its number is called."""


class ResponsesStream:
    """Turns what happens to an answer into OpenAI's named events."""

    def __init__(self, plan: Plan, model: str) -> None:
        self._plan, self._model = plan, model
        self._id, self._created = new_id("resp"), now()
        self._number = 0
        self._items: list[_Item] = []
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
            yield from self._end(event)
            return
        what = event[1]
        if isinstance(what, Commit):
            text, stopped = cut(what.text, self._plan.stops)
            text = text if stopped else held_back(text, self._plan.stops)
            yield from self._new(parted(self._plan, text), is_whole=False)
        elif "drafts" in self._plan.told:
            yield self._event("x-diffusion-draft", draft=draft_of(self._plan, what))

    def _end(self, made: Finished) -> Iterator[StreamEvent]:
        self._answer = responses_answer(self._plan, made, self._model, id_=self._id)
        yield from self._new(told(self._plan, made), is_whole=True)

    def usage(self) -> Iterator[StreamEvent]:
        """Yield the ends of the items and the whole response."""
        answer = self._answer
        assert answer is not None
        done: list[JsonValue] = []
        for at, begun in enumerate(self._items):
            item = yield from self._ended(at, begun)
            done.append(item)
            yield self._event("response.output_item.done", output_index=at, item=item)
        response = answer.model_copy(update={"output": done})
        kind = "response.completed" if answer.status == "completed" else "response.incomplete"
        yield self._event(kind, response=response.model_dump(mode="json"))

    def _ended(self, at: int, begun: _Item) -> Generator[StreamEvent, None, JsonObject]:
        """Yield the end of an item's text; return the whole item."""
        text, kind = begun.text, begun.kind
        place = self._place(at, begun)
        name = _EVENTS[kind]
        if kind in ("arguments", "input"):
            yield self._event(f"response.{name}.done", **place, **{kind: text}, name=begun.item["name"])
            return {**begun.item, kind: text, "status": "completed"}
        part = _part(kind, text)
        more: dict[str, Any] = {"logprobs": []} if kind == "text" else {}
        yield self._event(f"response.{name}.done", **place, text=text, **more)
        yield self._event(f"response.{_PART[kind]}.done", **place, part=part)
        inner: JsonValue = [part]
        if kind == "reasoning":
            return {**begun.item, "summary": inner}
        return {**begun.item, "content": inner, "status": "completed"}

    def _new(self, parts: Parted, *, is_whole: bool) -> Iterator[StreamEvent]:
        """Yield what has not been sent."""
        first = 0
        if parts.thoughts is not None:
            first = 1
            yield from self._grown(0, parts.thoughts, "reasoning", reasoning_item())
        if parts.content is not None and (parts.content or is_whole or len(self._items) > first):
            yield from self._grown(first, parts.content, "text", message_item("", "in_progress"))
        for at, call in enumerate(parts.calls, start=first):
            is_custom = self._plan.tools is not None and call.name in self._plan.tools.custom
            item = call_item(self._plan, call.name, "", "in_progress")
            yield from self._grown(at, call.arguments, "input" if is_custom else "arguments", item)

    def _grown(self, at: int, text: str, kind: str, item: JsonObject) -> Iterator[StreamEvent]:
        """Yield the beginning of an item if it is new, and what its text has gained."""
        if at == len(self._items):
            begun = _Item(item, kind)
            self._items.append(begun)
            yield self._event("response.output_item.added", output_index=at, item=item)
            if kind in _PART:
                yield self._event(
                    f"response.{_PART[kind]}.added", **self._place(at, begun), part=_part(kind, "")
                )
        begun = self._items[at]
        more = text[len(begun.text) :]
        if not more:
            return
        begun.text = text
        extra: dict[str, Any] = {"logprobs": []} if kind == "text" else {}
        yield self._event(f"response.{_EVENTS[kind]}.delta", **self._place(at, begun), delta=more, **extra)

    def _place(self, at: int, begun: _Item) -> dict[str, Any]:
        place: dict[str, Any] = {"item_id": begun.item["id"], "output_index": at}
        return place | {_INDEX[begun.kind]: 0} if begun.kind in _INDEX else place

    def _event(self, kind: str, **more: Any) -> StreamEvent:
        self._number += 1
        return StreamEvent(type=kind, sequence_number=self._number - 1, **more)


_PART = {"text": "content_part", "reasoning": "reasoning_summary_part"}
"""Of items whose text is a part of theirs: the name of that part's events."""


def _part(kind: str, text: str) -> JsonObject:
    return text_part(text) if kind == "text" else {"type": "summary_text", "text": text}
