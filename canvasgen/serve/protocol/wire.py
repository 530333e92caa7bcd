"""What all bodies share: unknown keys are kept, so that they can be listed and not ignored in silence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue

__all__ = ["Count", "JsonObject", "Positive", "Texts", "Wire", "ignored_in", "listed"]

JsonObject: TypeAlias = dict[str, JsonValue]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Positive: TypeAlias = Annotated[int, Field(ge=1)]
Texts: TypeAlias = str | list[str]


class Wire(BaseModel):
    """A part of a request."""

    model_config = ConfigDict(extra="allow", protected_namespaces=(), hide_input_in_errors=True)


def ignored_in(body: Wire, meaningless: Iterable[str]) -> list[str]:
    """Return the keys that were sent and change nothing here: unknown ones, and those without a meaning."""
    unknown = [name for name, value in (body.model_extra or {}).items() if value is not None]
    sent = [name for name in meaningless if getattr(body, name, None) not in (None, [], {})]
    return sorted({*unknown, *sent})


def listed(value: Texts | None) -> list[str]:
    """Return one text or several as a list."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else value
