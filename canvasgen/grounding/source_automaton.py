"""The automaton of all runs of pieces in some sequences: a suffix automaton over the pieces, written out in bytes.

A suffix automaton of n symbols has at most 2n - 1 states and 3n - 4 transitions, and reading a run of symbols leads to
the state of the places where the run ends (Blumer et al. 1985, "The smallest automaton recognizing the subwords of a
text"; built symbol by symbol as there). Several sequences are one sequence with a separator that no run contains. Where
several symbols leave a state, their bytes share a trie, so that the automaton over bytes is deterministic as well: at
most two states a symbol and one a byte of each transition.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from canvasgen.automata import DFA, EMPTY, Expr, from_dfa
from canvasgen.automata.compiler import minimal
from canvasgen.grounding.source_pieces import Piece
from canvasgen.limits import hold, step

__all__ = ["factors"]

SEPARATOR = -1
_STATE_BYTES, _ENTRY_BYTES = 400, 100
"""Of a state, and of what is kept for each symbol or place of it, for the account of the request."""


class _SuffixAutomaton:
    """A suffix automaton over whole numbers; state 0 is the start.

    Attributes:
        next: by state, the state after each symbol.
        last: by state, the symbol that every run to it ends with.
    """

    def __init__(self) -> None:
        self.next: list[dict[int, int]] = [{}]
        self.last: list[int] = [SEPARATOR]
        self._length = [0]
        self._link = [-1]
        self._end = 0

    def add(self, symbol: int) -> None:
        """Append a symbol to the text."""
        new = self._state({}, symbol, self._length[self._end] + 1, 0)
        at = self._end
        while at >= 0 and symbol not in self.next[at]:
            self.next[at][symbol] = new
            at = self._link[at]
        if at >= 0:
            self._link[new] = self._split(at, symbol)
        self._end = new

    def _split(self, at: int, symbol: int) -> int:
        """Return the state of the longest run that ends here and was there before, made if there is none."""
        old = self.next[at][symbol]
        if self._length[at] + 1 == self._length[old]:
            return old
        copy = self._state(dict(self.next[old]), symbol, self._length[at] + 1, self._link[old])
        while at >= 0 and self.next[at].get(symbol) == old:
            self.next[at][symbol] = copy
            at = self._link[at]
        self._link[old] = copy
        return copy

    def _state(self, following: dict[int, int], last: int, length: int, link: int) -> int:
        hold(_STATE_BYTES + _ENTRY_BYTES * len(following))
        self.next.append(following)
        self.last.append(last)
        self._length.append(length)
        self._link.append(link)
        return len(self.next) - 1


def factors(sequences: Sequence[Sequence[Piece]]) -> Expr:
    """Return the language of the runs of pieces that begin with a piece that may begin and end with one that may end.

    A piece that breaks is in no run; equal pieces may differ in whether they begin or end a run.
    """
    numbers: dict[Piece, int] = {}
    runs = _SuffixAutomaton()
    for sequence in sequences:
        for piece in sequence:
            runs.add(SEPARATOR if piece.breaks else numbers.setdefault(piece, len(numbers)))
        runs.add(SEPARATOR)
    return _in_bytes(runs, list(numbers))


def _in_bytes(runs: _SuffixAutomaton, symbols: list[Piece]) -> Expr:
    """Return the language of a suffix automaton with each symbol written as its bytes.

    Symbols of the same bytes that leave one state lead to different states; they are followed together.
    """
    encoded = [piece.text.encode("utf-8") for piece in symbols]
    # A state over bytes: the places inside of symbols, each the state behind the symbol, the symbol and how far it is read;
    # (state, -1, 0) is a state between two symbols.
    start = frozenset(((0, -1, 0),))
    numbers = {start: 0}
    queue = [start]
    rows: list[dict[int, int]] = []
    accepting: list[bool] = []
    for here in queue:
        opened = _opened(here, runs, symbols)
        step(len(opened))
        following: dict[int, set[tuple[int, int, int]]] = {}
        for target, symbol, read in opened:
            content = encoded[symbol]
            is_whole = read + 1 == len(content)
            place = (target, -1, 0) if is_whole else (target, symbol, read + 1)
            following.setdefault(content[read], set()).add(place)
        row: dict[int, int] = {}
        for byte, places in sorted(following.items()):
            there = frozenset(places)
            if there not in numbers:
                hold(_STATE_BYTES + _ENTRY_BYTES * len(there))
                numbers[there] = len(numbers)
                queue.append(there)
            row[byte] = numbers[there]
        rows.append(row)
        accepting.append(
            any(symbol < 0 and state > 0 and symbols[runs.last[state]].ends for state, symbol, _ in here)
        )
    return _automaton(rows, accepting)


def _opened(
    places: frozenset[tuple[int, int, int]], runs: _SuffixAutomaton, symbols: list[Piece]
) -> list[tuple[int, int, int]]:
    """Return the places inside of symbols where the next byte may be read."""
    found: list[tuple[int, int, int]] = []
    for state, symbol, read in places:
        if symbol >= 0:
            found.append((state, symbol, read))
            continue
        found += [
            (target, one, 0)
            for one, target in runs.next[state].items()
            if one != SEPARATOR and (state > 0 or symbols[one].begins)
        ]
    return found


def _automaton(rows: list[dict[int, int]], accepting: list[bool]) -> Expr:
    offsets = np.zeros(len(rows) + 1, np.int32)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    on = np.fromiter((byte for row in rows for byte in row), np.int32, int(offsets[-1]))
    target = np.fromiter((one for row in rows for one in row.values()), np.int32, int(offsets[-1]))
    if not any(accepting):
        return EMPTY
    dfa: DFA = minimal(offsets, on, on.copy(), target, np.array(accepting, np.bool_))
    return from_dfa(dfa)
