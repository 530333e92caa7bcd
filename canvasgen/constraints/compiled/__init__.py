"""A constraint over a vocabulary: what conditions a canvas, restricts its positions and scores a table's cells."""

from canvasgen.constraints.compiled.constraint import CompiledConstraint

__all__ = ["CompiledConstraint"]
