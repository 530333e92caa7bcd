"""The bodies and answers of the endpoints that only canvases have: decisions, edits, infill."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from canvasgen.serve.protocol.answer_shapes import Extension, StructuredOutputs
from canvasgen.serve.protocol.answers import Usage
from canvasgen.serve.protocol.chat_body import Message
from canvasgen.serve.protocol.wire import JsonObject, Number, Positive, Whole, Wire

__all__ = [
    "Decided",
    "DecisionAnswer",
    "DecisionsBody",
    "EditAnswer",
    "EditBody",
    "InfillBody",
    "JointShare",
    "Option",
    "SystemOneAnswer",
    "SystemOneBody",
    "SystemOneQuestion",
]

Content: TypeAlias = str | JsonObject | list[JsonValue]
Option: TypeAlias = str | int | float | bool | None
Count: TypeAlias = Annotated[Whole, Field(ge=1, le=64)]


class DecisionQuestion(Wire):
    """A question whose answer is one of some texts, of any length."""

    question: str = ""
    options: list[Option] = Field(min_length=1)


class DecisionsBody(Wire):
    """The body of `/v1/decisions`: a prompt or messages, and options or several questions.

    `joint` asks for the probability of each combination of answers, besides each question's own.
    """

    model: str | None = None
    prompt: str | None = None
    messages: list[Message] | None = None
    options: Annotated[list[Option], Field(min_length=1)] | None = None
    questions: Annotated[dict[str, DecisionQuestion], Field(min_length=1)] | None = None
    joint: bool = False
    samples: Count = 4
    steps: Count = 1
    seed: Whole | None = None
    show_options: bool = True


class Decided(BaseModel):
    """What was decided for a question."""

    choice: Option
    confidence: float
    probabilities: dict[str, float]


class JointShare(BaseModel):
    """The probability of one combination of answers."""

    answers: dict[str, str]
    probability: float


class DecisionAnswer(BaseModel):
    """The answer of `/v1/decisions`; the probabilities of a question sum to one."""

    model_config = ConfigDict(protected_namespaces=())

    id: str
    object: Literal["decision"] = "decision"
    created: int
    model: str
    decisions: dict[str, Decided]
    joint: list[JointShare] | None = None
    usage: Usage


class NoulCriteria(Wire):
    """What counts as yes and as no."""

    true: Content | None = None
    false: Content | None = None


class NoulQuestion(Wire):
    """A question of yes or no."""

    type: Literal["noul"]
    instructions: Content | None = None
    criteria: NoulCriteria | None = None


class ChoiceQuestion(Wire):
    """A question with named answers."""

    type: Literal["choice"]
    instructions: Content | None = None
    criteria: dict[str, Content | None] = Field(min_length=1)


class ScoreQuestion(Wire):
    """A question with levels, from 0 on."""

    type: Literal["score"]
    instructions: Content | None = None
    criteria: list[Content] = Field(min_length=1)


SystemOneQuestion: TypeAlias = Annotated[
    NoulQuestion | ChoiceQuestion | ScoreQuestion, Field(discriminator="type")
]


class SystemOneBody(Wire):
    """The body of `/v1/systemone`; `joint`, `samples`, `steps` and `seed` are canvasgen's own."""

    state: Content
    questions: dict[str, SystemOneQuestion] = Field(min_length=1)
    model: str | None = None
    joint: bool = False
    samples: Count = 4
    steps: Count = 1
    seed: Whole | None = None


class SystemOneAnswer(BaseModel):
    """The answer of `/v1/systemone`."""

    model_config = ConfigDict(protected_namespaces=())

    model: str
    answers: dict[str, JsonObject]
    joint: list[JointShare] | None = None
    usage: JsonObject


class Writing(Wire):
    """How parts of a text are written anew."""

    model: str | None = None
    instruction: str = ""
    structured_outputs: StructuredOutputs | None = None
    n: Annotated[Whole, Field(ge=1, le=128)] | None = None
    seed: Whole | None = None
    max_tokens: Positive | None = None
    temperature: Annotated[Number, Field(ge=0, le=10)] | None = None
    canvasgen: Extension | None = None


class EditBody(Writing):
    """The body of `/v1/edits`: spans of a text, each two character places or the old text itself.

    Everything outside of the spans stays byte for byte.
    """

    text: str
    spans: list[str | Annotated[list[Whole], Field(min_length=2, max_length=2)]] = Field(min_length=1)
    strength: Number = Field(default=1.0, gt=0, le=1)


class InfillBody(Writing):
    """The body of `/v1/infill`: the text between a prefix and a suffix."""

    prefix: str
    suffix: str


class EditChoice(BaseModel):
    """A whole new text; `infill` is the part between prefix and suffix."""

    model_config = ConfigDict(extra="allow")

    index: int
    text: str
    infill: str | None = None
    canvasgen: JsonObject | None = None


class EditAnswer(BaseModel):
    """The answer of `/v1/edits` and `/v1/infill`."""

    model_config = ConfigDict(protected_namespaces=())

    id: str
    object: Literal["edit", "infill"]
    created: int
    model: str
    choices: list[EditChoice]
    usage: Usage
