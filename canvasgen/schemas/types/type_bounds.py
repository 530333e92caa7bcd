"""The bounds of dates, times and decimals in pydantic's core schemas, as keywords of JSON Schema."""

from __future__ import annotations

import datetime as dt
from typing import Any

from canvasgen.schemas.types.type_patterns import days

__all__ = ["decimal_numbers", "within"]


_MOST_DECIMAL_DIGITS = 40


def within(found: dict[str, Any], schema: Any) -> dict[str, Any]:
    """Restrict a schema to the days between the bounds of a date or a time; for past and future, to the years."""
    low, high = schema.get("ge") or schema.get("gt"), schema.get("le") or schema.get("lt")
    earliest = low.isoformat()[:10] if low is not None else "0001-01-01"
    latest = high.isoformat()[:10] if high is not None else "9999-12-31"
    if any(bound is not None and getattr(bound, "tzinfo", None) is not None for bound in (low, high)):
        # In another zone the day may be the one before or after.
        earliest, latest = earliest[:4] + "-01-01", latest[:4] + "-12-31"
    year = dt.date.today().year
    if schema.get("now_op") == "past":
        latest = min(latest, f"{year:04}-12-31")
    elif schema.get("now_op") == "future":
        earliest = max(earliest, f"{year:04}-01-01")
    if (earliest, latest) == ("0001-01-01", "9999-12-31"):
        return found
    return {**found, "pattern": f"^(?:{days(earliest, latest)})"}


def decimal_numbers(schema: Any) -> dict[str, Any]:
    """Return the JSON schema of the numbers that a core schema of `Decimal` allows."""
    bounds: dict[str, Any] = {"type": "number"}
    names = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
    for name, keyword in (*names.items(), ("multiple_of", "multipleOf")):
        value = schema.get(name)
        if value is not None:
            bounds[keyword] = _plain_number(value)
    shapes = [
        {**bounds, **limits}
        for limits in _digit_limits(schema.get("max_digits"), schema.get("decimal_places"))
    ]
    return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}


def _plain_number(value: Any) -> int | float:
    """Return a decimal bound as JSON has it; exact for what a float shows."""
    number = float(value)
    return int(value) if value == int(value) else number


def _digit_limits(digits: int | None, places: int | None) -> list[dict[str, Any]]:
    """Return what `max_digits` and `decimal_places` mean, as bounds and steps: a list of alternatives."""
    if digits is not None and digits > _MOST_DECIMAL_DIGITS:
        digits = None
    if digits is None:
        return [{}] if places is None or places > _MOST_DECIMAL_DIGITS else [{"multipleOf": _unit(places)}]
    most = digits if places is None else min(places, digits)
    fewest = 0 if places is None else most
    found: list[dict[str, Any]] = []
    for after in range(fewest, most + 1):
        limit = 10 ** (digits - after)
        limits = {
            "allOf": [{"exclusiveMinimum": -limit, "exclusiveMaximum": limit, "multipleOf": _unit(after)}]
        }
        found.append(limits)
    return found


def _unit(places: int) -> int | float:
    return 1 if places == 0 else float(f"1e-{places}")
