"""Several constraints as one."""

from __future__ import annotations

from collections.abc import Sequence

from canvasgen.constraints import Constraint

__all__ = ["all_of", "any_of"]


def any_of(parts: Sequence[Constraint]) -> Constraint:
    """Return the texts of any of some constraints, at least one."""
    found = parts[0]
    for part in parts[1:]:
        found = found | part
    return found


def all_of(parts: Sequence[Constraint]) -> Constraint:
    """Return the texts that all of some constraints accept."""
    found = parts[0]
    for part in parts[1:]:
        found = found & part
    return found
