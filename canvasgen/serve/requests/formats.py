"""`response_format`, `text.format`, `structured_outputs` and canvasgen's own keys -> a recipe; at most one of them."""

from __future__ import annotations

import json
from dataclasses import replace

from pydantic import JsonValue

from canvasgen.errors import InvalidConstraint
from canvasgen.grounding import KEYWORD
from canvasgen.request import Prompt
from canvasgen.request.written_relations import relations_of
from canvasgen.serve.protocol.answer_shapes import (
    Extension,
    GroundedIn,
    JsonSchemaFormat,
    ResponseFormat,
    StructuredOutputs,
    TextFormat,
)
from canvasgen.serve.protocol.api_error import ApiError, as_api_error
from canvasgen.serve.protocol.chat_body import Sampling
from canvasgen.serve.protocol.wire import refuse_misspelled
from canvasgen.serve.requests.recipe import FREE, Recipe

__all__ = ["extended", "one_of_recipes", "recipe_of_format", "recipes_of_sampling", "said_in", "sourced"]

_ANY_OBJECT: JsonValue = {"type": "object"}
_COMPACT = frozenset({"", "[ ]{0}", "()", "(?:)"})
_FLEXIBLE = frozenset(
    {r"[ ]?", r"\s*", r"[\s]*", r"[ \n\t]*", r"[\n\t ]*", r"[ \t\n\r]*", r"[\n ]?", r"\s?", r" ?"}
)


def recipe_of_format(format_: ResponseFormat | None, at: str) -> Recipe:
    """Return the recipe of `response_format`."""
    if format_ is None or isinstance(format_, TextFormat):
        return FREE
    if isinstance(format_, JsonSchemaFormat):
        schema = format_.json_schema.schema_
        if schema is None:
            refuse_misspelled(format_.json_schema, "schema", f"{at}.json_schema")
            return Recipe("schema", _ANY_OBJECT, f"{at}.json_schema")
        return Recipe("schema", schema, f"{at}.json_schema.schema")
    return Recipe("schema", _ANY_OBJECT, at)


def recipes_of_sampling(body: Sampling) -> list[Recipe]:
    """Return a recipe for each key that says what the answer must be."""
    found = [recipe_of_format(body.response_format, "$.response_format")]
    if body.structured_outputs is not None:
        found.append(_structured(body.structured_outputs, "$.structured_outputs"))
    if body.guided_json is not None:
        found.append(Recipe("schema", _schema(body.guided_json, "$.guided_json"), "$.guided_json"))
    if body.guided_regex is not None:
        found.append(Recipe("regex", body.guided_regex, "$.guided_regex"))
    if body.guided_choice is not None:
        found.append(Recipe("choice", body.guided_choice, "$.guided_choice"))
    if body.guided_grammar is not None:
        found.append(Recipe("grammar", body.guided_grammar, "$.guided_grammar"))
    extension = body.canvasgen
    if extension is not None and extension.template is not None:
        template = extension.template
        body_: JsonValue = (
            template if isinstance(template, str) else {"text": template.text, "holes": {**template.holes}}
        )
        found.append(Recipe("template", body_, "$.canvasgen.template"))
    if extension is not None and extension.table is not None:
        found.append(Recipe("table", extension.table, "$.canvasgen.table"))
    return [one for one in found if one.kind != "free"]


def one_of_recipes(recipes: list[Recipe]) -> Recipe:
    """Return the only recipe, or the one without a constraint.

    Raises:
        ApiError: there are several.
    """
    if len(recipes) > 1:
        places = " and ".join(one.at for one in recipes)
        raise ApiError(
            400, f"{places} exclude each other: give one of them", "invalid_constraint", recipes[1].at
        )
    return recipes[0] if recipes else FREE


def _structured(told: StructuredOutputs, at: str) -> Recipe:
    given: dict[str, JsonValue] = {
        "json": None if told.json_ is None else _schema(told.json_, f"{at}.json"),
        "json_object": _ANY_OBJECT if told.json_object else None,
        "regex": told.regex,
        "choice": told.choice,
        "grammar": told.grammar,
        "structural_tag": told.structural_tag,
    }
    found = [(name, value) for name, value in given.items() if value is not None]
    if not found:
        for field in given:
            refuse_misspelled(told, field, at)
    if len(found) != 1:
        names = " and ".join(name for name, _ in found) or "nothing"
        raise ApiError(
            400, f"structured_outputs takes one constraint, it has {names}", "invalid_constraint", at
        )
    name, value = found[0]
    kind = "schema" if name.startswith("json") else name
    recipe = Recipe(kind, value, f"{at}.{name}")
    style = _whitespace(told, at)
    if style is None:
        return recipe
    if kind != "schema":
        raise ApiError(
            400, "whitespace_pattern goes with json", "invalid_constraint", f"{at}.whitespace_pattern"
        )
    return replace(recipe, writing=(("whitespace", style),))


