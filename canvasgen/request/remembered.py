"""Constraints of requests that are likely to come again: the last few dozen are remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from canvasgen.checks import is_mapping, is_sequence
from canvasgen.constraints import Constraint
from canvasgen.constraints import choice as choice_constraint
from canvasgen.constraints import grammar as grammar_constraint
from canvasgen.constraints import json_schema as schema_constraint
from canvasgen.constraints import regex as regex_constraint
from canvasgen.constraints import template as template_constraint
from canvasgen.constraints.grounded import SpanOf
from canvasgen.constraints.json_schema import JsonSchema
from canvasgen.constraints.template import Template
from canvasgen.grounding import Sources
from canvasgen.limits import Limits, checked_limits
from canvasgen.once import Once
from canvasgen.schemas import Source, load

__all__ = ["Prompt", "readable", "remembered_schema", "remembered_spans", "remembered_text", "user_texts"]

Prompt = str | Sequence[Mapping[str, Any]]


def user_texts(prompt: Any) -> list[str]:
    """Return the prompt, or what the user says in it."""
    if isinstance(prompt, str):
        return [prompt]
    contents: list[Any] = []
    for message in prompt:
        if is_mapping(message) and message.get("role") == "user":
            content = message.get("content")
            contents += content if is_sequence(content) else [content]
    texts = [part.get("text") if is_mapping(part) else part for part in contents]
    return [text for text in texts if isinstance(text, str)]


def readable(prompt: Prompt) -> str:
    """Return a prompt as people read it: messages with their roles in front."""
    if isinstance(prompt, str):
        return prompt
    return "\n".join(f"{message.get('role', '')}: {message.get('content', '')}" for message in prompt)


def _held(constraint: Constraint) -> int:
    return constraint.held


_MOST_REMEMBERED, _MOST_GROUNDED = 64, 16
_schemas: Once[JsonSchema] = Once(_MOST_REMEMBERED, weigh=_held)
_grounded: Once[Constraint] = Once(_MOST_GROUNDED, weigh=_held)
_grounded_schemas: Once[JsonSchema] = Once(_MOST_GROUNDED, weigh=_held)
_loaded: Once[Source] = Once(_MOST_REMEMBERED)
_texts: Once[Constraint] = Once(_MOST_REMEMBERED, weigh=_held)

_MAKERS: dict[str, Callable[[Any, Limits | None], Constraint]] = {
    "regex": lambda text, limits: regex_constraint(text, limits=limits),
    "grammar": lambda text, limits: grammar_constraint(text, limits=limits),
    "choice": lambda text, limits: choice_constraint(text, limits=limits),
    "template": lambda text, limits: template_constraint(text, strict=False, limits=limits),
}


def remembered_schema(
    schema: object,
    limits: Limits | None,
    prompt: Prompt,
    sources: Sources | None,
    writing: Mapping[str, Any],
) -> JsonSchema:
    """Return the constraint of a schema or type; the last few dozen are remembered.

    Args:
        schema: the schema or type.
        limits: what its compilation may need.
        prompt: the source of its marked fields.
        sources: the source of all fields, if there is one.
        writing: how its JSON is written.
    """
    kind: object = type(schema)
    given: object = schema
    try:
        # Equal representations are equal schemas: `repr` tells 1 from "1" and keeps the order of keys.
        key: object = f"{schema!r}" if isinstance(schema, dict | str | bool) else schema
        hash((key, checked_limits(limits), *writing.items()))
    except Exception:  # noqa: BLE001 (the hash of an object is code of its own)
        key = None
    source = load(given) if key is None else _loaded.get((kind, key), lambda: load(given))
    if sources is None and source.is_marked:
        sources = Sources(user_texts(prompt), fields="marked")

    def made() -> JsonSchema:
        return schema_constraint(source, grounded=sources, limits=limits, **writing)

    if key is None:
        return made()
    kept = _schemas if sources is None else _grounded_schemas
    return kept.get((kind, key, limits, None if sources is None else sources.key, *writing.items()), made)


def remembered_text(kind: str, text: object, limits: Limits | None) -> Constraint:
    """Return the constraint of a pattern, a grammar, a choice or a template; the last few dozen are remembered.

    Args:
        kind: "regex", "grammar", "choice" or "template".
        text: as the user gave it; what is no text, nor a list of texts, is not remembered.
        limits: what its compilation may need.
    """

    def made() -> Constraint:
        return _MAKERS[kind](text, limits)

    if kind == "choice" and is_sequence(text):
        text = list(text)
    listed = isinstance(text, list) and all(type(one) is str for one in cast("list[object]", text))
    if not (isinstance(text, str) or listed):
        return made()
    key = (kind, tuple(cast("list[str]", text)) if listed else cast("str", text), checked_limits(limits))
    return _texts.get(key, made)


def remembered_spans(kind: str, text: str, limits: Limits | None, sources: Sources) -> Constraint:
    """Return the constraint of a pattern or a grammar whose texts, or of a template whose holes, are spans; the last few
    are remembered."""
    key = (kind, text, checked_limits(limits), sources.key)
    return _grounded.get(key, lambda: _of_spans(kind, text, limits, sources))


def _of_spans(kind: str, text: str, limits: Limits | None, sources: Sources) -> Constraint:
    """Return the constraint of a pattern or a grammar whose texts, or of a template whose holes, are spans."""
    span = SpanOf(sources)
    if kind == "regex":
        return span & regex_constraint(text, limits=limits)
    if kind == "grammar":
        return span & grammar_constraint(text, limits=limits)
    made = template_constraint(text, strict=False)
    holes: dict[str, Constraint] = dict.fromkeys(made.holes, span)
    return Template(made.pieces, holes, limits)
