"""Constraints that are led by first drafts: what is free at first, and what is written then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from canvasgen.constraints.texts import Texts

__all__ = ["Drafting", "drafting_of"]


@dataclass(frozen=True)
class Drafting:
    """How a constraint is led by drafts.

    Attributes:
        loose: the texts that are drafted; they need not be valid, and none is committed.
        led: the same constraint with other texts that are generated, from drafts (or beginnings of some); all of them are
            valid, as the constraint's own are. Raises `ConstraintTooLarge`.
    """

    loose: Texts
    led: Callable[[Sequence[str]], Texts]


@runtime_checkable
class HasDrafting(Protocol):
    """A constraint that may be led by drafts."""

    @property
    def drafting(self) -> Drafting | None:
        """None if it is not."""
        ...


def drafting_of(constraint: object) -> Drafting | None:
    """Return how a constraint is led by drafts; None if it is not."""
    return constraint.drafting if isinstance(constraint, HasDrafting) else None
