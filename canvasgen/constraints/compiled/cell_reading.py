"""The cells that the beginning of a text contains, as every way to read it has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from canvasgen.automata import DEAD, DFA
from canvasgen.automata.private_bytes import CELL_BORDER

__all__ = ["Reader", "Reading"]

_MOST = 64
"""Readings of one text that are told apart."""

_At = tuple[int, tuple[int, ...]]
"""A state of the marked automaton, and where the borders before it are."""


@dataclass(frozen=True)
class Reading:
    """One way to read the beginning of a text.

    Attributes:
        known: by cell, the number of the value that it has.
        begun: the cell in which the text ends, and what of it is written; None if it ends between cells.
    """

    known: Mapping[int, int]
    begun: tuple[int, bytes] | None


class Reader:
    """Reads texts with the marked automaton.

    Args:
        marked: its language has a border at both ends of each cell.
        values: by cell, text to the number of the value.
    """

    def __init__(self, marked: DFA, values: Sequence[Mapping[bytes, int]]) -> None:
        self._marked = marked
        self._values = values

    def readings(self, content: bytes) -> list[Reading] | None:
        """Return the ways to read the beginning of a text, those with the fewest finished cells first.

        None if there are more than 64.
        """
        if not content:
            return [Reading({}, None)]
        found = self._closure([(0, ())], 0)
        for at, byte in enumerate(content, 1):
            moved = [
                (further, borders)
                for place, borders in found
                if (further := self._marked.step(place, byte)) != DEAD
            ]
            found = self._closure(moved, at)
            if len(found) > 2 * _MOST:
                return None
        readings = [self._reading(content, borders) for _, borders in found]
        readings.sort(key=lambda one: (len(one.known), one.begun is not None))
        return readings if len(readings) <= _MOST else None

    def _closure(self, found: list[_At], at: int) -> list[_At]:
        """With the borders that may be at a place."""
        queue = list(dict.fromkeys(found))
        for place, borders in queue:
            further = self._marked.step(place, CELL_BORDER)
            if further != DEAD:
                queue.append((further, (*borders, at)))
        return queue

    def _reading(self, content: bytes, borders: tuple[int, ...]) -> Reading:
        known = {
            cell: self._values[cell][content[borders[2 * cell] : borders[2 * cell + 1]]]
            for cell in range(len(borders) // 2)
        }
        begun = (len(borders) // 2, content[borders[-1] :]) if len(borders) % 2 else None
        return Reading(known, begun)
