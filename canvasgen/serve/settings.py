"""What a server allows: every limit is a named field, and a row of the table in docs/serving.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from canvasgen.checks import whole_number
from canvasgen.errors import InvalidConstraint

__all__ = ["ServeSettings"]


_CHOICES = {"admission": ("continuous", "homogeneous"), "validators_in": ("processes", "threads")}


@dataclass(frozen=True)
class ServeSettings:
    """How a server runs.

    Attributes:
        name: of the model, as clients see it.
        rows: generations that go through the model together at most.
        memory: bytes that they may take in a step; None: no limit beside `rows`.
        admission: `continuous` or `homogeneous`, see `canvasgen.scheduling.Scheduler`.
        queue: generations that wait at most; beyond that clients get 429 with Retry-After.
        deadline: seconds that a request may take, from its arrival to its end.
        drain: seconds that a server which is stopped waits for what runs.
        body_bytes: of a request's body.
        body_seconds: in which it has to arrive.
        schema_bytes: of a schema, grammar, pattern, list of options or template, as JSON.
        prompt_characters: of all messages together.
        choices: answers to one request (`n`, and prompts times `n`).
        most_tokens: of one answer.
        usual_tokens: of an answer with thoughts whose client says nothing of tokens; efforts are parts of it.
        top_logprobs: alternatives of a token.
        compilers: processes that compile constraints.
        compile_seconds: CPU seconds of one compilation.
        compile_bytes: memory that one compilation may need beside what its process has.
        judge_seconds: CPU seconds of an answer's searches and judgements together, outside of the model.
        constraint_bytes: of one compiled constraint.
        remembered: compiled constraints that are kept, those that were asked for last.
        remembered_bytes: of these together, as they came from the compilers.
        keys: API keys, one of which clients send as `Authorization: Bearer …`; none: everybody may ask.
        validators: by the name that clients send, a function of the value.
        validators_in: `processes`: each call in a child with limits; `threads`: in the server itself, without any, for
            functions that need its memory.
        validator_seconds: CPU seconds of one call of a validator in its process.
        validator_bytes: memory that one call may need beside what its process has.
        tracing: whether OpenTelemetry spans are made.
        page: a file that is served at `/`; None: the playground.
    """

    name: str = "canvasgen"
    rows: int = 16
    memory: int | None = None
    admission: Literal["continuous", "homogeneous"] = "continuous"
    queue: int = 256
    deadline: float = 120.0
    drain: float = 30.0
    body_bytes: int = 4_000_000
    body_seconds: float = 30.0
    schema_bytes: int = 256_000
    prompt_characters: int = 400_000
    choices: int = 16
    most_tokens: int = 8192
    usual_tokens: int = 256
    top_logprobs: int = 20
    compilers: int = 2
    compile_seconds: float = 10.0
    compile_bytes: int = 1_000_000_000
    judge_seconds: float = 5.0
    constraint_bytes: int = 128_000_000
    remembered: int = 256
    remembered_bytes: int = 1_000_000_000
    keys: tuple[str, ...] = field(default=(), repr=False)
    validators: Mapping[str, Callable[[object], object]] = field(
        default_factory=dict[str, Callable[[object], object]]
    )
    validators_in: Literal["processes", "threads"] = "processes"
    validator_seconds: float = 5.0
    validator_bytes: int = 1_000_000_000
    tracing: bool = False
    page: str | None = None

    def __post_init__(self) -> None:
        for one in fields(self):
            value: object = getattr(self, one.name)
            if one.type == "int" or (one.name == "memory" and value is not None):
                whole_number(value, rule=one.name, low=0 if one.name in ("queue", "top_logprobs") else 1)
            elif one.type == "float" and not (isinstance(value, int | float) and 0 < value < math.inf):
                raise InvalidConstraint(
                    f"{one.name} is a number of seconds above zero",
                    rule=one.name,
                    value=value,
                    remedy="write a number such as 30",
                )
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise InvalidConstraint(
                    f"{name} is {' or '.join(choices)}",
                    rule=name,
                    value=value,
                    remedy=f"write {choices[0]!r}",
                )
        if any(not key for key in self.keys):
            raise InvalidConstraint(
                "an API key is empty", rule="keys", remedy="leave it out, or give it characters"
            )
