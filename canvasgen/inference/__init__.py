"""Exact conditioning of a canvas: one recurrence over positions in three semirings."""

from canvasgen.inference.condition import Request, condition, condition_batch
from canvasgen.inference.positions import Gate, Restriction
from canvasgen.inference.posterior import Posterior

__all__ = ["Gate", "Posterior", "Request", "Restriction", "condition", "condition_batch"]
