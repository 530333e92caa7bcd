"""A row of a batch -> a plan, and what came of it -> a row of the output.

A row is either the fields of a request, `{"prompt": "…", "schema": {…}, "seed": 1}`, or a line of OpenAI's batches,
`{"custom_id": "…", "url": "/v1/chat/completions", "body": {…}}`, whose answers have the form of those there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, ValidationError, model_validator

from canvasgen.checks import is_mapping
from canvasgen.serve.answers.chat_answer import as_json, chat_answer, completion_answer
from canvasgen.serve.answers.told import new_id
from canvasgen.serve.protocol.answer_shapes import Extension, GroundedIn
from canvasgen.serve.protocol.api_error import ApiError, json_path
from canvasgen.serve.protocol.body_errors import told_of
from canvasgen.serve.protocol.chat_body import ChatBody, CompletionBody, Message
from canvasgen.serve.protocol.wire import JsonObject, Number, Whole, Wire
from canvasgen.serve.requests.formats import extended, one_of_recipes, said_in
from canvasgen.serve.requests.messages import messages_of
from canvasgen.serve.requests.plan import Plan, plan_of_chat, plans_of_completion, within_limits
from canvasgen.serve.requests.recipe import Recipe

if TYPE_CHECKING:
    from canvasgen.serve.finished import Finished
    from canvasgen.serve.settings import ServeSettings

__all__ = ["ReadRow", "failed_row", "finished_row", "read_row"]

_KINDS = ("schema", "regex", "grammar", "choice", "template", "table")
_SAME = ("whitespace", "property_order", "fence", "grounded", "relations")
"""What a row has in common with canvasgen's own keys over HTTP."""

_BESIDE_A_BODY = ("$.url", "$.body")
"""Places in a row of OpenAI's form that are not in the body of its request."""


class PlainRow(Wire):
    """The fields of a request."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), hide_input_in_errors=True)

    id: JsonValue = None
    prompt: str | None = None
    messages: list[Message] | None = None
    schema_: JsonValue = None
    regex: str | None = None
    grammar: str | None = None
    choice: list[JsonValue] | None = None
    template: str | JsonObject | None = None
    table: JsonObject | None = None
    grounded: bool | str | list[str] | GroundedIn = False
    relations: list[list[JsonValue]] = Field(default_factory=list[list[JsonValue]])
    whitespace: Literal["flexible", "compact", "model"] | None = None
    property_order: Literal["schema", "any", "model"] | None = None
    fence: Literal["forbid", "allow", "require"] | None = None
    max_tokens: Whole | None = None
    max_denoising_steps: Whole | None = None
    quality: Literal["fast", "balanced", "best"] | Number | None = None
    target_ms: Number | None = None
    temperature: Number | None = None
    seed: Whole | None = None
    prompt_schema: bool = True
    probabilities: bool = False

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """`schema` is the name of a method of pydantic's models."""
        if is_mapping(value) and "schema" in value:
            return {("schema_" if name == "schema" else name): part for name, part in value.items()}
        return value


class ReadRow:
    """A row that has been understood.

    Attributes:
        plan: what it asks for.
        name: its `id` or `custom_id`.
        is_openai: whether its answer has OpenAI's form.
    """

    def __init__(self, plan: Plan, name: JsonValue, *, is_openai: bool, is_chat: bool = False) -> None:
        self.plan, self.name, self.is_openai, self.is_chat = plan, name, is_openai, is_chat


def read_row(value: object, number: int, settings: ServeSettings, seed: int | None) -> ReadRow:
    """Return what a row asks for.

    Args:
        value: the row, read from JSON or from a table.
        number: of the row, from 0.
        settings: the limits.
        seed: of the first row that names none; the others have the next ones.

    Raises:
        ApiError: it cannot be understood.
    """
    if not is_mapping(value):
        raise ApiError(400, "a row is a JSON object", "invalid_row", "$")
    own = None if seed is None else seed + number
    try:
        if "body" in value:
            return _openai(value, settings, own)
        return _plain(PlainRow.model_validate(value), settings, own)
    except ValidationError as error:
        sent: object = value.get("body", value)
        renamed = {"schema_": value["schema"], **value} if sent is value and "schema" in value else sent
        first, place = told_of(error.errors(), renamed)
        steps = ["schema" if step == "schema_" else step for step in place]
        raise ApiError(400, first["msg"], "invalid_row", json_path(steps)) from error


