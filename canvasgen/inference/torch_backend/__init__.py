"""The reference, in plain torch for any device."""

from canvasgen.inference.torch_backend.lattice import TorchBackend

__all__ = ["TorchBackend"]
