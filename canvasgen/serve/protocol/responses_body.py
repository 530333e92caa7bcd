"""The body of `/v1/responses`, and the objects of its answers."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from canvasgen.serve.protocol.answer_shapes import Extension, ObjectFormat, Reasoning, Schema, TextFormat
from canvasgen.serve.protocol.chat_body import Part
from canvasgen.serve.protocol.wire import JsonObject, Number, Positive, Whole, Wire

__all__ = ["FlatTool", "InputItem", "NamedTool", "ResponsesBody"]


class FlatSchemaFormat(Wire):
    """JSON that follows a schema, as `text.format` has it."""

    type: Literal["json_schema"]
    name: str = "answer"
    schema_: Schema = Field(alias="schema")
    strict: bool | None = None


class TextSettings(Wire):
    """`text`: the format of the answer."""

    format: Annotated[TextFormat | ObjectFormat | FlatSchemaFormat, Field(discriminator="type")] | None = None


class GrammarFormat(Wire):
    """What the input of a custom tool has to be."""

    type: Literal["text", "grammar"]
    syntax: Literal["lark", "regex"] = "lark"
    definition: str = ""


class FlatTool(Wire):
    """A tool as `/v1/responses` has it: a function, or a custom one whose input is text."""

    type: Literal["function", "custom"]
    name: str = Field(min_length=1, max_length=256)
    description: str | None = None
    parameters: Schema | None = None
    strict: bool | None = None
    format: GrammarFormat | None = None


class NamedTool(Wire):
    """A tool that has to be called."""

    type: Literal["function", "custom"]
    name: str


class InputItem(Wire):
    """A part of the conversation: a message, a call, or what came of one."""

    type: str | None = None
    role: Literal["system", "developer", "user", "assistant"] | None = None
    content: str | list[Part] | None = None
    name: str | None = None
    arguments: str | None = None
    input: str | None = None
    output: JsonValue = None
    call_id: str | None = None


Choice: TypeAlias = Literal["none", "auto", "required"] | NamedTool


class ResponsesBody(Wire):
    """The body of `/v1/responses`."""

    input: str | Annotated[list[InputItem], Field(min_length=1)]
    instructions: str | None = None
    model: str | None = None
    text: TextSettings | None = None
    tools: list[FlatTool] | None = None
    tool_choice: Choice | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: Positive | None = None
    temperature: Annotated[Number, Field(ge=0, le=10)] | None = None
    stream: bool | None = None
    seed: Whole | None = None
    metadata: JsonObject | None = None
    reasoning: Reasoning | None = None
    canvasgen: Extension | None = None
