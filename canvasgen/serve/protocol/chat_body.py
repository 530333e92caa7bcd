"""The bodies of `/v1/chat/completions` and `/v1/completions`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from canvasgen.serve.protocol.answer_shapes import (
    Effort,
    Extension,
    FunctionSpec,
    FunctionTool,
    NamedSpec,
    Reasoning,
    ResponseFormat,
    Schema,
    StructuredOutputs,
    ToolChoice,
)
from canvasgen.serve.protocol.wire import Count, JsonObject, Number, Positive, Texts, Whole, Wire

__all__ = ["ChatBody", "CompletionBody", "Message", "Part", "Sampling", "StreamOptions"]


class Part(Wire):
    """A part of a message; only text is read."""

    type: str = "text"
    text: str | None = None


class CalledFunction(Wire):
    """A function that was called, with its arguments as JSON text."""

    name: str
    arguments: str = ""


class EarlierCall(Wire):
    """A call in an earlier turn."""

    id: str | None = None
    function: CalledFunction | None = None


class Message(Wire):
    """A turn of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    tool_calls: list[EarlierCall] | None = None


class StreamOptions(Wire):
    """What a stream tells besides."""

    include_usage: bool = False


Logprobs: TypeAlias = Annotated[Whole, Field(ge=0, le=20)]


class Sampling(Wire):
    """How to generate, for both endpoints."""

    model: str | None = None
    n: Annotated[Whole, Field(ge=1, le=128)] | None = None
    seed: Whole | None = None
    stop: Texts | None = None
    max_tokens: Positive | None = None
    temperature: Annotated[Number, Field(ge=0, le=10)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    structured_outputs: StructuredOutputs | None = None
    guided_json: Schema | str | None = None
    guided_regex: str | None = None
    guided_choice: list[JsonValue] | None = None
    guided_grammar: str | None = None
    vllm_xargs: JsonObject | None = None
    response_format: ResponseFormat | None = None
    canvasgen: Extension | None = None


class ChatBody(Sampling):
    """The body of `/v1/chat/completions`."""

    messages: list[Message] = Field(min_length=1)
    tools: list[FunctionTool] | None = None
    tool_choice: ToolChoice | None = None
    functions: list[FunctionSpec] | None = None
    function_call: Literal["none", "auto"] | NamedSpec | None = None
    parallel_tool_calls: bool | None = None
    max_completion_tokens: Positive | None = None
    logprobs: bool | None = None
    top_logprobs: Logprobs | None = None
    reasoning_effort: Effort | None = None
    reasoning: Reasoning | None = None
    include_reasoning: bool | None = None


class CompletionBody(Sampling):
    """The body of `/v1/completions`."""

    prompt: str | Annotated[list[str], Field(min_length=1)]
    echo: bool | None = None
    suffix: str | None = None
    logprobs: Annotated[Whole, Field(ge=0, le=20)] | None = None
    best_of: Count | None = None
