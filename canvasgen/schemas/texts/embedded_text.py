"""JSON texts inside strings: pydantic's `Json[T]`."""

from __future__ import annotations

from canvasgen.automata import DEFAULT_LIMITS
from canvasgen.schemas.normal.shapes import Node, Part
from canvasgen.schemas.texts.emit import written
from canvasgen.schemas.texts.graph import Graph
from canvasgen.schemas.texts.recogniser import Recogniser

__all__ = ["text_part"]


def text_part(node: Node) -> Part:
    """Return the strings that are compact JSON texts of a node.

    They are unrolled as a schema of their own would be; `holds` decides texts of any depth and spelling.
    """
    graph = Graph(node)
    graph.check_depth()
    expr = written(graph, None, DEFAULT_LIMITS, style="compact", ordered=True).expr
    return Part(
        "a JSON text", expr, under_approximates=True, holds=Recogniser(node, whole_points=True).accepts
    )
