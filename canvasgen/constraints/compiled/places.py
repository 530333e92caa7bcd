"""What can be said of token positions: tokens at a position, a phrase that first occurs in a window of them."""

from __future__ import annotations

from dataclasses import dataclass

from canvasgen.constraints.texts import Place

__all__ = ["FixedAt", "NearPosition"]


@dataclass(frozen=True)
class FixedAt(Place):
    """From `position` on stand the tokens of a text, or one token of a given id."""

    position: int
    content: str | int


@dataclass(frozen=True)
class NearPosition(Place):
    """The first occurrence of a text is completed by a token at one of `first`..`last`."""

    content: str
    first: int
    last: int
