"""What clients get: the objects of `/v1/chat/completions`, `/v1/completions` and `/v1/models`."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from canvasgen.serve.protocol.wire import JsonObject

__all__ = [
    "Call",
    "ChatAnswer",
    "ChatChoice",
    "ChatChunk",
    "ChatMessage",
    "ChunkChoice",
    "CompletionAnswer",
    "CompletionChoice",
    "FinishReason",
    "Function",
    "ModelFacts",
    "ModelList",
    "ThoughtTokens",
    "Usage",
]

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "function_call"]


class Answer(BaseModel):
    """An object that is sent; what canvasgen adds to OpenAI's is named so."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())


class ThoughtTokens(Answer):
    """Tokens of the thoughts before an answer, with the mark at their end."""

    reasoning_tokens: int


class Usage(Answer):
    """Tokens read and written.

    `denoising_steps` are the forward passes that the answers took, `canvas_positions` the positions they were denoised at.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    denoising_steps: int
    canvas_positions: int
    completion_tokens_details: ThoughtTokens | None = None


class Function(Answer):
    """A call's function."""

    name: str
    arguments: str


class Call(Answer):
    """A call of a tool."""

    id: str
    type: Literal["function"] = "function"
    function: Function


class ChatMessage(Answer):
    """The model's turn."""

    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: None = None
    tool_calls: list[Call] | None = None
    function_call: Function | None = None
    reasoning_content: str | None = None


class ChatChoice(Answer):
    """One of the answers."""

    index: int
    message: ChatMessage
    finish_reason: FinishReason
    logprobs: JsonObject | None = None
    canvasgen: JsonObject | None = None


class ChatAnswer(Answer):
    """The answer of `/v1/chat/completions`."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage
    system_fingerprint: str


class ChunkChoice(Answer):
    """What one chunk adds to an answer."""

    index: int
    delta: JsonObject
    finish_reason: FinishReason | None = None
    logprobs: JsonObject | None = None


class ChatChunk(Answer):
    """A part of a stream of `/v1/chat/completions`."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Usage | None = None
    system_fingerprint: str


class CompletionChoice(Answer):
    """One of the answers of `/v1/completions`, or what a chunk adds to it."""

    index: int
    text: str
    finish_reason: FinishReason | None
    logprobs: JsonObject | None = None
    canvasgen: JsonObject | None = None


class CompletionAnswer(Answer):
    """The answer of `/v1/completions`, and a part of its stream."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: Usage | None = None
    system_fingerprint: str


class ModelFacts(Answer):
    """A model that answers."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "canvasgen"
    max_model_len: int | None = None


class ModelList(Answer):
    """The answer of `/v1/models`; `models` is the same for the clients of `/v1/systemone`."""

    object: Literal["list"] = "list"
    data: list[ModelFacts]
    models: list[JsonObject] = Field(default_factory=list[JsonObject])
