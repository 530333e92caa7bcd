"""Checks of arguments that several parts need."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

import numpy as np

from canvasgen.errors import InvalidConstraint

__all__ = [
    "QUALITIES",
    "ascending",
    "checked_quality",
    "checked_target",
    "file_text",
    "invalid",
    "is_bool",
    "is_enum",
    "is_iterable",
    "is_mapping",
    "is_sequence",
    "is_text",
    "one_of",
    "real_number",
    "text_argument",
    "whole_number",
]

Name = TypeVar("Name", bound=str)

QUALITIES = {"fast": 0.0, "balanced": 0.5, "best": 1.0}
"""The names of some qualities, 0 to 1 (`denoise/stopping/dial`)."""


def is_bool(value: object) -> bool:
    """Return whether a value is a boolean, of Python or of numpy."""
    return isinstance(value, (bool, np.bool_))


def is_enum(value: object) -> TypeGuard[type[Enum]]:
    """Return whether a value is an Enum class."""
    return isinstance(value, type) and issubclass(value, Enum)


def is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """Return whether a value is iterable; its items may be anything."""
    return isinstance(value, Iterable)


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Return whether a value is a mapping; its keys and values may be anything."""
    return isinstance(value, Mapping)


def is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    """Return whether a value is a sequence that is not a string; its items may be anything."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def invalid(
    message: str, rule: str, value: Any, remedy: str, *, path: str | None = None
) -> InvalidConstraint:
    """Return the error of an argument that is wrong, in one line."""
    return InvalidConstraint(message, path=path, rule=rule, value=value, remedy=remedy)


def is_text(value: object) -> TypeGuard[str]:
    """Return whether a value is a string that has UTF-8: one without lone surrogates."""
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeError:
        return False
    return True


def text_argument(
    value: object,
    what: str,
    *,
    rule: str,
    filled: bool = False,
    path: str | None = None,
    remedy: str | None = None,
) -> str:
    """Return an argument that must be a string that has UTF-8.

    Args:
        value: the argument.
        what: the message, such as `a literal is a string that has UTF-8`.
        rule: the option that the error names.
        filled: whether it may not be empty.
        path: where the value was found.
        remedy: what the caller can do; by default to give text without lone surrogates.

    Raises:
        InvalidConstraint: it is something else.
    """
    if is_text(value) and (value or not filled):
        return value
    usual = f"give a str {'that is not empty, ' * filled}without lone surrogates"
    raise InvalidConstraint(what, path=path, rule=rule, value=value, remedy=remedy or usual)


def file_text(path: Path, rule: str) -> str:
    """Return the text of a UTF-8 file, with its line ends.

    Args:
        path: the file.
        rule: what it holds: `grammar`, `template`, `puzzle`.

    Raises:
        InvalidConstraint: the file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, ValueError) as error:  # absent, not UTF-8, or no name of a file
        raise InvalidConstraint(
            f"the {rule} cannot be read: {error}",
            rule=rule,
            value=str(path),
            remedy=f"give the path of a UTF-8 text file, or the {rule}'s own text",
        ) from error


def one_of(value: object, allowed: Sequence[Name], *, rule: str) -> Name:
    """Return an argument that must be one of a few strings.

    Raises:
        InvalidConstraint: it is something else; the message lists them.
    """
    for name in allowed:
        if isinstance(value, str) and value == name:
            return name
    *most, last = (f"`{name}`" for name in allowed)
    raise InvalidConstraint(
        f"`{rule}` is {', '.join(most)} or {last}", rule=rule, value=value, remedy="choose one of these"
    )


def ascending(low: int, high: int | None, *, rule: str) -> None:
    """Check the bounds of a count: 0 <= low <= high, or no upper bound.

    Raises:
        InvalidConstraint: they are negative or contradict each other.
    """
    if low < 0 or (high is not None and high < low):
        raise InvalidConstraint(
            "repeat bounds are 0 <= low <= high",
            rule=rule,
            value=(low, high),
            remedy="swap the bounds, or leave `high` out for any number",
        )


def whole_number(
    value: object,
    *,
    rule: str,
    name: str | None = None,
    low: int | None = 0,
    high: int | None = None,
    path: str | None = None,
    remedy: str | None = None,
) -> int:
    """Return an argument that must be a whole number, as an int.

    Integers of Python and of numpy are whole numbers; booleans, floats and strings are not, whatever their value.

    Args:
        value: the argument.
        rule: the option that the error names.
        name: what the value is, at the beginning of the message; by default the rule.
        low, high: the bounds, both included; None: no bound.
        path: where the value was found.
        remedy: what the caller can do; by default the range that is allowed.

    Raises:
        InvalidConstraint: the value is not a whole number, or it is outside of the bounds.
    """
    # numpy's integers are registered as Integral, its bool is not.
    if not isinstance(value, bool) and isinstance(value, Integral):
        number = int(value)
        if (low is None or low <= number) and (high is None or number <= high):
            return number
    allowed = "a whole number" + _bounds(low, high)
    raise InvalidConstraint(
        f"{name or f'`{rule}`'} is {allowed}",
        path=path,
        rule=rule,
        value=value,
        remedy=remedy or f"give {allowed}",
    )


def real_number(
    value: object,
    *,
    rule: str,
    name: str | None = None,
    low: float = 0.0,
    high: float = math.inf,
    above: bool = False,
    remedy: str | None = None,
) -> float:
    """Return an argument that must be a finite number, as a float.

    Args:
        value: the argument.
        rule: the option that the error names.
        name: what the value is, at the beginning of the message; by default the rule.
        low, high: the bounds, both included.
        above: whether the lower bound itself is not allowed.
        remedy: what the caller can do; by default the range that is allowed.

    Raises:
        InvalidConstraint: the value is no number, it is outside of the bounds, or too large for a float.
    """
    number = math.nan
    if not is_bool(value) and isinstance(value, Real):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    if math.isfinite(number) and (low < number if above else low <= number) and number <= high:
        return number
    allowed = f"a number above {low:g}" if above else f"a number from {low:g} on"
    if low == -math.inf:
        allowed = "a finite number"
    if high < math.inf:
        allowed = f"a number from {low:g} to {high:g}"
    raise InvalidConstraint(
        f"{name or f'`{rule}`'} is {allowed}", rule=rule, value=value, remedy=remedy or f"give {allowed}"
    )


def _bounds(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f", {low} or more"
    return "" if high is None else f", {high} or less"


def checked_quality(value: object) -> float:
    """Return a quality from 0 to 1.

    Raises:
        InvalidConstraint: it is neither that nor the name of one.
    """
    if isinstance(value, str) and value in QUALITIES:
        return QUALITIES[value]
    names = "take one of " + ", ".join(map(repr, QUALITIES))
    return real_number(
        value, rule="quality", name="a quality, unless it is the name of one,", high=1.0, remedy=names
    )


def checked_target(value: object) -> float:
    """Return a target in milliseconds.

    Raises:
        InvalidConstraint: it is no number above 0.
    """
    return real_number(value, rule="target_ms", name="a target in milliseconds", above=True)
