"""Kernels for CUDA, each beside its plain reference; loaded when they are first used, since Triton is optional."""

from canvasgen.inference.triton_backend.cuda_backend import TritonBackend

__all__ = ["TritonBackend"]
