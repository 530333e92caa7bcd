"""The type of other engines' objects."""

from __future__ import annotations

from typing import Any, TypeAlias

__all__ = ["Foreign"]

Foreign: TypeAlias = Any
"""An object of another engine, which is in an environment of its own: known by the few fields and methods that are used."""
