"""Exact conditioning of a canvas: one recurrence over positions in three semirings."""

from canvasgen.inference.condition import Request, condition, condition_batch
from canvasgen.inference.positions import Gate, Restriction
from canvasgen.inference.posterior import Posterior
from canvasgen.inference.posteriors import Posteriors
from canvasgen.inference.spans import SpanGraph, Spans

__all__ = [
    "Gate",
    "Posterior",
    "Posteriors",
    "Request",
    "Restriction",
    "SpanGraph",
    "Spans",
    "condition",
    "condition_batch",
]
