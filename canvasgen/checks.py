"""Checks of arguments that several parts need."""

from __future__ import annotations

from numbers import Integral

from canvasgen.errors import InvalidConstraint

__all__ = ["whole_number"]


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


def _bounds(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f", {low} or more"
    return "" if high is None else f", {high} or less"
