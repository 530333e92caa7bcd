"""Where a canvas stands in its text: what is written before it, and how many tokens it and what follows may take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Budget", "Prefix"]


@dataclass(frozen=True)
class Prefix:
    """The text before a canvas.

    Attributes:
        ids: its token ids.
        state: the token automaton's state after them; None at the start of the text, and without an automaton.
    """

    ids: tuple[int, ...] = ()
    state: int | None = None

    def __len__(self) -> int:
        """Its tokens."""
        return len(self.ids)

    def then(self, ids: Iterable[int], state: int | None) -> Prefix:
        """The text with more tokens behind it; `state` is the automaton's after them."""
        return Prefix((*self.ids, *ids), state)


@dataclass(frozen=True)
class Budget:
    """The tokens that a text may still take.

    Attributes:
        here: positions of the canvas that are within the budget, its first ones.
        after: tokens that remain after the canvas; 0 if it must hold the whole rest of the text.
    """

    here: int
    after: int = 0

    @classmethod
    def of(cls, tokens: int, canvas_length: int) -> Budget:
        """The budget of the next canvas of `canvas_length` positions, if so many tokens are left."""
        here = min(canvas_length, tokens)
        return cls(here, tokens - here)
