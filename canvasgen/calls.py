"""`generate` and `complete` of an engine, with the type of the value by the kind of constraint.

To a type checker, `generate(schema=Person)` is a `Person`; the value of a schema that is data, or of a composed
constraint, is `Any`. `tests/static_types/revealed.py` states the types, and a test compares them with what a checker finds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString, TypeAlias, TypeVar, Unpack, overload

from canvasgen.request import Options, Prompt, Request, Settings, as_request

if TYPE_CHECKING:
    from canvasgen.constraints.table import Table
    from canvasgen.constraints.template import Template
    from canvasgen.denoise import Completion

__all__ = ["Calls", "Holes", "Literal", "Member", "Rows", "Value"]

Holes: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[list[Any]]

Value = TypeVar("Value")
Member = TypeVar("Member", bound=Enum)
Literal = TypeVar("Literal", bound=LiteralString)
"""The items of a list of literals stay literals; a list of other strings falls to `Value`."""


class Calls(ABC):
    """The calls of an engine that give one value."""

    @abstractmethod
    def _complete(self, request: Request) -> Completion:
        """Return the completion of a request."""

    @overload
    def generate(
        self, prompt: Prompt = "", *, schema: type[Value], **settings: Unpack[Settings]
    ) -> Value: ...

    @overload
    def generate(
        self, prompt: Prompt = "", *, choice: type[Member], **settings: Unpack[Settings]
    ) -> Member: ...

    @overload
    def generate(
        self, prompt: Prompt = "", *, choice: Mapping[str, Value], **settings: Unpack[Settings]
    ) -> Value: ...

    @overload
    def generate(
        self, prompt: Prompt = "", *, choice: list[Literal], **settings: Unpack[Settings]
    ) -> Literal: ...

    @overload
    def generate(
        self, prompt: Prompt = "", *, choice: Iterable[Value], **settings: Unpack[Settings]
    ) -> Value: ...

    @overload
    def generate(self, prompt: Prompt = "", *, regex: str, **settings: Unpack[Settings]) -> str: ...

    @overload
    def generate(self, prompt: Prompt = "", *, grammar: str | Path, **settings: Unpack[Settings]) -> str: ...

    @overload
    def generate(
        self, prompt: Prompt = "", *, template: str, **settings: Unpack[Settings]
    ) -> dict[str, str]: ...

    @overload
    def generate(self, prompt: Prompt = "", *, template: Template, **settings: Unpack[Settings]) -> Holes: ...

    @overload
    def generate(self, prompt: Prompt = "", *, table: Table, **settings: Unpack[Settings]) -> Rows: ...

    @overload
    def generate(self, prompt: Prompt = "", **settings: Unpack[Settings]) -> str: ...

    @overload
    def generate(self, prompt: Prompt | Request = "", **options: Unpack[Options]) -> Any: ...

    def generate(self, prompt: Prompt | Request = "", **options: Any) -> Any:
        """Return the value of a completion; arguments and errors as for `canvasgen.generate`."""
        return self._complete(as_request(prompt, options)).value

    @overload
    def complete(
        self, prompt: Prompt = "", *, schema: type[Value], **settings: Unpack[Settings]
    ) -> Completion[Value]: ...

    @overload
    def complete(
        self, prompt: Prompt = "", *, choice: type[Member], **settings: Unpack[Settings]
    ) -> Completion[Member]: ...

    @overload
    def complete(
        self, prompt: Prompt = "", *, choice: Mapping[str, Value], **settings: Unpack[Settings]
    ) -> Completion[Value]: ...

    @overload
    def complete(
        self, prompt: Prompt = "", *, choice: list[Literal], **settings: Unpack[Settings]
    ) -> Completion[Literal]: ...

    @overload
    def complete(
        self, prompt: Prompt = "", *, choice: Iterable[Value], **settings: Unpack[Settings]
    ) -> Completion[Value]: ...

    @overload
    def complete(
        self, prompt: Prompt = "", *, regex: str, **settings: Unpack[Settings]
    ) -> Completion[str]: ...

    @overload
    def complete(
        self, prompt: Prompt = "", *, grammar: str | Path, **settings: Unpack[Settings]
    ) -> Completion[str]: ...

    @overload
    def complete(
        self, prompt: Prompt = "", *, template: str, **settings: Unpack[Settings]
    ) -> Completion[dict[str, str]]: ...

    @overload
    def complete(
        self, prompt: Prompt = "", *, template: Template, **settings: Unpack[Settings]
    ) -> Completion[Holes]: ...

    @overload
    def complete(
        self, prompt: Prompt = "", *, table: Table, **settings: Unpack[Settings]
    ) -> Completion[Rows]: ...

    @overload
    def complete(self, prompt: Prompt = "", **settings: Unpack[Settings]) -> Completion[str]: ...

    @overload
    def complete(self, prompt: Prompt | Request = "", **options: Unpack[Options]) -> Completion: ...

    def complete(self, prompt: Prompt | Request = "", **options: Any) -> Completion:
        """Return one completion: value, text, token ids, log-probability, steps, outcome, timings and trace."""
        return self._complete(as_request(prompt, options))
