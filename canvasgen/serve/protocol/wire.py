"""What all bodies share: unknown keys are kept, so that they can be listed and not ignored in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from canvasgen.serve.protocol.api_error import ApiError, json_path

__all__ = ["Count", "JsonObject", "Positive", "Texts", "Wire", "ignored_in", "listed", "read_as"]

JsonObject: TypeAlias = dict[str, JsonValue]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Positive: TypeAlias = Annotated[int, Field(ge=1)]
Texts: TypeAlias = str | list[str]


class Wire(BaseModel):
    """A part of a request."""

    model_config = ConfigDict(extra="allow", protected_namespaces=(), hide_input_in_errors=True)


Kind = TypeVar("Kind", bound=BaseModel)


def read_as(kind: type[Kind], value: Mapping[str, Any] | str, at: str = "$") -> Kind:
    """Return a value, or JSON text, as a model.

    Args:
        kind: the model.
        value: what a client has sent, perhaps written another way.
        at: its JSON path in the request.

    Raises:
        ApiError: it is none.
    """
    try:
        return kind.model_validate_json(value) if isinstance(value, str) else kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise ApiError(400, first["msg"], "invalid_request", at + json_path(first["loc"])[1:]) from error


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
