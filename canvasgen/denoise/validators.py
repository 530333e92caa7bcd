"""Asking the constraint and the user's validators about a finished text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from jsonschema.exceptions import ValidationError as JsonSchemaError

from canvasgen.errors import ModelError, ValidationFailed
from canvasgen.limits import uncounted

if TYPE_CHECKING:
    from canvasgen.constraints.texts import Texts

__all__ = ["REFUSALS", "NoJudgement", "Validator", "refusal"]

Validator: TypeAlias = Callable[[str], Any]
"""Called with the whole text; refuses by returning False or raising one of `REFUSALS`, else accepts."""

REFUSALS = (ValueError, AssertionError, ValidationFailed, JsonSchemaError)
"""pydantic's ValidationError is a ValueError."""


class NoJudgement(Exception):
    """A validator came to no judgement; its text goes on after "the validator NAME"."""


def refusal(text: str, constraint: Texts | None, validators: Sequence[Validator]) -> str | None:
    """Why the text is refused, by the first that refuses it; None if all accept it.

    Raises:
        ModelError: a validator could not be called just now.
        ValidationFailed: a validator raised something else, or was ended: a mistake in it, not a judgement of the text.
    """
    # A validator is code of the program's own: what it takes is not the request's.
    checks: list[tuple[str, Validator]] = [(_name(validator), validator) for validator in validators]
    if constraint is not None:
        checks.insert(0, ("the constraint", constraint.validate))
    for name, check in checks:
        with _UsersCode(name, text), nullcontext() if name == "the constraint" else uncounted():
            try:
                verdict = check(text)
            except REFUSALS as error:
                return f"{name}: {_one_line(error)}"
            if isinstance(verdict, (bool, np.bool_)) and not verdict:
                return f"{name}: returned False"
    return None


class _UsersCode:
    """Gives an error of the code inside the validator's name; Ctrl-C and the like pass through unchanged."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception):
            return
        if isinstance(error, ModelError) and error.rule == "validators":
            return  # none of the validator's: it could not be called
        if isinstance(error, NoJudgement):
            said = f"the validator {self._name} {_one_line(error)}"
        else:
            said = (
                f"the validator {self._name} raised {type(error).__name__}, no judgement: {_one_line(error)}"
            )
        raise ValidationFailed(
            said,
            text=self._text,
            rule=self._name,
            remedy="make it return False, or raise ValueError or AssertionError, for a text that it refuses",
        ) from error


def _name(validator: Validator) -> str:
    return getattr(validator, "__qualname__", None) or type(validator).__qualname__


def _one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return " ".join(line.strip() for line in lines[:4]) if lines else type(error).__name__
