"""What an answer has to be, as clients say it: formats, tools, structured outputs, canvasgen's own keys."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from canvasgen.serve.protocol.wire import Count, JsonObject, Number, Positive, Whole, Wire

__all__ = [
    "Extension",
    "FunctionTool",
    "NamedFunction",
    "Reasoning",
    "ResponseFormat",
    "SchemaFormat",
    "StructuredOutputs",
    "ToolChoice",
]

Schema: TypeAlias = JsonObject | bool


class SchemaFormat(Wire):
    """A named JSON Schema; it holds whether `strict` is sent or not."""

    name: str = "answer"
    description: str | None = None
    schema_: Schema | None = Field(default=None, alias="schema")
    strict: bool | None = None


class TextFormat(Wire):
    """Free text."""

    type: Literal["text"]


class ObjectFormat(Wire):
    """Any JSON object."""

    type: Literal["json_object"]


class JsonSchemaFormat(Wire):
    """JSON that follows a schema."""

    type: Literal["json_schema"]
    json_schema: SchemaFormat


ResponseFormat: TypeAlias = Annotated[
    TextFormat | ObjectFormat | JsonSchemaFormat, Field(discriminator="type")
]


class FunctionSpec(Wire):
    """A function that the model may call."""

    name: str = Field(min_length=1, max_length=256)
    description: str | None = None
    parameters: Schema | None = None
    strict: bool | None = None


class FunctionTool(Wire):
    """A tool as `/v1/chat/completions` has it."""

    type: Literal["function"] = "function"
    function: FunctionSpec


class NamedSpec(Wire):
    """The name of a tool."""

    name: str


class NamedFunction(Wire):
    """A tool that has to be called."""

    type: Literal["function"] = "function"
    function: NamedSpec


ToolChoice: TypeAlias = Literal["none", "auto", "required"] | NamedFunction


class StructuredOutputs(Wire):
    """vLLM's key of the same name: one of these, and `whitespace_pattern` beside `json`."""

    json_: Schema | str | None = Field(default=None, alias="json")
    json_object: bool | None = None
    regex: str | None = None
    choice: list[JsonValue] | None = None
    grammar: str | None = None
    structural_tag: str | JsonObject | None = None
    whitespace_pattern: str | None = None
    disable_any_whitespace: bool | None = None


class NearPosition(Wire):
    """A phrase near a token position."""

    text: str
    position: Count
    within: Count = 8


class Positions(Wire):
    """Fixed tokens by position, and phrases near one."""

    fixed: dict[Annotated[str, Field(pattern=r"^\d{1,6}$")], str | int] = Field(
        default_factory=dict[str, str | int]
    )
    near: list[NearPosition] = Field(default_factory=list[NearPosition])


class TypedTemplate(Wire):
    """A text with holes, some of which have to be something: `{"regex": …}`, `{"schema": …}`, `{"choice": …}`, …"""

    text: str
    holes: dict[str, JsonObject] = Field(default_factory=dict[str, JsonObject])


class GroundedIn(Wire):
    """The texts that values are taken from, and how; `texts` are by default what the user says."""

    texts: str | list[str] | None = None
    unit: Literal["word", "character"] = "word"
    across_lines: bool = False
    max_length: Positive | None = None
    fields: Literal["all", "marked"] = "all"


class TraceWish(Wire):
    """What a full trace records: the candidates of each position, and of which positions."""

    top: Whole = Field(default=4, ge=0, le=64)
    positions: list[Count] | None = None


Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh"]


class Reasoning(Wire):
    """Whether it is thought before the answer: how much, and whether the thoughts are told."""

    effort: Effort | None = None
    max_tokens: Positive | None = None
    exclude: bool = False
    enabled: bool | None = None


class Extension(Wire):
    """The key `canvasgen`: what only canvases can do."""

    template: str | TypedTemplate | None = None
    positions: Positions | None = None
    table: JsonObject | None = None
    validators: list[str] = Field(default_factory=list[str])
    grounded: bool | str | list[str] | GroundedIn = False
    relations: list[list[JsonValue]] = Field(default_factory=list[list[JsonValue]])
    whitespace: Literal["flexible", "compact", "model"] | None = None
    property_order: Literal["schema", "any", "model"] | None = None
    fence: Literal["forbid", "allow", "require"] | None = None
    contains: list[str] = Field(default_factory=list[str])
    excludes: list[str] = Field(default_factory=list[str])
    quality: Literal["fast", "balanced", "best"] | Number | None = None
    target_ms: Number | None = None
    max_denoising_steps: Positive | None = None
    temperature: Number | None = Field(default=None, ge=0)
    prompt_schema: bool = True
    reasoning_tokens: Positive | None = None
    probabilities: bool = False
    trace: bool | Literal["steps", "full"] | TraceWish = False
    drafts: bool = False
    partial: bool = False
    timeout: Number | None = Field(default=None, gt=0)
