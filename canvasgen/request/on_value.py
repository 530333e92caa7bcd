"""A user's validator of the value, as the loop's validator of the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from canvasgen.constraints import Constraint

__all__ = ["OnValue"]


class OnValue:
    """Reads the value of a text and calls a validator with it; named like that validator.

    Args:
        validator: called with the value.
        constraint: reads it; None: the value is the text.
    """

    def __init__(self, validator: Callable[[Any], Any], constraint: Constraint | None) -> None:
        self._validator = validator
        self._parse: Callable[[str], Any] = str if constraint is None else constraint.parse
        self.__qualname__ = getattr(validator, "__qualname__", type(validator).__qualname__)

    def __call__(self, text: str) -> Any:
        """Return what the validator says."""
        return self._validator(self._parse(text))
