"""Notes: what `Constraint.explain()` says about how each part of a constraint is enforced."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Note"]


@dataclass(frozen=True, slots=True)
class Note:
    """One statement about how a constraint is enforced.

    Attributes:
        kind: `automaton` (enforced while generating), `relations` (enforced by what looks at several cells together),
            `validator` (enforced at commit), `annotation` (has no effect on what is valid) or `departure` (texts that
            would be valid but are never generated).
        message: the statement.
        path: where in the constraint; None for the whole.
    """

    kind: str
    message: str
    path: str | None = None

    def __str__(self) -> str:
        where = "" if self.path is None else f" at {self.path}"
        return f"{self.kind}{where}: {self.message}"
