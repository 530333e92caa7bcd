"""Where in a request an error is, as a JSON path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from canvasgen.errors import BudgetTooSmall, CanvasgenError
from canvasgen.serve.protocol.api_error import inside_of
from canvasgen.serve.requests.thinking import THOUGHTS

if TYPE_CHECKING:
    from canvasgen.serve.requests.plan import Plan

__all__ = ["PART", "param_of"]

PART = "part"
"""The key of `Plan.places` for what the new part of an edit has to be."""
_OF_SPANS = frozenset({"span", "spans", "marker", "strength", "edit"})
_ARGUMENTS = re.compile(r"^(?:\.items)?(?:\.anyOf\[(\d+)\])?\.properties\.arguments")
"""In the schema of calls (`calls_schema`), the way to the parameters of a function."""


def param_of(error: CanvasgenError, plan: Plan) -> str:
    """Return the JSON path of what an error of a plan is about."""
    places, rule, inside = plan.places, error.rule or "", inside_of(error)
    if isinstance(error, BudgetTooSmall):
        return places[THOUGHTS] if rule == THOUGHTS else places.get("max_tokens", "$.max_tokens")
    if rule == "context length":
        return "$" if plan.options.get("max_tokens") is None else places.get("max_tokens", "$.max_tokens")
    if rule in places and (rule != "relations" or plan.recipe.relations):
        return places[rule]
    if PART in places and rule not in _OF_SPANS:
        return places[PART] + inside
    way = _ARGUMENTS.match(inside)
    if plan.recipe.kind == "calls" and plan.tools is not None and way is not None:
        return plan.tools.places[int(way[1] or 0)] + inside[way.end() :]
    return plan.recipe.at + inside
