"""Where the sources state what a grounded constraint's text says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch

from canvasgen.constraints.algebra import Both, Either, Sequence
from canvasgen.constraints.grounded.span_of import SpanOf
from canvasgen.constraints.infill import Infill
from canvasgen.constraints.json_schema import JsonSchema
from canvasgen.constraints.template import Template
from canvasgen.constraints.texts import Texts, field_path
from canvasgen.grounding import Place, Places

__all__ = ["stated"]


def stated(constraint: Texts, text: str) -> Places:
    """Return by field of a text's value the first place in a source that states it; nothing for what is not grounded.

    Fields are named as those of `Completion.probabilities`: `items[0].price`, a template's hole, empty for the whole.
    """
    return Places(places(constraint, text))


@singledispatch
def places(constraint: Texts, text: str) -> Mapping[str, Place]:
    """Return what `stated` does, with the text of each source."""
    return {}


@places.register
def _of_span(constraint: SpanOf, text: str) -> Mapping[str, Place]:
    span = constraint.sources.find(text)
    return {} if span is None else {"": Place(span, constraint.sources.texts[span.source])}


@places.register
def _of_json(constraint: JsonSchema, text: str) -> Mapping[str, Place]:
    sources = constraint.language.sources
    if sources is None:
        return {}
    return {name: Place(span, sources.texts[span.source]) for name, span in constraint.language.stated(text)}


@places.register
def _of_both(constraint: Both, text: str) -> Mapping[str, Place]:
    found: dict[str, Place] = {}
    for part in constraint.parts:
        found |= places(part, text)
    return found


@places.register
def _of_sequence(constraint: Sequence, text: str) -> Mapping[str, Place]:
    grounded = [at for at, part in enumerate(constraint.parts) if part.has_value or isinstance(part, SpanOf)]
    if len(grounded) != 1:
        return {}
    start, stop = constraint.place_of(grounded[0], text)
    return places(constraint.parts[grounded[0]], text[start:stop])


@places.register
def _of_gap(constraint: Infill, text: str) -> Mapping[str, Place]:
    return places(constraint.part, text[len(constraint.prefix) : len(text) - len(constraint.suffix)])


@places.register
def _of_either(constraint: Either, text: str) -> Mapping[str, Place]:
    matching = next((part for part in constraint.parts if part.matches(text)), None)
    return {} if matching is None else places(matching, text)


@places.register
def _of_template(constraint: Template, text: str) -> Mapping[str, Place]:
    return {
        field_path(name, inner): span
        for name, content in constraint.contents(text).items()
        for inner, span in places(constraint.holes[name], content).items()
    }
