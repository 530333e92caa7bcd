"""Constraints whose texts take values from a source, between whose places there are relations.

Where a value stands in a source is no property of an automaton's states. So the automaton has the texts of all values, and
what violates the relations is cut away (`compiled/span_belief`).
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from canvasgen.automata import Expr

__all__ = ["HasRelatedTexts", "RelatedTexts", "related_in"]


class RelatedTexts(Protocol):
    """The relations of a constraint."""

    def hold(self, text: str) -> bool:
        """Return whether a text of the constraint satisfies them.

        Raises:
            TimeLimit: there are too many places to find out.
        """
        ...

    def cut(self, texts: Expr, text: str) -> list[Expr]:
        """Return the cut of a set at a text that violates them.

        Smaller sets, which together hold every text of the set that satisfies them, and not this text.
        """
        ...


@runtime_checkable
class HasRelatedTexts(Protocol):
    """A constraint that may have relations."""

    @property
    def related_texts(self) -> RelatedTexts | None:
        """None if there are none."""
        ...


def related_in(constraint: object) -> RelatedTexts | None:
    """Return the relations of a constraint; None if it has none, or leaves them to its validator."""
    return constraint.related_texts if isinstance(constraint, HasRelatedTexts) else None
