"""Which tokens and class sets may stand at which token positions of the whole text.

A text has positions 0, 1, … over all its canvases. What depends on the position never enlarges the automaton: it
multiplies into the weights [L, Z + 2] of the class sets (0 or 1) and into p_i (a fixed token). What is left to know
is how many tokens a state needs to finish *from a position on*,

    D[t, s] = 0                                          if s accepts and the text may end with t tokens,
              1 + min over the edges (s, s', z) of D[t + 1, s'], z open at t   otherwise,

one min-plus sweep backwards from the horizon behind which nothing depends on the position any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import inf

import numpy as np

from canvasgen.inference.known_layouts import layout_of
from canvasgen.inference.layout import AutomatonArrays
from canvasgen.inference.tables import Bools, Ints, Longs
from canvasgen.tokens.lists import breadth_first

__all__ = ["Gate", "Restriction"]

_NEVER = np.int64(1) << 40
_KEPT_EVERY = 256  # rows of D that are remembered, beside those that were asked for


@dataclass(frozen=True, eq=False)
class Gate:
    """Class sets that are open at some positions only.

    Attributes:
        sets: bool[Z + 2], of the text's sets, of {end} and of the tail.
        first, last: the positions where they are open; `last` is None for all from `first` on. An end token that is
            refused at position i means that the text must not end with i tokens.
    """

    sets: Bools
    first: int
    last: int | None = None

    @property
    def behind(self) -> float:
        """The first position behind the last one."""
        return inf if self.last is None else self.last + 1

    @property
    def horizon(self) -> int:
        """From here on the gate does not change."""
        return self.first if self.last is None else self.last + 1


class Restriction:
    """What a constraint says of token positions, over a token automaton of S states and Z class sets.

    Args:
        automaton: whose sets the gates speak of.
        fixed: position in the whole text -> token id of text that stands there. The text may not end before: that is
            a gate as the others, and added here.
        gates: of the class sets.
    """

    def __init__(
        self, automaton: AutomatonArrays, fixed: Mapping[int, int], gates: Sequence[Gate] = ()
    ) -> None:
        self.fixed = dict(sorted(fixed.items()))
        self.num_sets = len(automaton.set_offsets) - 1
        behind_text = np.zeros(self.num_sets + 2, dtype=np.bool_)
        behind_text[self.num_sets :] = True
        last = max(self.fixed, default=-1)
        self.gates = (*gates, *([Gate(behind_text, last + 1)] if self.fixed else []))
        self.horizon = max([last + 1, *(gate.horizon for gate in self.gates)])
        self._automaton = automaton
        self._holding = {token: self._sets_with(token) for token in set(self.fixed.values())}
        self._rows: dict[int, Longs] = {}
        self._reached: dict[int, Bools] = {0: np.arange(automaton.num_states) == automaton.start}
        self._known_moves: dict[tuple[object, ...], tuple[Longs, Longs, Longs, Longs]] = {}

    def closed(self, offset: int, length: int) -> Bools:
        """bool[length, Z + 2]: the sets that may not stand at the positions from `offset` on."""
        positions = np.arange(offset, offset + length)
        closed = np.zeros((length, self.num_sets + 2), dtype=np.bool_)
        for gate in self.gates:
            is_open = (positions >= gate.first) & (positions < gate.behind)
            closed |= ~is_open[:, None] & gate.sets
        return closed

    def fixed_in(self, offset: int, length: int) -> dict[int, int]:
        """The fixed tokens of a canvas, by its own positions."""
        return {p - offset: token for p, token in self.fixed.items() if offset <= p < offset + length}

    def distance(self, position: int) -> Ints:
        """int32[S]: fewest tokens from each state to the end of a text that has `position` tokens so far; -1: none."""
        row = self._row(min(position, self.horizon))
        return np.where(row < _NEVER, row, -1).astype(np.int32)

    def accepts(self, ids: Iterable[int]) -> bool:
        """True if the ids are a complete text (its tokens, at most one end token, then anything) within the
        restriction."""
        text = list(takewhile(lambda token: token not in self._automaton.end_ids, ids))
        if any(p >= len(text) for p in self.fixed):
            return False
        state = self.run(text)
        return state >= 0 and bool(self._may_end(len(text))[state])

    def run(self, ids: Sequence[int]) -> int:
        """The state after the first tokens of a text; -1 if no text within the restriction begins with them."""
        state = self._automaton.start
        for position, token in enumerate(ids):
            state = self.step(state, position, token)
            if state < 0:
                break
        return state

    def step(self, state: int, position: int, token: int) -> int:
        """The state after a token of text at a position; -1 if it cannot stand there."""
        if self.fixed.get(position, token) != token or token in self._automaton.end_ids:
            return -1
        layout = layout_of(self._automaton, self._automaton.end_ids)
        return layout.step(state, token, self.closed(position, 1)[0])

    def reached(self, position: int) -> Bools:
        """bool[S]: the states that some `position` first tokens of a text lead to."""
        known = max(at for at in list(self._reached) if at <= position)
        states = self._reached[known]
        for at in range(known, position):
            states = self._after(states, at)
        self._reached[position] = states
        return states

    def _after(self, states: Bools, position: int) -> Bools:
        """bool[S]: where one token at a position leads to from some states, bool[S]."""
        automaton = self._automaton
        usable = states[automaton.edge_source] & self.usable(position)[automaton.edge_set]
        out = np.zeros_like(states)
        out[automaton.edge_target[usable]] = True
        return out

    def blocked(self) -> int:
        """The first position where nothing can stand, whatever stands before it; -1 if there is none.

        Asked when no text is left, to say where.
        """
        states = self.reached(0)
        for position in range(self.horizon):
            states = self._after(states, position)
            if not states.any():
                return position
        return -1

    def _sets_with(self, token: int) -> Bools:
        automaton = self._automaton
        wanted = -1 if token in automaton.end_ids else int(automaton.class_of_token[token])
        owner = np.repeat(np.arange(self.num_sets), np.diff(automaton.set_offsets))
        out = np.zeros(self.num_sets, dtype=np.bool_)
        if wanted >= 0:
            out[owner[automaton.set_classes == wanted]] = True
        return out

    def usable(self, position: int) -> Bools:
        """bool[Z]: the text's sets that can stand at a position."""
        usable = ~self.closed(position, 1)[0, : self.num_sets]
        token = self.fixed.get(position)
        return usable if token is None else usable & self._holding[token]

    def targets(self, state: int, position: int) -> Ints:
        """int32: the states that a token of text at a position leads to."""
        edges = (self._automaton.edge_source == state) & self.usable(position)[self._automaton.edge_set]
        return self._automaton.edge_target[edges]

    def _may_end(self, length: int) -> Bools:
        """bool[S]: the states in which a text of so many tokens may end."""
        return self._automaton.accepting & ~self.closed(length, 1)[0, self.num_sets]

    def _row(self, position: int) -> Longs:
        if self.horizon not in self._rows:
            self._rows[self.horizon] = self._last_row()
        known = min(at for at in list(self._rows) if at >= position)
        row = self._rows[known]
        for at in range(known - 1, position - 1, -1):
            row = self._row_before(at, row)
            if at % _KEPT_EVERY == 0 or at == position:
                self._rows[at] = row
        return row

    def _last_row(self) -> Longs:
        """D at the horizon, and so behind it."""
        automaton = self._automaton
        usable = self.usable(self.horizon)[automaton.edge_set]
        source, target = (
            np.ascontiguousarray(ends[usable]) for ends in (automaton.edge_source, automaton.edge_target)
        )
        seeds = self._may_end(self.horizon)
        seeds.setflags(write=False)  # as in a lift: one compiled kernel serves both
        found = breadth_first(target, source, seeds)
        return np.where(found < 0, _NEVER, found).astype(np.int64)

    def _row_before(self, position: int, row: Longs) -> Longs:
        """D at a position from D at the next."""
        leaving, borders, target, ends = self._moves(position)
        out = np.full(len(row), _NEVER)
        if len(leaving):
            out[leaving] = np.minimum(np.minimum.reduceat(row[target], borders) + 1, _NEVER)
        out[ends] = 0
        return out

    def _moves(self, position: int) -> tuple[Longs, Longs, Longs, Longs]:
        """What can be done at a position: the states that have an edge, where the edges of each start, the edges'
        targets; and the states where the text may end. Made once for all positions that are alike."""
        alike = (self.fixed.get(position), *(gate.first <= position < gate.behind for gate in self.gates))
        if alike not in self._known_moves:
            automaton = self._automaton
            usable = self.usable(position)[automaton.edge_set]
            sources = automaton.edge_source[usable].astype(np.int64)
            leaving, borders = np.unique(sources, return_index=True)
            target = automaton.edge_target[usable].astype(np.int64)
            self._known_moves[alike] = (leaving, borders, target, np.flatnonzero(self._may_end(position)))
        return self._known_moves[alike]
