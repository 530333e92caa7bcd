"""`/v1/edits` and `/v1/infill` -> a plan."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from canvasgen.serve.protocol.canvas_body import EditBody, InfillBody, Writing
from canvasgen.serve.protocol.chat_body import Sampling
from canvasgen.serve.protocol.wire import ignored_in, read_as
from canvasgen.serve.requests.formats import one_of_recipes, recipes_of_sampling
from canvasgen.serve.requests.json_places import PART
from canvasgen.serve.requests.plan import Plan, plan_of_sampling, within_limits
from canvasgen.serve.requests.recipe import Recipe
from canvasgen.serve.settings import ServeSettings

__all__ = ["plan_of_edit", "plan_of_infill"]


def plan_of_edit(body: EditBody, settings: ServeSettings) -> Plan:
    """Return the plan of `/v1/edits`."""
    spans: list[JsonValue] = [span if isinstance(span, str) else [*span] for span in body.spans]
    told: dict[str, JsonValue] = {
        "text": body.text,
        "spans": spans,
        "strength": body.strength,
        "part": _part(body),
    }
    return _plan(body, Recipe("edit", told, "$.spans"), settings)


def plan_of_infill(body: InfillBody, settings: ServeSettings) -> Plan:
    """Return the plan of `/v1/infill`."""
    told: dict[str, JsonValue] = {"prefix": body.prefix, "suffix": body.suffix, "part": _part(body)}
    return _plan(body, Recipe("infill", told, "$"), settings)


def _part(body: Writing) -> JsonValue:
    """Return what the new text has to be, as `[kind, body]`."""
    recipe = _asked(body)
    return None if recipe.kind == "free" else [recipe.kind, recipe.body]


def _asked(body: Writing) -> Recipe:
    return one_of_recipes(recipes_of_sampling(Sampling(structured_outputs=body.structured_outputs)))


def _plan(body: Writing, recipe: Recipe, settings: ServeSettings) -> Plan:
    sent: dict[str, Any] = {"n": body.n, "seed": body.seed, "temperature": body.temperature}
    sampling = read_as(Sampling, sent).model_copy(update={"canvasgen": body.canvasgen})
    plan = plan_of_sampling(sampling, body.instruction, [recipe], settings)
    return within_limits(
        plan.having(
            options={**plan.options, "max_tokens": body.max_tokens},
            ignored=(*ignored_in(body, ()), *(name for name in plan.ignored if "." in name)),
            edits=True,
            places={**plan.places, **({} if body.structured_outputs is None else {PART: _asked(body).at})},
        ),
        settings,
    )
