"""Texts that are parts of a source, and where a source states what a text says."""

from canvasgen.constraints.grounded.provenance import stated
from canvasgen.constraints.grounded.span_of import span_of

__all__ = ["span_of", "stated"]
