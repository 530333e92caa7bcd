"""The ways to read a text as a template: which part of it is in which hole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from canvasgen.constraints.template.braces import Hole
from canvasgen.constraints.texts import Texts

__all__ = ["Readings"]

_Known: TypeAlias = tuple[tuple[str, str], ...]
"""The texts of the holes that occur again later, by name."""


class Readings:
    """The ways to read one text as a template whose pieces are fixed texts and holes.

    What can follow depends on the piece, on the place in the text and on the texts of repeated holes only, so each such
    state is visited once: the time is polynomial in the text's length unless holes repeat.
    """

    def __init__(
        self, pieces: tuple[str | Hole, ...], holes: Mapping[str, Texts], repeated: frozenset[str], text: str
    ) -> None:
        """Prepare to read a text.

        Args:
            pieces: fixed texts and holes, in order.
            holes: by name, the texts that a hole may hold.
            repeated: names of holes that occur several times and hold the same text everywhere.
            text: the text.
        """
        self._pieces = pieces
        self._holes = holes
        self._repeated = repeated
        self._text = text
        self._seen: dict[tuple[int, int, _Known], frozenset[int]] = {}

    def ends(self, start: int) -> frozenset[int]:
        """Return where the readings that begin at a place end."""
        return self._ends(0, start, ())

    def first(self) -> dict[str, str] | None:
        """Return the holes' texts in the reading of the whole text whose early holes are shortest; None if there is none."""
        spans = self.spans()
        return None if spans is None else {name: self._text[start:stop] for name, start, stop in spans}

    def spans(self) -> list[tuple[str, int, int]] | None:
        """Return each occurrence of a hole with the characters that it holds, in that reading, in order."""
        whole = len(self._text)
        if whole not in self.ends(0):
            return None
        found: list[tuple[str, int, int]] = []
        place, known = 0, ()
        for number, piece in enumerate(self._pieces):
            stop, after = next(
                (stop, after)
                for stop, after in self._steps(number, place, known)
                if whole in self._ends(number + 1, stop, after)
            )
            if isinstance(piece, Hole):
                found.append((piece.name, place, stop))
            place, known = stop, after
        return found

    def _ends(self, number: int, place: int, known: _Known) -> frozenset[int]:
        """Return where readings of the pieces from a number on end that begin at a place."""
        if number == len(self._pieces):
            return frozenset((place,))
        key = number, place, known
        if key not in self._seen:
            self._seen[key] = frozenset(
                end
                for stop, after in self._steps(number, place, known)
                for end in self._ends(number + 1, stop, after)
            )
        return self._seen[key]

    def _steps(self, number: int, place: int, known: _Known) -> Iterator[tuple[int, _Known]]:
        """Yield where one piece can end, in increasing order, with what is then known of repeated holes."""
        piece = self._pieces[number]
        fixed = piece if isinstance(piece, str) else dict(known).get(piece.name)
        if fixed is not None:
            if self._text.startswith(fixed, place):
                yield place + len(fixed), known
        elif isinstance(piece, Hole):
            for stop in self._holes[piece.name].ends(self._text, place):
                again = piece.name in self._repeated
                yield stop, (*known, (piece.name, self._text[place:stop])) if again else known

    def obstacle(self) -> str:
        """Return which piece does not fit in the reading that comes furthest, and where."""
        at, place = 0, 0
        for number, stop in self._reached():
            if number > at or stop > place:
                at, place = number, stop
        if at >= len(self._pieces):
            return f"it goes on behind the end, at character {place}"
        piece = self._pieces[at]
        what = repr(piece) if isinstance(piece, str) else f"the hole {{{piece.name}}}"
        return f"{what} does not fit at character {place}"

    def _reached(self) -> Iterator[tuple[int, int]]:
        """Yield each number of pieces with each place at which they can end, repeated holes taken as different ones."""
        places = {0}
        for number in range(len(self._pieces)):
            yield from ((number, place) for place in places)
            places = {stop for place in places for stop, _ in self._steps(number, place, ())}
        yield from ((len(self._pieces), place) for place in places)
