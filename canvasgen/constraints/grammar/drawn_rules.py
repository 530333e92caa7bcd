"""The rules of a grammar as railroad pictures: how each kind of item is drawn."""

from __future__ import annotations

from collections.abc import Mapping

from canvasgen.constraints.grammar.grammar import Grammar
from canvasgen.constraints.grammar.rules import Choice, Leaf, Ref, Repeat, Sequence
from canvasgen.viewer.railroads import Drawing, drawn, tracks

__all__: list[str] = []


@tracks.register
def _rules(constraint: Grammar) -> Mapping[str, object]:
    """Return the rules, the start rule first."""
    items = constraint.rules.items
    start = constraint.rules.start
    return {start: items[start], **{name: item for name, item in items.items() if name != start}}


@drawn.register
def _leaf(part: Leaf, drawing: Drawing) -> object:
    return drawn(part.expr, drawing)


@drawn.register
def _ref(part: Ref, drawing: Drawing) -> object:
    return drawing.named(part.name)


@drawn.register
def _sequence(part: Sequence, drawing: Drawing) -> object:
    return drawing.row(part.items)


@drawn.register
def _choice(part: Choice, drawing: Drawing) -> object:
    return drawing.either(part.options)


@drawn.register
def _repeat(part: Repeat, drawing: Drawing) -> object:
    return drawing.again(part.body, part.low, part.high)
