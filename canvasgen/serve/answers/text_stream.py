"""`/v1/completions` as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from canvasgen.denoise import Commit
from canvasgen.serve.answers.chat_answer import FINGERPRINT, facts, now, reasoning_in
from canvasgen.serve.answers.logprob_answer import text_logprobs
from canvasgen.serve.answers.told import cut, draft_of, held_back, new_id, parted, told, usage_of
from canvasgen.serve.protocol.answers import CompletionAnswer, CompletionChoice

if TYPE_CHECKING:
    from canvasgen.serve.finished import Finished
    from canvasgen.serve.requests.plan import Plan
    from canvasgen.serve.running.runner import Happening

__all__ = ["TextStream"]


class TextStream:
    """Turns what happens to the answers to one prompt into chunks."""

    def __init__(self, plan: Plan, model: str) -> None:
        self._plan, self._model = plan, model
        self._id, self._created = new_id("cmpl"), now()
        self._sent = [0] * plan.n
        self._finished: list[Finished] = []

    def begin(self) -> Iterator[CompletionAnswer]:
        """Yield nothing: texts have no role."""
        yield from ()

    def happened(self, event: Happening) -> Iterator[CompletionAnswer]:
        """Yield what an event adds."""
        if not isinstance(event, tuple):
            yield from self._end(event)
            return
        number, what = event
        if isinstance(what, Commit):
            text, stopped = cut(what.text, self._plan.stops)
            text = text if stopped else held_back(text, self._plan.stops)
            yield from self._new(number, parted(self._plan, text).content or "")
        elif "drafts" in self._plan.told:
            draft = draft_of(self._plan, what)
            choice = CompletionChoice(index=number, text="", finish_reason=None)
            yield self._chunk(choice.model_copy(update={"x-diffusion-draft": draft}))

    def usage(self) -> Iterator[CompletionAnswer]:
        """Yield the usage of all answers, if the client asked for it."""
        if self._plan.with_usage:
            chunk = self._chunk(CompletionChoice(index=0, text="", finish_reason=None))
            yield chunk.model_copy(
                update={
                    "choices": [],
                    "usage": usage_of(self._finished, thinks=self._plan.thinks),
                }
            )

    def _new(self, number: int, text: str) -> Iterator[CompletionAnswer]:
        more = text[self._sent[number] :]
        if more:
            self._sent[number] += len(more)
            yield self._chunk(CompletionChoice(index=number, text=more, finish_reason=None))

    def _end(self, made: Finished) -> Iterator[CompletionAnswer]:
        self._finished.append(made)
        answer = told(self._plan, made)
        yield from self._new(made.number, answer.content or "")
        yield self._chunk(
            CompletionChoice(
                index=made.number,
                text="",
                finish_reason=answer.reason,
                logprobs=None
                if self._plan.logprobs is None
                else text_logprobs(made.completion, made.vocabulary),
                canvasgen=facts(self._plan, made) | reasoning_in(answer),
            )
        )

    def _chunk(self, choice: CompletionChoice) -> CompletionAnswer:
        return CompletionAnswer(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=[choice],
            system_fingerprint=FINGERPRINT,
        )