def _openai(value: Mapping[Any, Any], settings: ServeSettings, seed: int | None) -> ReadRow:
    url, body = value.get("url", "/v1/chat/completions"), value["body"]
    if not is_mapping(body):
        raise ApiError(400, "a body is a JSON object", "invalid_row", "$.body")
    sent: dict[Any, Any] = {"seed": seed, **body, "stream": False}
    if url == "/v1/chat/completions":
        plan = plan_of_chat(ChatBody.model_validate(sent), settings)
        return ReadRow(plan, value.get("custom_id"), is_openai=True, is_chat=True)
    if url == "/v1/completions":
        plans = plans_of_completion(CompletionBody.model_validate(sent), settings)
        if len(plans) == 1:
            return ReadRow(plans[0], value.get("custom_id"), is_openai=True)
        raise ApiError(400, "a row has one prompt", "invalid_row", "$.prompt")
    raise ApiError(400, "a url is /v1/chat/completions or /v1/completions", "invalid_row", "$.url")


def _plain(row: PlainRow, settings: ServeSettings, seed: int | None) -> ReadRow:
    if (row.prompt is None) == (row.messages is None):
        raise ApiError(400, "a row has a prompt or messages", "invalid_row", "$.prompt")
    prompt = row.prompt if row.prompt is not None else messages_of(row.messages or [])
    found: list[Recipe] = []
    for kind in _KINDS:
        body: JsonValue = row.schema_ if kind == "schema" else getattr(row, kind)
        if kind == "schema" and isinstance(body, str):
            body = _schema_text(body)
        if body is not None:
            found.append(Recipe(kind, body, f"$.{kind}"))
    same = {name: getattr(row, name) for name in _SAME}
    recipe = extended(
        one_of_recipes(found), Extension(**same), sources=said_in(prompt), stops=[], at="$", thoughts=0
    )
    names = (
        "max_tokens",
        "max_denoising_steps",
        "quality",
        "target_ms",
        "temperature",
        "prompt_schema",
        "probabilities",
    )
    plan = Plan(
        prompt,
        recipe,
        options={name: getattr(row, name) for name in names},
        seed=row.seed if row.seed is not None else seed,
    )
    return ReadRow(within_limits(plan, settings), row.id, is_openai=False)


def _schema_text(text: str) -> JsonValue:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "the schema is no JSON", "invalid_row", "$.schema") from error


def finished_row(number: int, row: ReadRow, finished: Sequence[Finished], model: str) -> JsonObject:
    """Return the row of the output."""
    if row.is_openai:
        answer = (
            chat_answer(row.plan, finished, model)
            if row.is_chat
            else completion_answer([row.plan], [finished], model, echo=False)
        )
        response: JsonValue = {"status_code": 200, "body": answer.model_dump(mode="json")}
        return {"id": new_id("batch_req"), "custom_id": row.name, "response": response, "error": None}
    done = finished[0].completion
    told: JsonObject = {
        "index": number,
        "value": as_json(done.value),
        "text": done.text,
        "outcome": str(done.outcome),
        "log_prob": done.log_prob,
        "steps": [*done.steps],
    }
    if done.probabilities:
        told["probabilities"] = {
            name: {str(option): share for option, share in shares.items()}
            for name, shares in done.probabilities.items()
        }
    return told if row.name is None else {"id": row.name, **told}


def failed_row(number: int, value: object, error: ApiError) -> JsonObject:
    """Return the row of the output for a row that failed; the place in a body is told as one in the row, too."""
    facts = error.body().error
    named: Mapping[Any, Any] = value if is_mapping(value) else {}
    place = facts.param
    if "body" in named and place not in (None, *_BESIDE_A_BODY):
        place = f"$.body{place[1:]}"
    told: JsonObject = {"code": facts.code, "message": facts.message, "param": place}
    if "body" in named:
        response: JsonValue = {"status_code": error.status, "body": error.body().model_dump(mode="json")}
        return {
            "id": new_id("batch_req"),
            "custom_id": named.get("custom_id"),
            "response": response,
            "error": told,
        }
    row: JsonObject = {"index": number, "error": told}
    return {"id": named["id"], **row} if named.get("id") is not None else row
