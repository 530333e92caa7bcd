"""From a recipe to a constraint; runs in the processes that compile, where hostile input can do no harm."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from pydantic import JsonValue

from canvasgen import constraints
from canvasgen.checks import is_mapping, is_sequence
from canvasgen.constraints import Constraint
from canvasgen.errors import CanvasgenError, InvalidConstraint, UnsupportedConstraint
from canvasgen.grounding import Sources
from canvasgen.limits import Limits
from canvasgen.request import Request
from canvasgen.request.combining import all_of
from canvasgen.request.structural_tags import tagged
from canvasgen.request.written import constraint_of, read_request
from canvasgen.request.written_relations import relations_of
from canvasgen.serve.requests.calls_schema import calls_constraint
from canvasgen.serve.requests.recipe import Recipe

__all__ = ["END_OF_THOUGHTS", "KINDS", "build"]

END_OF_THOUGHTS = "</think>"
"""The mark behind the thoughts of an answer that thinks first."""

_TABLES: Mapping[str, Callable[..., Constraint]] = {
    "sudoku": constraints.sudoku,
    "latin_square": constraints.latin_square,
    "magic_square": constraints.magic_square,
    "queens": constraints.queens,
    "futoshiki": constraints.futoshiki,
    "round_robin": constraints.round_robin,
}


def build(recipe: Recipe, limits: Limits) -> Constraint:
    """Return the constraint of a recipe.

    Raises:
        CanvasgenError: it describes none, or one that is too large.
    """
    made = None if recipe.kind == "free" else KINDS[recipe.kind](recipe, limits)
    parts = [*([] if made is None else [made]), *(_also(*one) for one in recipe.also)]
    if recipe.thoughts:
        answer = all_of(parts) if parts else constraints.text()
        return constraints.text(until=END_OF_THOUGHTS, max_tokens=recipe.thoughts) + answer
    return all_of(parts)


def _of_request(name: str) -> Callable[[Recipe, Limits], Constraint]:
    """Return what makes the constraint that a field of `canvasgen.Request` describes."""

    def make(recipe: Recipe, limits: Limits) -> Constraint:
        prompt = [{"role": "user", "content": text} for text in recipe.sources]
        options: dict[str, Any] = {name: recipe.body, **dict(recipe.writing)}
        if recipe.relations:
            options["relations"] = relations_of(json.loads(recipe.relations), "$")
        found = Request(prompt, grounded=_grounded(recipe), limits=limits, **options).resolve()
        assert found is not None
        return found

    return make


def _grounded(recipe: Recipe) -> bool | list[str] | Sources:
    """Return what the values are taken from."""
    texts = [*recipe.grounded] if isinstance(recipe.grounded, tuple) else recipe.grounded
    if not recipe.grounding:
        return texts
    return Sources([*recipe.sources] if isinstance(texts, bool) else texts, **json.loads(recipe.grounding))


def _template(recipe: Recipe, limits: Limits) -> Constraint:
    """A text with holes, or one whose holes have constraints of their own."""
    if isinstance(recipe.body, str):
        return _of_request("template")(recipe, limits)
    return constraint_of("template", recipe.body)


def _choice(recipe: Recipe, limits: Limits) -> Constraint:
    """Options that are no texts are written as JSON."""
    items = cast(list[JsonValue], recipe.body)
    texts = [item if isinstance(item, str) else json.dumps(item) for item in items]
    if len({*texts}) < len(texts):
        return constraints.choice(texts, limits=limits)  # says which are written alike
    return constraints.choice(dict(zip(texts, items, strict=True)), limits=limits)


def _table(recipe: Recipe, limits: Limits) -> Constraint:
    """`{"kind": "sudoku", "puzzle": "…"}`: a ready table and its arguments; or rows, columns, cells and relations."""
    body: object = recipe.body
    if is_mapping(body) and "kind" not in body:
        return constraint_of("table", body)
    if not is_mapping(body) or body.get("kind") not in _TABLES:
        raise InvalidConstraint(
            "there is no such kind of table",
            rule="table",
            value=body,
            remedy="one of " + ", ".join(sorted(_TABLES)) + "; or none, with rows and columns",
        )
    arguments = {str(name): value for name, value in body.items() if name != "kind"}
    try:
        return _TABLES[body["kind"]](**arguments)
    except CanvasgenError:
        raise
    except (TypeError, ValueError) as error:
        raise InvalidConstraint(
            f"not the arguments of a {body['kind']}",
            rule="table",
            value=arguments,
            remedy="give the arguments that cg.table and cg.sudoku have",
        ) from error


def _edit(recipe: Recipe, limits: Limits) -> Constraint:
    """`{"text", "spans": [[0, 3] | "old"], "part": …, "strength"}`."""
    body = cast(dict[str, Any], recipe.body)
    spans = [tuple(span) if is_sequence(span) else span for span in body["spans"]]
    return constraints.edit(
        body["text"], cast(Any, spans), _part(body.get("part"), limits), strength=body.get("strength", 1.0)
    )


def _infill(recipe: Recipe, limits: Limits) -> Constraint:
    """`{"prefix", "suffix", "part": …}`."""
    body = cast(dict[str, Any], recipe.body)
    return constraints.infill(body["prefix"], body["suffix"], _part(body.get("part"), limits))


def _part(part: Any, limits: Limits) -> Constraint | None:
    """Return the constraint of `[kind, body]`."""
    return None if part is None else build(Recipe(part[0], part[1]), limits)


def _also(kind: str, text: str) -> Constraint:
    """Return a further constraint: texts that must or must not occur, and what stands at token positions."""
    value: JsonValue = json.loads(text)
    if kind == "excludes":
        return constraints.excludes(cast(Any, value))
    if kind == "contains":
        return constraints.contains(cast(str, value))
    if kind == "fixed":
        return constraints.fixed({int(at): token for at, token in cast(dict[str, Any], value).items()})
    if kind == "near":
        phrase = cast(dict[str, Any], value)
        return constraints.near(phrase["text"], phrase["position"], phrase["within"])
    raise UnsupportedConstraint(
        "no such constraint", rule=kind, remedy="use a kind that the server has: see its /docs"
    )


def _tags(recipe: Recipe, limits: Limits) -> Constraint:
    return tagged(recipe.body, limits)


def _request(recipe: Recipe, limits: Limits) -> Constraint:
    """A whole request as JSON, of engines that only pass data on; one without a constraint is any text."""
    found = replace(read_request(recipe.body), limits=limits).resolve()
    return constraints.text() if found is None else found


def _calls(recipe: Recipe, limits: Limits) -> Constraint:
    prompt = [{"role": "user", "content": text} for text in recipe.sources]
    return calls_constraint(recipe.body, limits, dict(recipe.writing), prompt, _grounded(recipe))


KINDS: Mapping[str, Callable[[Recipe, Limits], Constraint]] = {
    **{name: _of_request(name) for name in ("schema", "regex", "grammar")},
    "template": _template,
    "choice": _choice,
    "table": _table,
    "edit": _edit,
    "infill": _infill,
    "structural_tag": _tags,
    "calls": _calls,
    "request": _request,
}
"""By kind, what makes its constraint."""
