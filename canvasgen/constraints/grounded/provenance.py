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
from canvasgen.grounding import Span

__all__ = ["stated"]


@singledispatch
def stated(constraint: Texts, text: str) -> Mapping[str, Span]:
    """Return by field of a text's value the first place in a source that says it; nothing for what is not grounded.

    Fields are named as those of `Completion.probabilities`: `items[0].price`, a template's hole, empty for the whole.
    """
    return {}


@stated.register
def _of_span(constraint: SpanOf, text: str) -> Mapping[str, Span]:
    span = constraint.sources.find(text)
    return {} if span is None else {"": span}


@stated.register
def _of_json(constraint: JsonSchema, text: str) -> Mapping[str, Span]:
    return dict(constraint.language.stated(text))


@stated.register
def _of_both(constraint: Both, text: str) -> Mapping[str, Span]:
    found: dict[str, Span] = {}
    for part in constraint.parts:
        found |= stated(part, text)
    return found


@stated.register
def _of_sequence(constraint: Sequence, text: str) -> Mapping[str, Span]:
    grounded = [at for at, part in enumerate(constraint.parts) if part.has_value or isinstance(part, SpanOf)]
    if len(grounded) != 1:
        return {}
    start, stop = constraint.place_of(grounded[0], text)
    return stated(constraint.parts[grounded[0]], text[start:stop])


@stated.register
def _of_gap(constraint: Infill, text: str) -> Mapping[str, Span]:
    return stated(constraint.part, text[len(constraint.prefix) : len(text) - len(constraint.suffix)])


@stated.register
def _of_either(constraint: Either, text: str) -> Mapping[str, Span]:
    matching = next((part for part in constraint.parts if part.matches(text)), None)
    return {} if matching is None else stated(matching, text)


@stated.register
def _of_template(constraint: Template, text: str) -> Mapping[str, Span]:
    return {
        field_path(name, inner): span
        for name, content in constraint.contents(text).items()
        for inner, span in stated(constraint.holes[name], content).items()
    }
