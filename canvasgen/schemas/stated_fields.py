"""The fields of a value that are taken from sources: where each is stated, and the texts in which it has a value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from canvasgen.automata import Expr, difference, intersect, union
from canvasgen.grounding import Sources, Span
from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.normal.shapes import Node
from canvasgen.schemas.normal.stated_values import stated_scalars
from canvasgen.schemas.related_spans import RelatedSpans
from canvasgen.schemas.texts.choice_fields import (
    MOST_FIELDS,
    Scalar,
    field_name,
    with_any_value,
    with_value,
)

__all__ = ["field_options", "field_places"]


def field_places(
    root: Node, sources: Sources, related: RelatedSpans | None, value: Json
) -> Iterator[tuple[str, Span]]:
    """Yield the fields of a value, each with the first place that states it; of related fields, with one that fits.

    Args:
        root: the grounded node.
        sources: what its values are taken from.
        related: the relations between the places, if there are some.
        value: one of its values.
    """
    fitting = None if related is None else related.places(value)
    for path, one, marks, _ in stated_scalars(root, value):
        if fitting is not None and path in fitting:
            yield field_name(path), fitting[path]
            continue
        places = (sources.place(one, mark) for mark in marks if one is not None)
        found = next((place for place in places if place is not None), None)
        if found is not None:
            yield field_name(path), found


def field_options(
    root: Node, texts: Expr, value: Json
) -> Iterator[tuple[str, list[tuple[Scalar, Expr]], Expr]]:
    """Yield the fields of a value: each name, for the field's value and for null where it may be null the texts that have it
    there, and those that have another value there.

    Args:
        root: the grounded node.
        texts: the texts that are generated.
        value: one of the node's values.
    """
    for path, one, _, nullable in islice(stated_scalars(root, value), MOST_FIELDS):
        values = [one] if one is None or not nullable else [one, None]
        options = [(each, intersect(texts, with_value(path, each))) for each in values]
        present = intersect(texts, with_any_value(path))
        yield field_name(path), options, difference(present, union(*(having for _, having in options)))
