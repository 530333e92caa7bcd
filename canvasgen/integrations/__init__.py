"""canvasgen inside of other engines: `docs/hosts.md` says which, and what each can do."""

from canvasgen.integrations.host_model import HostModel
from canvasgen.integrations.session import Move, Session, Sessions

__all__ = ["HostModel", "Move", "Session", "Sessions"]
