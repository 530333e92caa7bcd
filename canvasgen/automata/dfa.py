"""The deterministic byte automaton: partial, trim, minimal, canonically numbered, in arrays of ranges."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from canvasgen.errors import InvalidConstraint

__all__ = ["DEAD", "DFA", "Bools", "Bytes", "Ints"]

Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

DEAD = -1
"""What `step` and `run` return where there is no transition."""


@dataclass(frozen=True, eq=False)
class DFA:
    """A deterministic automaton over bytes with S states and R range transitions.

    State 0 is the start. The transitions of state s are rows `offsets[s]:offsets[s + 1]`: on a byte in
    `low[r]..high[r]` (inclusive) go to `target[r]`. They are sorted, disjoint, and neighbours with one
    target are merged. Automata made by `canvasgen.automata` are trim (every state lies on some path from the
    start to an accepting state), minimal, and numbered in breadth-first order over increasing bytes: equal
    languages have equal arrays. The empty language is one state with no transition that does not accept.

    Attributes:
        offsets: int32 [S + 1].
        low, high: uint8 [R].
        target: int32 [R].
        accepting: bool [S].

    Raises:
        InvalidConstraint: the arrays contradict the above (trimness, minimality and numbering are not
            checked).
    """

    offsets: Ints
    low: Bytes
    high: Bytes
    target: Ints
    accepting: Bools

    def __post_init__(self) -> None:
        for name, dtype in _DTYPES.items():
            array = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        problem = self._problem()
        if problem is not None:
            raise InvalidConstraint(
                f"not the arrays of an automaton: {problem}",
                rule="DFA",
                remedy="take them from DFA.to_arrays()",
            )

    def _problem(self) -> str | None:
        states, rows = self.accepting.size, self.target.size
        if any(getattr(self, name).ndim != 1 for name in _DTYPES):
            return "an array is not one-dimensional"
        if states == 0 or self.offsets.size != states + 1 or self.low.size != rows or self.high.size != rows:
            return "the lengths of the arrays do not fit together"
        if (
            self.offsets[0] != 0
            or self.offsets[-1] != rows
            or bool(np.any(self.offsets[1:] < self.offsets[:-1]))
        ):
            return "the offsets do not run from 0 upwards to the number of transitions"
        if rows == 0:
            return None
        if self.target.min() < 0 or self.target.max() >= states:
            return "a target is no state"
        if bool(np.any(self.low > self.high)):
            return "a range runs backwards"
        follows = np.ones(rows, dtype=np.bool_)
        follows[self.offsets[:-1][self.offsets[:-1] < rows]] = False
        if bool(np.any(self.low[1:][follows[1:]] <= self.high[:-1][follows[1:]])):
            return "the ranges of a state overlap or are not sorted"
        return None

    # -- size --------------------------------------------------------------------------------------

    @property
    def num_states(self) -> int:
        """The number of states S."""
        return self.accepting.size

    @property
    def num_transitions(self) -> int:
        """The number of range transitions R."""
        return self.target.size

    @property
    def num_bytes(self) -> int:
        """Bytes of the arrays."""
        return 5 * self.num_states + 6 * self.num_transitions

    @property
    def is_empty(self) -> bool:
        """True if no byte string is accepted; every state of an automaton reaches acceptance, so one look tells."""
        return len(self.target) == 0 and not bool(self.accepting[0])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DFA):
            return NotImplemented
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in _DTYPES)

    def __hash__(self) -> int:
        return hash(self._digest)

    def __repr__(self) -> str:
        return f"<DFA of {self.num_states} states and {self.num_transitions} transitions>"

    # -- running -----------------------------------------------------------------------------------

    @cached_property
    def _rows(self) -> tuple[list[int], list[int], list[int], list[int]]:
        """Offsets, low, high, target as lists of plain ints."""
        return self.offsets.tolist(), self.low.tolist(), self.high.tolist(), self.target.tolist()

    def step(self, state: int, byte: int) -> int:
        """Return the state after reading `byte` in `state`; DEAD (-1) if there is none."""
        offsets, low, high, target = self._rows
        row = bisect_right(low, byte, offsets[state], offsets[state + 1]) - 1
        return target[row] if row >= offsets[state] and byte <= high[row] else DEAD

    def run(self, data: bytes, state: int = 0) -> int:
        """Return the state after reading `data` from `state`; DEAD (-1) if there is none, or from DEAD."""
        for byte in data:
            if state == DEAD:
                break
            state = self.step(state, byte)
        return state

    def accepts(self, data: bytes) -> bool:
        """Return True if the whole byte string belongs to the language."""
        state = self.run(data)
        return state != DEAD and bool(self.accepting[state])

    def has_one_way_on(self, state: int) -> bool:
        """Return True if exactly one byte string leads from a state to acceptance; of an automaton that is trim."""
        offsets, low, high, target = self._rows
        for _ in range(self.num_states):
            row, end = offsets[state], offsets[state + 1]
            if row == end:
                return bool(self.accepting[state])
            if self.accepting[state] or end - row > 1 or low[row] != high[row]:
                return False
            state = target[row]
        return False

    def fixed_bytes(self, state: int) -> int:
        """Return how many bytes from a state on are the same in all strings; of an automaton that is trim."""
        offsets, low, high, target = self._rows
        count = 0
        while count < self.num_states and not self.accepting[state]:
            row, end = offsets[state], offsets[state + 1]
            if end - row != 1 or low[row] != high[row]:
                break
            state, count = target[row], count + 1
        return count

    # -- the language ------------------------------------------------------------------------------

    @cached_property
    def _sources(self) -> Ints:
        """int32 [R]: the state that each transition leaves."""
        return np.repeat(np.arange(self.num_states, dtype=np.int32), np.diff(self.offsets))

    @cached_property
    def _distances(self) -> Ints:
        distance = np.where(self.accepting, 0, -1).astype(np.int32)
        order = np.argsort(self.target, kind="stable")
        sources = self._sources[order]
        starts = np.searchsorted(self.target[order], np.arange(self.num_states + 1)).tolist()
        queue: list[int] = np.flatnonzero(self.accepting).tolist()
        before: list[int] = sources.tolist()
        known: list[int] = distance.tolist()
        for state in queue:
            for source in before[starts[state] : starts[state + 1]]:
                if known[source] < 0:
                    known[source] = known[state] + 1
                    queue.append(source)
        result = np.array(known, dtype=np.int32)
        result.setflags(write=False)
        return result

    def distances(self) -> Ints:
        """int32 [S]: the fewest bytes from each state to an accepting one; -1 if there is no way."""
        return self._distances

    @property
    def shortest_length(self) -> int | None:
        """The length in bytes of the shortest string; None for the empty language."""
        distance = int(self.distances()[0])
        return None if distance < 0 else distance

    def shortest(self) -> bytes | None:
        """Return the first string in order of length, then of bytes; None for the empty language."""
        if self.is_empty:
            return None
        offsets, low, _, target = self._rows
        distance: list[int] = self._distances.tolist()
        state, found = 0, bytearray()
        while distance[state]:
            row = next(
                r
                for r in range(offsets[state], offsets[state + 1])
                if distance[target[r]] == distance[state] - 1
            )
            found.append(low[row])
            state = target[row]
        return bytes(found)

    @cached_property
    def topological(self) -> list[int] | None:
        """All states, each before those that it leads to (Kahn 1962); None if there is a cycle."""
        arrivals = np.bincount(self.target, minlength=self.num_states).tolist()
        offsets, _, _, target = self._rows
        queue = [state for state, count in enumerate(arrivals) if count == 0]
        for state in queue:
            for row in range(offsets[state], offsets[state + 1]):
                arrivals[target[row]] -= 1
                if arrivals[target[row]] == 0:
                    queue.append(target[row])
        return queue if len(queue) == self.num_states else None

    @property
    def is_finite(self) -> bool:
        """True if the language is finite: the automaton (which is trim) has no cycle."""
        return self.topological is not None

    def strings(self, most: int) -> list[bytes] | None:
        """Return every string of the language, in order of length, then of bytes; None if there are more than `most`.

        Counting takes one pass over the transitions, so a large or infinite language is found out at once.
        """
        if self.topological is None:
            return None
        offsets, low, high, target = self._rows
        ways = [int(flag) for flag in self.accepting]  # to accept from each state, or `most` + 1
        for state in reversed(self.topological):
            for row in range(offsets[state], offsets[state + 1]):
                ways[state] += (high[row] - low[row] + 1) * ways[target[row]]
            ways[state] = min(ways[state], most + 1)
        if ways[0] > most:
            return None
        found: list[bytes] = []
        stack: list[tuple[int, bytes]] = [(0, b"")]
        while stack:
            state, prefix = stack.pop()
            if self.accepting[state]:
                found.append(prefix)
            for row in range(offsets[state], offsets[state + 1]):
                if ways[target[row]]:
                    stack += [(target[row], prefix + bytes((b,))) for b in range(low[row], high[row] + 1)]
        return sorted(found, key=lambda string: (len(string), string))

    def byte_classes(self) -> tuple[Bytes, int]:
        """Return the coarsest partition of the 256 bytes that no state tells apart.

        Returns:
            uint8 [256], the class of each byte, numbered by first occurrence, and the number of classes K.
        """
        starts = np.zeros(257, dtype=np.bool_)
        starts[0] = True
        starts[self.low] = True
        starts[self.high.astype(np.int32) + 1] = True
        classes = np.empty(256, dtype=np.uint8)
        known: dict[tuple[bytes, bytes], int] = {}
        bounds: list[int] = np.flatnonzero(starts[:256]).tolist()
        for first, after in zip(bounds, [*bounds[1:], 256], strict=True):
            rows = (self.low <= first) & (self.high >= first)
            key = (self._sources[rows].tobytes(), self.target[rows].tobytes())
            classes[first:after] = known.setdefault(key, len(known))
        return classes, len(known)

    # -- identity and storage ----------------------------------------------------------------------

    @cached_property
    def _digest(self) -> str:
        digest = hashlib.sha256(b"canvasgen DFA 1")
        for name in _DTYPES:
            array = getattr(self, name)
            digest.update(array.size.to_bytes(8, "little"))
            digest.update(array.tobytes())
        return digest.hexdigest()

    def fingerprint(self) -> str:
        """SHA-256 of the arrays in hex: equal for equal languages and for no others."""
        return self._digest

    def key(self) -> str:
        """A name for caches: equal only for equal languages, and found without writing the arrays of large repeats."""
        return self._digest

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the five arrays by name, for `np.savez` and `from_arrays`."""
        return {name: getattr(self, name) for name in _DTYPES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> DFA:
        """Return the automaton of `to_arrays`.

        Raises:
            InvalidConstraint: an array is missing, or they are not those of an automaton.
        """
        missing = [name for name in _DTYPES if name not in arrays]
        if missing:
            raise InvalidConstraint(
                f"not the arrays of an automaton: {', '.join(missing)} missing",
                rule="DFA",
                remedy="take them from DFA.to_arrays()",
            )
        return cls(**{name: np.asarray(arrays[name]) for name in _DTYPES})


_DTYPES: dict[str, type[Any]] = {
    "offsets": np.int32,
    "low": np.uint8,
    "high": np.uint8,
    "target": np.int32,
    "accepting": np.bool_,
}
