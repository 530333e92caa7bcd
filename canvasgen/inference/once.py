"""A property that is worked out when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

__all__ = ["once"]

if TYPE_CHECKING:
    once = property  # so that a type checker takes it for the property of a protocol
else:
    once = cached_property
