"""The beginning of a text, cut by the pieces of its form: what a draft has of a template or table that is not whole yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Protocol

from canvasgen.automata import DEAD
from canvasgen.constraints.texts import Texts

__all__ = ["Fixed", "Free", "Listed", "Piece", "beginning", "begins"]


class Piece(Protocol):
    """One part of a form: which texts of it stand at a place of a longer text."""

    def ends(self, text: str, start: int) -> Sequence[int]:
        """Return where its texts that begin at a place can end, the preferred end first."""
        ...

    def is_begun(self, text: str, start: int) -> bool:
        """Return whether what is left of a text from a place on is the beginning of one of its texts."""
        ...


class Fixed:
    """A piece with one text."""

    def __init__(self, fixed: str) -> None:
        self.fixed = fixed

    def ends(self, text: str, start: int) -> Sequence[int]:
        """As `Piece.ends`."""
        return (start + len(self.fixed),) if text.startswith(self.fixed, start) else ()

    def is_begun(self, text: str, start: int) -> bool:
        """As `Piece.is_begun`."""
        return self.fixed.startswith(text[start:])


class Listed:
    """A piece with some texts, the longest of them preferred."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts

    def ends(self, text: str, start: int) -> Sequence[int]:
        """As `Piece.ends`."""
        found = {start + len(one) for one in self.texts if text.startswith(one, start)}
        return sorted(found, reverse=True)

    def is_begun(self, text: str, start: int) -> bool:
        """As `Piece.is_begun`."""
        rest = text[start:]
        return any(one.startswith(rest) for one in self.texts)


class Free:
    """A piece with the texts of a constraint, perhaps behind a fixed text."""

    def __init__(self, constraint: Texts, *, lead: str = "", shortest: bool = False) -> None:
        """Take the texts of a constraint.

        Args:
            constraint: the constraint.
            lead: what stands before each text.
            shortest: whether the shortest text is preferred; else the longest.
        """
        self.constraint = constraint
        self.lead = lead
        self.shortest = shortest

    def ends(self, text: str, start: int) -> Sequence[int]:
        """As `Piece.ends`."""
        if not text.startswith(self.lead, start):
            return ()
        found = self.constraint.ends(text, start + len(self.lead))
        return found if self.shortest else found[::-1]

    def is_begun(self, text: str, start: int) -> bool:
        """As `Piece.is_begun`."""
        rest = text[start:]
        if len(rest) < len(self.lead):
            return self.lead.startswith(rest)
        return rest.startswith(self.lead) and begins(self.constraint, rest[len(self.lead) :])


def begins(constraint: Texts, text: str) -> bool:
    """Return whether a text is the beginning of one that the constraint generates."""
    return constraint.automaton.run(text.encode("utf-8", "surrogatepass")) != DEAD


def beginning(pieces: Sequence[Piece], text: str) -> list[tuple[int, int, int]]:
    """Return the pieces that a text, or the beginning of one, is made of: number, start and stop, in order.

    The last one may be cut off with the text. Depth-first search, each piece with its preferred end first; places from
    which the rest cannot be read are remembered, so the time is polynomial. Empty if there is no reading.
    """
    starts: list[int] = []
    stops: list[Iterator[int]] = []
    failed: set[tuple[int, int]] = set()

    def take(start: int) -> None:
        stops.append(iter(pieces[len(starts)].ends(text, start)))
        starts.append(start)

    if pieces:
        take(0)
    while starts:
        last = len(starts) - 1
        stop = next((one for one in stops[-1] if (last + 1, one) not in failed), None)
        if stop == len(text) or (stop is None and pieces[last].is_begun(text, starts[-1])):
            return [*zip(count(), starts, [*starts[1:], len(text)])]  # further pieces have not begun
        if stop is None:
            failed.add((last, starts.pop()))
            stops.pop()
        elif last + 1 < len(pieces):
            take(stop)
    return []
