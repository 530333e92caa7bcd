"""Exact conditioning of a batch of canvases: one recurrence over positions, in two semirings, on several backends."""

from canvasgen.inference.backend import Backend, Lattice
from canvasgen.inference.condition import Request, condition, condition_batch
from canvasgen.inference.posterior import Posterior
from canvasgen.inference.posteriors import Posteriors
from canvasgen.inference.registry import backend_names, register
from canvasgen.inference.restriction import Gate, Restriction
from canvasgen.inference.spans import SpanGraph, Spans

__all__ = [
    "Backend",
    "Gate",
    "Lattice",
    "Posterior",
    "Posteriors",
    "Request",
    "Restriction",
    "SpanGraph",
    "Spans",
    "backend_names",
    "condition",
    "condition_batch",
    "register",
]
