"""The backends by name. A new one is imported here and takes its place in the tuple."""

from __future__ import annotations

from typing import Any

import torch

from canvasgen.errors import ModelError
from canvasgen.inference.backend import Backend
from canvasgen.inference.numba_backend import NumbaBackend
from canvasgen.inference.torch_backend import TorchBackend
from canvasgen.inference.triton_backend import TritonBackend

__all__ = ["backend_for", "backend_names", "register"]

_backends: dict[str, Backend] = {}


def register(backend: Backend) -> None:
    """Make a backend known by its name; `auto` asks those that came last first."""
    _backends[backend.name] = backend


for _backend in (NumbaBackend(), TorchBackend(), TritonBackend()):
    register(_backend)


def backend_names() -> tuple[str, ...]:
    """All names that `backend=` takes."""
    return ("auto", *_backends)


def backend_for(name: str, device: torch.device) -> Backend:
    """The backend of that name; for "auto" the last one that serves the device.

    Raises:
        ModelError: there is none of that name; lists the names.
    """
    asked: Any = name
    known = isinstance(asked, str) and asked in backend_names()
    if known and name == "auto":
        return next(backend for backend in reversed(_backends.values()) if backend.serves(device))
    if not known:
        raise ModelError(
            f"there is no backend {name!r}",
            rule="backend",
            value=name,
            remedy="choose one of " + ", ".join(backend_names()),
        )
    return _backends[name]
