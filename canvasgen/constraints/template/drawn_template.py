"""A template as railroad pictures: the fixed text with its holes, and what each hole holds."""

from __future__ import annotations

from collections.abc import Mapping

from canvasgen.constraints.template.braces import Hole
from canvasgen.constraints.template.template import Template
from canvasgen.viewer.railroads import Drawing, drawn, tracks

__all__: list[str] = []


@tracks.register
def _template(constraint: Template) -> Mapping[str, object]:
    return {"": constraint.pieces, **{name: hole.expr for name, hole in constraint.holes.items()}}


@drawn.register
def _hole(part: Hole, drawing: Drawing) -> object:
    return drawing.named(part.name)