def _whitespace(told: StructuredOutputs, at: str) -> str | None:
    """Return the style of whitespace that a pattern means."""
    pattern = told.whitespace_pattern
    if pattern is None:
        return "compact" if told.disable_any_whitespace else None
    if pattern in _COMPACT:
        return "compact"
    if pattern in _FLEXIBLE:
        return "flexible"
    raise ApiError(
        400,
        f"whitespace_pattern is none of those that are known: {', '.join(sorted(_FLEXIBLE))}, or empty",
        "unsupported_constraint",
        f"{at}.whitespace_pattern",
    )


def _schema(given: JsonValue, at: str) -> JsonValue:
    """Return a schema that may be JSON text."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "the schema is no JSON", "invalid_constraint", at) from error


def extended(
    recipe: Recipe,
    extension: Extension | None,
    *,
    sources: list[str],
    stops: list[str],
    thoughts: int = 0,
    at: str = "$.canvasgen",
) -> Recipe:
    """Return a recipe with what canvasgen's own keys add to it.

    Args:
        recipe: what the answer must be.
        extension: the keys.
        sources: what the user says.
        stops: texts at which clients cut; a constrained text does not contain them.
        thoughts: most tokens of text before the answer.
        at: JSON path of the keys.

    Raises:
        ApiError: a key does not go with the recipe.
    """
    told = extension or Extension()
    writing = {**dict(recipe.writing)}
    for name in ("whitespace", "property_order", "fence"):
        value = getattr(told, name)
        if value is not None and recipe.kind in ("schema", "calls"):
            writing[name] = value
        elif value is not None:
            raise ApiError(400, f"{name} goes with a schema", "invalid_constraint", f"{at}.{name}")
    also = [("contains", json.dumps(text)) for text in told.contains]
    excluded = [*told.excludes, *([] if recipe.is_free and not also else stops)]
    if excluded:
        also.append(("excludes", json.dumps(excluded)))
    if told.positions is not None:
        if told.positions.fixed:
            also.append(("fixed", json.dumps(told.positions.fixed)))
        also += [("near", json.dumps(phrase.model_dump())) for phrase in told.positions.near]
    grounded, grounding = _grounded(told)
    if grounded is not False and recipe.kind not in _GROUNDED:
        raise ApiError(
            400, "grounded goes with a schema, a template or tools", "invalid_constraint", f"{at}.grounded"
        )
    made = replace(
        recipe,
        relations=_relations(recipe, told, f"{at}.relations"),
        writing=tuple(sorted(writing.items())),
        also=tuple(also),
        grounded=grounded,
        grounding=grounding,
        thoughts=thoughts,
    )
    return sourced(made, sources)


_GROUNDED = frozenset({"schema", "calls", "template"})
"""The kinds of recipes whose values may be taken from a source."""


def said_in(prompt: Prompt) -> list[str]:
    """Return what the user says."""
    return (
        [prompt] if isinstance(prompt, str) else [one["content"] for one in prompt if one["role"] == "user"]
    )


def sourced(recipe: Recipe, sources: list[str]) -> Recipe:
    """Return a recipe with what the user says, if values are taken from it."""
    is_grounded = recipe.grounded is not False or KEYWORD in json.dumps(recipe.body)
    return replace(recipe, sources=tuple(sources) if is_grounded else ())


def _grounded(told: Extension) -> tuple[bool | tuple[str, ...], str]:
    """Return the texts that values are taken from, and the settings of `canvasgen.Sources` as JSON text."""
    given, settings = told.grounded, ""
    if isinstance(given, GroundedIn):
        settings = json.dumps(given.model_dump(include=_SETTINGS_OF_SOURCES))
        given = True if given.texts is None else given.texts
    if isinstance(given, bool):
        return given, settings
    return ((given,) if isinstance(given, str) else tuple(given)), settings


_SETTINGS_OF_SOURCES = {"unit", "across_lines", "max_length", "fields"}


def _relations(recipe: Recipe, told: Extension, at: str) -> str:
    """Return the relations between fields as JSON text, checked for their form; the fields are known when it is compiled."""
    if not told.relations:
        return ""
    if recipe.kind != "schema":
        raise ApiError(400, "relations go with one schema", "invalid_constraint", at)
    try:
        relations_of(told.relations, at)
    except InvalidConstraint as error:
        raise as_api_error(error) from error
    return json.dumps(told.relations)
