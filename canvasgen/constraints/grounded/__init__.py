"""Texts that are parts of a source, and where a source states what a text says."""

from canvasgen.constraints.grounded.provenance import stated
from canvasgen.constraints.grounded.span_of import SpanOf, span_of

__all__ = ["SpanOf", "span_of", "stated"]
