"""The backend for the CPU."""

from canvasgen.inference.numba_backend.lattice import NumbaBackend

__all__ = ["NumbaBackend"]
