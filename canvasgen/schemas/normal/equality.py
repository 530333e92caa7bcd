"""Equality of JSON values: `1` and `1.0` are equal, `1` and `true` are not."""

from __future__ import annotations

from collections.abc import Hashable

from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.normal.numbers import as_fraction

__all__ = ["identity"]


def identity(value: Json) -> Hashable:
    """Return a hashable that is equal for equal JSON values and for no others."""
    if isinstance(value, list):
        return ("array", tuple(identity(item) for item in value))
    if isinstance(value, dict):
        return ("object", frozenset((name, identity(item)) for name, item in value.items()))
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return (type(value).__name__, value)
    return ("number", as_fraction(value))
