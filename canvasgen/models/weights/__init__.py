"""How weights are read: where they go, in which type, quantised by whom, with which adapter."""

from canvasgen.models.weights.load_options import LoadOptions

__all__ = ["LoadOptions"]
