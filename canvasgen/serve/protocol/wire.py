"""What all bodies share: unknown keys are kept, so that they can be listed and not ignored in silence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import PydanticCustomError

from canvasgen.checks import is_sequence
from canvasgen.serve.protocol.api_error import ApiError, json_path
from canvasgen.serve.protocol.body_errors import told_of

__all__ = [
    "Count",
    "JsonObject",
    "Number",
    "Positive",
    "Texts",
    "Whole",
    "Wire",
    "ignored_in",
    "listed",
    "read_as",
    "refuse_misspelled",
    "refuse_unknown",
]

JsonObject: TypeAlias = dict[str, JsonValue]


def _no_truth(value: object) -> object:
    """Refuse `true` as a number: Python would read it as 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("number_type", "Input should be a number, not true or false")
    return value


Whole: TypeAlias = Annotated[int, BeforeValidator(_no_truth)]
Number: TypeAlias = Annotated[float, BeforeValidator(_no_truth)]
Count: TypeAlias = Annotated[Whole, Field(ge=0)]
Positive: TypeAlias = Annotated[Whole, Field(ge=1)]
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
        sent = _read(value) if isinstance(value, str) else value
        first, place = told_of(error.errors(), sent)
        raise ApiError(400, first["msg"], "invalid_request", at + json_path(place)[1:]) from error


def _read(text: str) -> JsonValue:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def ignored_in(body: Wire, meaningless: Iterable[str]) -> list[str]:
    """Return the keys that were sent and change nothing here: unknown ones, and those without a meaning."""
    unknown = [*_unknown(body, "")]
    sent = [name for name in meaningless if getattr(body, name, None) not in (None, [], {})]
    return sorted({*unknown, *sent})


def _unknown(body: Wire, at: str) -> Iterator[str]:
    """Yield the unknown keys of a part of a request, and of the parts that are its values."""
    yield from (f"{at}{name}" for name, value in (body.model_extra or {}).items() if value is not None)
    for name in type(body).model_fields:
        value: object = getattr(body, name)
        if isinstance(value, Wire):
            yield from _unknown(value, f"{at}{name}.")


def refuse_unknown(body: Wire, at: str) -> None:
    """Raise an error for a key that does not exist, in a part of a request or inside of it.

    For the keys that say what an answer must be: a misspelled one that is left out would be a condition that is not met.

    Args:
        body: the part.
        at: its JSON path.

    Raises:
        ApiError: with the key that was probably meant.
    """
    fields = type(body).model_fields
    names = [field.alias or name for name, field in fields.items()]
    for name in body.model_extra or {}:
        alike = get_close_matches(name, names, n=1)
        remedy = f"did you mean {alike[0]}?" if alike else f"the keys are {', '.join(names)}"
        raise ApiError(400, f"there is no key {name!r} here: {remedy}", "unknown_key", f"{at}.{name}")
    for name in fields:
        value: object = getattr(body, name)
        if isinstance(value, Wire):
            refuse_unknown(value, f"{at}.{name}")
        elif is_sequence(value):
            for number, one in enumerate(value):
                if isinstance(one, Wire):
                    refuse_unknown(one, f"{at}.{name}[{number}]")


def refuse_misspelled(body: Wire, meant: str, at: str) -> None:
    """Raise an error for an unknown key that looks like a known one, which is not there.

    For parts in which clients send keys of their own: where the schema is missing, a key like it was meant for it.

    Args:
        body: the part.
        meant: the known key.
        at: the part's JSON path.

    Raises:
        ApiError: there is such a key.
    """
    for name in get_close_matches(meant, list(body.model_extra or {}), n=1):
        message = f"there is no key {name!r} here: did you mean {meant}?"
        raise ApiError(400, message, "unknown_key", f"{at}.{name}")


def listed(value: Texts | None) -> list[str]:
    """Return one text or several as a list."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else value
