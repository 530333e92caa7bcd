"""A language that stands at several places of another one, as two automata: the frame reads one private byte for it.

    frame:  {"name": "␀", "city": "␀"}        body:  the texts that ␀ stands for

The copied automaton has the body's states once for each place; these two have them once. They can be put together
without a choice (`is_deterministic`) if the next byte always tells whether the body begins, goes on or is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from canvasgen.automata.dfa import DEAD, DFA, Ints
from canvasgen.automata.private_bytes import CALL

__all__ = ["CalledLanguage", "Place"]

Place = tuple[int, int]
"""A state of the frame and -1; or the frame's state behind a body and the body's state."""

_LONGEST_WAY = 4096
"""Bytes that are followed to see whether a text can only go on in one way."""


@dataclass(frozen=True, eq=False)
class CalledLanguage:
    """The texts of a frame with a text of the body in the place of each `CALL`.

    Attributes:
        frame: reads `CALL` where the body stands.
        body: without the empty text.
    """

    frame: DFA
    body: DFA

    @cached_property
    def calls(self) -> list[tuple[int, int]]:
        """The frame's states before and behind the body."""
        before = np.repeat(np.arange(self.frame.num_states), np.diff(self.frame.offsets))[self._is_call]
        return list(zip(before.tolist(), self.frame.target[self._is_call].tolist(), strict=True))

    @cached_property
    def _is_call(self) -> Ints:
        return (self.frame.low == CALL) & (self.frame.high == CALL)

    @cached_property
    def _behind(self) -> dict[int, int]:
        return dict(self.calls)

    @property
    def num_callers(self) -> int:
        """K, the places where the body stands: the states behind it."""
        return len(set(self._behind.values()))

    @property
    def copied_states(self) -> int:
        """About the states of the automaton with copies."""
        return self.frame.num_states + self.num_callers * self.body.num_states

    @cached_property
    def own(self) -> DFA:
        """The frame without its calls; not trim."""
        kept = ~self._is_call
        before = np.concatenate([[0], np.cumsum(kept)])
        frame = self.frame
        return DFA(
            before[frame.offsets].astype(np.int32),
            frame.low[kept],
            frame.high[kept],
            frame.target[kept],
            frame.accepting,
        )

    @property
    def is_deterministic(self) -> bool:
        """Whether every text is read in one way only, one byte after the other."""
        inside = (self.own.low <= CALL) & (self.own.high >= CALL)
        if self.body.accepting[0] or bool(inside.any()):
            return False
        begins = set(self._bytes(self.body, 0))
        ends = np.flatnonzero(self.body.accepting).tolist()
        goes_on = {byte for state in ends for byte in self._bytes(self.body, state)}
        for before in self._behind:
            if begins & set(self._bytes(self.own, before)):
                return False
        for behind in set(self._behind.values()):
            follows = set(self._bytes(self.own, behind)) | (begins if behind in self._behind else set[int]())
            if goes_on & follows:
                return False
        return True

    @staticmethod
    def _bytes(dfa: DFA, state: int) -> list[int]:
        rows = range(int(dfa.offsets[state]), int(dfa.offsets[state + 1]))
        return [byte for row in rows for byte in range(int(dfa.low[row]), int(dfa.high[row]) + 1)]

    @cached_property
    def used_bytes(self) -> set[int]:
        """The bytes of the texts."""
        return {
            byte
            for dfa in (self.own, self.body)
            for low, high in set(zip(dfa.low.tolist(), dfa.high.tolist(), strict=True))
            for byte in range(low, high + 1)
        }

    # Reading

    def _around(self, place: Place) -> list[Place]:
        """All places that a place is: those behind a body that may end, and those where one may begin."""
        found = [place]
        for outer, inner in found:
            if inner >= 0 and self.body.accepting[inner]:
                found.append((outer, -1))
            elif inner < 0 and outer in self._behind:
                found.append((self._behind[outer], 0))
        return found

    def step(self, place: Place, byte: int) -> Place | None:
        """Return the place after a byte; None if there is none."""
        for outer, inner in self._around(place):
            after = self.own.step(outer, byte) if inner < 0 else self.body.step(inner, byte)
            if after != DEAD:
                return (after, -1) if inner < 0 else (outer, after)
        return None

    def run(self, data: bytes) -> Place | None:
        """Return the place after a text; None if no text begins so."""
        place: Place | None = (0, -1)
        for byte in data:
            place = None if place is None else self.step(place, byte)
        return place

    def accepts(self, data: bytes) -> bool:
        """Return True if the whole byte string belongs to the language."""
        place = self.run(data)
        return place is not None and self._may_end(place)

    def _may_end(self, place: Place) -> bool:
        return any(inner < 0 and self.frame.accepting[outer] for outer, inner in self._around(place))

    def has_one_way_on(self, place: Place) -> bool:
        """Return True if exactly one byte string leads from a place to the end; False if that is far."""
        for _ in range(_LONGEST_WAY):
            ways = [
                byte
                for outer, inner in self._around(place)
                for byte in (self._bytes(self.own, outer) if inner < 0 else self._bytes(self.body, inner))[:2]
            ]
            if not ways:
                return self._may_end(place)
            if len(ways) > 1 or self._may_end(place):
                return False
            after = self.step(place, ways[0])
            assert after is not None
            place = after
        return False
