"""`/v1/decisions` and `/v1/systemone` -> questions, and a plan for each of them or one for all together."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from canvasgen.request import Prompt
from canvasgen.serve.protocol.api_error import ApiError
from canvasgen.serve.protocol.canvas_body import (
    Content,
    DecisionsBody,
    NoulQuestion,
    ScoreQuestion,
    SystemOneBody,
    SystemOneQuestion,
)
from canvasgen.serve.protocol.wire import JsonObject, ignored_in
from canvasgen.serve.requests.messages import messages_of
from canvasgen.serve.requests.plan import Plan, within_limits
from canvasgen.serve.requests.recipe import Recipe
from canvasgen.serve.settings import ServeSettings

__all__ = ["MOST_COMBINATIONS", "Inquiry", "Question", "inquiry_of_decisions", "inquiry_of_systemone"]

MOST_COMBINATIONS = 64
"""Combinations of answers at most: each costs a conditioning of its own."""


@dataclass(frozen=True)
class Question:
    """A question whose answer is one of some texts.

    Attributes:
        name: of the client.
        text: what is asked; it goes below the prompt.
        options: the texts of the answers.
        at: JSON path.
    """

    name: str
    text: str
    options: tuple[str, ...]
    at: str


@dataclass(frozen=True)
class Inquiry:
    """Some questions about one prompt.

    Attributes:
        questions: in order.
        plans: one for each question; if the answers are asked for jointly, one for all at the end.
        combinations: by the text of a joint answer, the answers in the order of the questions.
    """

    questions: tuple[Question, ...]
    plans: tuple[Plan, ...]
    combinations: Mapping[str, tuple[str, ...]]


def inquiry_of_decisions(body: DecisionsBody, settings: ServeSettings) -> Inquiry:
    """Return what `/v1/decisions` asks.

    Raises:
        ApiError: there is no prompt, or there are no questions.
    """
    if (body.prompt is None) == (body.messages is None):
        raise ApiError(400, "give a prompt or messages", "invalid_request", "$.prompt")
    if (body.options is None) == (body.questions is None):
        raise ApiError(400, "give options or questions", "invalid_request", "$.options")
    prompt: Prompt = body.prompt if body.prompt is not None else messages_of(body.messages or [])
    if body.options is not None:
        questions = [Question("answer", "", _texts(body.options), "$.options")]
    else:
        questions = [
            Question(name, one.question, _texts(one.options), f"$.questions.{name}.options")
            for name, one in (body.questions or {}).items()
        ]
    return _inquiry(prompt, questions, body, settings, shows=body.show_options)


def inquiry_of_systemone(body: SystemOneBody, settings: ServeSettings) -> Inquiry:
    """Return what `/v1/systemone` asks."""
    questions = [_question(name, one) for name, one in body.questions.items()]
    return _inquiry(_told(body.state), questions, body, settings, shows=True)


def _texts(options: Sequence[object]) -> tuple[str, ...]:
    """Return options as texts; what is no text is written as JSON."""
    return tuple(option if isinstance(option, str) else json.dumps(option) for option in options)


def _told(content: Content | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return json.dumps(content, ensure_ascii=False)


def _question(name: str, asked: SystemOneQuestion) -> Question:
    """Return a typed question as one whose answer is a text."""
    lines = [_told(asked.instructions)] if asked.instructions is not None else []
    if isinstance(asked, NoulQuestion):
        described = asked.criteria
        if described is not None:
            pairs = (("yes", described.true), ("no", described.false))
            lines += [f"{label}: {_told(what)}" for label, what in pairs if what is not None]
        options = ("yes", "no")
    elif isinstance(asked, ScoreQuestion):
        lines += [f"{level}: {_told(what)}" for level, what in enumerate(asked.criteria)]
        options = tuple(map(str, range(len(asked.criteria))))
    else:
        lines += [f"{label}: {_told(what)}" for label, what in asked.criteria.items() if what is not None]
        options = tuple(asked.criteria)
    return Question(name, "\n".join(lines), options, f"$.questions.{name}")


def _inquiry(
    prompt: Prompt,
    questions: list[Question],
    body: DecisionsBody | SystemOneBody,
    settings: ServeSettings,
    *,
    shows: bool,
) -> Inquiry:
    for one in questions:
        if len({*one.options}) < len(one.options) or "" in one.options:
            raise ApiError(400, "options are different texts, none empty", "invalid_request", one.at)
        if len(one.options) > MOST_COMBINATIONS:
            raise ApiError(
                400, f"a question has {MOST_COMBINATIONS} options at most", "too_many_options", one.at
            )
    ignored = tuple(ignored_in(body, ()))

    def plan(asked: Sequence[str], options: Sequence[str], at: str, shown: JsonObject | None = None) -> Plan:
        texts: list[JsonValue] = [*options]
        made = Plan(
            _below(prompt, [text for text in asked if text]),
            Recipe("choice", texts, at),
            options={
                "temperature": 1.0,
                "max_denoising_steps": body.steps,
                "probabilities": len(options) > 1,
                "prompt_schema": shown if shown is not None and shows else shows,
            },
            n=body.samples,
            seed=body.seed,
            ignored=ignored,
        )
        return within_limits(made, settings)

    plans = [plan([one.text], one.options, one.at) for one in questions]
    combinations: dict[str, tuple[str, ...]] = {}
    if body.joint:
        if math.prod(len(one.options) for one in questions) > MOST_COMBINATIONS:
            raise ApiError(
                400,
                f"a joint answer has {MOST_COMBINATIONS} combinations at most",
                "too_many_options",
                "$.joint",
            )
        names = [one.name for one in questions]
        for answers in itertools.product(*(one.options for one in questions)):
            combinations[_written(names, answers)] = answers
        plans.append(plan([one.text for one in questions], [*combinations], "$.joint", _schema(questions)))
    return Inquiry(tuple(questions), tuple(plans), combinations)


def _schema(questions: Sequence[Question]) -> JsonObject:
    """Return how the model is told the form of a joint answer."""
    properties: JsonObject = {one.name: {"enum": [*one.options]} for one in questions}
    return {"type": "object", "properties": properties, "required": [one.name for one in questions]}


def _written(names: Sequence[str], answers: Sequence[str]) -> str:
    """Return a joint answer as the text that the model writes."""
    return json.dumps(dict(zip(names, answers, strict=True)), ensure_ascii=False)


def _below(prompt: Prompt, asked: Sequence[str]) -> Prompt:
    """Return a prompt with questions below it."""
    if not asked:
        return prompt
    if isinstance(prompt, str):
        return "\n".join([prompt, *asked])
    return [*prompt, {"role": "user", "content": "\n".join(asked)}]
