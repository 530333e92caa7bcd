"""How many values a constraint leaves open: the choices among which the doubt about a whole text is divided.

The joint posterior of a text is a product over its choices k, in the order of the text,

    P(text | valid) = Π_k P(choice k | the text before it, valid),

so with five unsure values the whole is improbable whichever way each of them is decided. The geometric mean of the factors,
P(text | valid) to the power of 1 / choices, says how sure a choice is; it needs no factor by itself, only their number.
"""

from __future__ import annotations

import json
from typing import Any

from canvasgen.checks import is_mapping
from canvasgen.constraints.algebra import Sequence
from canvasgen.constraints.json_schema import JsonSchema
from canvasgen.constraints.table.table import Table
from canvasgen.constraints.template import Template
from canvasgen.constraints.text import Literal
from canvasgen.errors import ValidationFailed

__all__ = ["free_choices", "has_grounded_json", "is_form"]


def free_choices(constraint: object, text: str) -> int:
    """Return the number of values in a text that a constraint leaves open, at least 1.

    These are the holes of a template, the scalars of a JSON text, the open cells of a table without relations, and all
    of them in a sequence. What is not known to have parts is one choice, and so is a table with relations, in which no
    cell chooses alone.

    Args:
        constraint: what the text is generated under.
        text: the text, whole; a part of one counts as one choice where the number depends on it.
    """
    return max(1, _choices(constraint, text))


def is_form(constraint: object, *, tables: bool = True) -> bool:
    """Return whether a constraint is fixed text with holes whose places depend on their widths: a template, a table without
    relations (if `tables` count), or a sequence with one of them."""
    if isinstance(constraint, Sequence):
        return any(is_form(part, tables=tables) for part in constraint.parts)
    if isinstance(constraint, Table):
        return tables and not constraint.relations
    return isinstance(constraint, Template)


def has_grounded_json(constraint: object) -> bool:
    """Return whether a constraint is a JSON text with values that are parts of a source, or a sequence with one."""
    if isinstance(constraint, Sequence):
        return any(has_grounded_json(part) for part in constraint.parts)
    return isinstance(constraint, JsonSchema) and constraint.language.sources is not None


def _choices(constraint: object, text: str | None) -> int:
    if isinstance(constraint, Literal):
        return 0
    if isinstance(constraint, Template):
        return sum(max(1, _choices(hole, None)) for hole in constraint.holes.values())
    if isinstance(constraint, Table):
        return 1 if constraint.relations else len(constraint.shown.holes)
    if isinstance(constraint, Sequence):
        return sum(_choices(part, None) for part in constraint.parts)
    if isinstance(constraint, JsonSchema) and text is not None:
        return _scalars_of(constraint, text)
    return 1


def _scalars_of(constraint: JsonSchema, text: str) -> int:
    try:
        return _scalars(json.loads(constraint.language.value_text(text)))
    except (ValueError, ValidationFailed):  # the text goes on behind the canvas
        return 1


def _scalars(value: Any) -> int:
    """Return the scalars in a JSON value; an empty list or object counts as one."""
    items: list[Any] = [value]
    found = 0
    while items:
        one = items.pop()
        inside: list[Any] = [*one.values()] if is_mapping(one) else [*one] if isinstance(one, list) else []
        items += inside
        found += not inside
    return found
