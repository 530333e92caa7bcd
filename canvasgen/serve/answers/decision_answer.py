"""The answers of `/v1/decisions` and `/v1/systemone`, from the probabilities that completions tell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from canvasgen.serve.answers.chat_answer import added, now
from canvasgen.serve.answers.told import new_id, usage_of
from canvasgen.serve.protocol.canvas_body import (
    Decided,
    DecisionAnswer,
    DecisionsBody,
    JointShare,
    NoulQuestion,
    Option,
    ScoreQuestion,
    SystemOneAnswer,
    SystemOneBody,
    SystemOneQuestion,
)
from canvasgen.serve.protocol.wire import JsonObject

if TYPE_CHECKING:
    from canvasgen.serve.finished import Finished
    from canvasgen.serve.requests.decision_plan import Inquiry, Question

__all__ = ["decision_answer", "mean_shares", "systemone_answer"]


def mean_shares(options: Sequence[str], finished: Sequence[Finished]) -> dict[str, float]:
    """Return the mean of what some canvases of noise say of each option; they sum to one."""
    if len(options) == 1:
        return {options[0]: 1.0}
    told = [made.completion.probabilities[""] for made in finished]
    return {option: math.fsum(shares[option] for shares in told) / len(told) for option in options}


def decision_answer(
    inquiry: Inquiry, finished: Sequence[Sequence[Finished]], body: DecisionsBody, model: str
) -> DecisionAnswer:
    """Return the answer of `/v1/decisions`."""
    decisions: dict[str, Decided] = {}
    for question, rows in zip(inquiry.questions, finished, strict=False):
        shares = mean_shares(question.options, rows)
        best = max(shares, key=shares.__getitem__)
        choice = _own(body, question, best)
        decisions[question.name] = Decided(choice=choice, confidence=shares[best], probabilities=shares)
    return DecisionAnswer(
        id=new_id("dec"),
        created=now(),
        model=model,
        decisions=decisions,
        joint=_joint(inquiry, finished),
        usage=added([usage_of(rows) for rows in finished]),
    )


def _own(body: DecisionsBody, question: Question, text: str) -> Option:
    """Return an option as the client sent it."""
    options = body.options if body.options is not None else (body.questions or {})[question.name].options
    return options[question.options.index(text)]


def _joint(inquiry: Inquiry, finished: Sequence[Sequence[Finished]]) -> list[JointShare] | None:
    """Return the probabilities of all combinations, the most probable first."""
    if not inquiry.combinations:
        return None
    shares = mean_shares([*inquiry.combinations], finished[-1])
    names = [question.name for question in inquiry.questions]
    found = [
        JointShare(answers=dict(zip(names, answers, strict=True)), probability=shares[text])
        for text, answers in inquiry.combinations.items()
    ]
    return sorted(found, key=lambda one: -one.probability)


def systemone_answer(
    inquiry: Inquiry, finished: Sequence[Sequence[Finished]], body: SystemOneBody, model: str
) -> SystemOneAnswer:
    """Return the answer of `/v1/systemone`."""
    answers = {
        question.name: _answer(body.questions[question.name], mean_shares(question.options, rows))
        for question, rows in zip(inquiry.questions, finished, strict=False)
    }
    usage = added([usage_of(rows) for rows in finished])
    return SystemOneAnswer(
        model=model,
        answers=answers,
        joint=_joint(inquiry, finished),
        usage={
            "input_tokens": usage.prompt_tokens,
            "output_tokens": usage.completion_tokens,
            "denoising_steps": usage.denoising_steps,
        },
    )


def _answer(question: SystemOneQuestion, shares: Mapping[str, float]) -> JsonObject:
    best = max(shares, key=shares.__getitem__)
    if isinstance(question, NoulQuestion):
        return {"type": "noul", "noul": shares["yes"]}
    told: JsonValue = {**shares}
    if isinstance(question, ScoreQuestion):
        legend: JsonValue = {str(level): what for level, what in enumerate(question.criteria)}
        mean = math.fsum(int(level) * share for level, share in shares.items())
        return {
            "type": "score",
            "score": mean,
            "confidence": shares[best],
            "legend": legend,
            "probabilities": told,
        }
    return {"type": "choice", "choice": best, "confidence": shares[best], "probabilities": told}
