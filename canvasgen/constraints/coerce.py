"""Arguments that are read as constraints: a string as a literal, a type or a schema as its JSON."""

from __future__ import annotations

from typing import Any

from canvasgen.constraints.base import Constraint
from canvasgen.constraints.json_schema import json_schema
from canvasgen.constraints.text import literal

__all__ = ["as_constraint", "constraint_from"]


def as_constraint(value: object) -> Constraint | None:
    """Return a constraint as it is, a string as its literal, and None for anything else."""
    if isinstance(value, Constraint):
        return value
    return literal(value) if isinstance(value, str) else None


def constraint_from(value: Any) -> Constraint:
    """Return a constraint as it is, a string as its literal, and a type or a JSON Schema as its JSON.

    Raises:
        InvalidConstraint, UnsupportedConstraint, Unsatisfiable: it is a schema that cannot be used.
    """
    constraint = as_constraint(value)
    return json_schema(value) if constraint is None else constraint
