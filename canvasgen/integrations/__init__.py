"""canvasgen inside of other engines: `docs/hosts.md` says which, and what each can do.

The names are imported when they are first used: requests as JSON need no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from canvasgen.integrations.host_model import HostModel
    from canvasgen.integrations.session import Move, Session, Sessions

__all__ = ["HostModel", "Move", "Session", "Sessions"]

_HOME = {"HostModel": "host_model", "Move": "session", "Session": "session", "Sessions": "session"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'canvasgen.integrations' has no attribute {name!r}")
    return getattr(import_module(f"canvasgen.integrations.{_HOME[name]}"), name)
