"""`/v1/chat/completions` as a stream: what each event adds to the answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import JsonValue

from canvasgen.denoise import Commit, Draft
from canvasgen.serve.answers.chat_answer import FINGERPRINT, facts, now
from canvasgen.serve.answers.logprob_answer import chat_logprobs
from canvasgen.serve.answers.partial_value import Settled
from canvasgen.serve.answers.told import Parted, cut, draft_of, held_back, new_id, parted, told, usage_of
from canvasgen.serve.protocol.answers import ChatChunk, ChunkChoice
from canvasgen.serve.protocol.wire import JsonObject

if TYPE_CHECKING:
    from canvasgen.serve.finished import Finished
    from canvasgen.serve.requests.plan import Plan
    from canvasgen.serve.running.runner import Happening

__all__ = ["ChatStream"]


@dataclass
class _Sent:
    """What has been sent of one answer: characters of its thoughts and content, and of each call's arguments."""

    thoughts: int = 0
    content: int = 0
    arguments: list[int] = field(default_factory=list[int])
    settled: Settled = field(default_factory=Settled)


class ChatStream:
    """Turns what happens to a plan's answers into chunks.

    Committed text goes out as ordinary deltas. Drafts, which may still change, only to who asked for them.
    """

    def __init__(self, plan: Plan, model: str) -> None:
        self._plan = plan
        self._model = model
        self._id, self._created = new_id("chatcmpl"), now()
        self._sent = [_Sent() for _ in range(plan.n)]
        self._finished: list[Finished] = []

    def begin(self) -> Iterator[ChatChunk]:
        """Yield the role of each answer."""
        for number in range(self._plan.n):
            yield self._chunk(number, {"role": "assistant", "content": ""})

    def happened(self, event: Happening) -> Iterator[ChatChunk]:
        """Yield what an event adds."""
        if not isinstance(event, tuple):
            yield from self._end(event)
            return
        number, what = event
        if isinstance(what, Commit):
            text, stopped = cut(what.text, self._plan.stops)
            parts = parted(self._plan, text if stopped else held_back(text, self._plan.stops))
            yield from self._new(number, parts)
        yield from self._told(number, what)

    def usage(self) -> Iterator[ChatChunk]:
        """Yield the usage of all answers, if the client asked for it."""
        if self._plan.with_usage:
            chunk = self._chunk(0, {})
            yield chunk.model_copy(
                update={
                    "choices": [],
                    "usage": usage_of(self._finished, thinks=self._plan.thinks),
                }
            )

    def _told(self, number: int, what: Draft | Commit) -> Iterator[ChatChunk]:
        """Yield drafts and settled fields, to who asked for them."""
        if "drafts" in self._plan.told and isinstance(what, Draft):
            yield self._chunk(number, {"x-diffusion-draft": draft_of(self._plan, what)})
        if "partial" in self._plan.told:
            settled = self._sent[number].settled
            text = parted(self._plan, what.text)
            value = settled.after(text.content or "", is_final=isinstance(what, Commit))
            if value is not None:
                yield self._chunk(number, {"x-diffusion-partial": value[0]})

    def _new(self, number: int, parts: Parted) -> Iterator[ChatChunk]:
        """Yield what of an answer has not been sent."""
        sent = self._sent[number]
        thoughts = parts.thoughts or ""
        if len(thoughts) > sent.thoughts:
            yield self._chunk(number, {"reasoning_content": thoughts[sent.thoughts :]})
            sent.thoughts = len(thoughts)
        content = parts.content or ""
        if len(content) > sent.content:
            yield self._chunk(number, {"content": content[sent.content :]})
            sent.content = len(content)
        for at, call in enumerate(parts.calls):
            if at == len(sent.arguments):
                sent.arguments.append(0)
                yield self._chunk(number, self._begun_call(at, call.name))
            more = call.arguments[sent.arguments[at] :]
            if more:
                sent.arguments[at] += len(more)
                yield self._chunk(number, self._arguments(at, more))

    def _begun_call(self, at: int, name: str) -> JsonObject:
        function: JsonObject = {"name": name, "arguments": ""}
        if self._plan.tools is not None and self._plan.tools.is_legacy:
            return {"function_call": function}
        call: JsonValue = {"index": at, "id": new_id("call"), "type": "function", "function": function}
        return {"tool_calls": [call]}

    def _arguments(self, at: int, more: str) -> JsonObject:
        if self._plan.tools is not None and self._plan.tools.is_legacy:
            return {"function_call": {"arguments": more}}
        return {"tool_calls": [{"index": at, "function": {"arguments": more}}]}

    def _end(self, made: Finished) -> Iterator[ChatChunk]:
        self._finished.append(made)
        answer = told(self._plan, made)
        yield from self._new(made.number, answer)
        last = self._chunk(made.number, {})
        choice = last.choices[0]
        choice.finish_reason = answer.reason
        if self._plan.logprobs is not None:
            choice.logprobs = chat_logprobs(made.completion, made.vocabulary)
        last.choices = [choice.model_copy(update={"canvasgen": facts(self._plan, made)})]
        yield last

    def _chunk(self, number: int, delta: JsonObject) -> ChatChunk:
        return ChatChunk(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=[ChunkChoice(index=number, delta=delta)],
            system_fingerprint=FINGERPRINT,
        )
