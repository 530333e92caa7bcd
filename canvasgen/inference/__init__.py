"""Exact conditioning of a canvas: one recurrence over positions in three semirings."""

from canvasgen.inference.condition import Request, condition, condition_batch
from canvasgen.inference.posterior import Posterior

__all__ = ["Posterior", "Request", "condition", "condition_batch"]
