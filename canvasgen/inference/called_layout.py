"""The arrays for conditioning under an automaton with calls: the edges of its frame and of its body, each once.

One row of the recurrence is a vector of F + 1 + S · K numbers: the frame's states, *ended*, then the body's states with
their K callers side by side (a matrix `[S, K]`). Between two positions the calls and returns of `CalledAutomaton` are
followed, which take no token; from one position to the next an edge of the frame moves one number, and an edge of the
body moves a line of K numbers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from canvasgen.inference.layout import Groups, Ints, Longs, Symbols, groups, symbols_of
from canvasgen.tokens import CalledAutomaton

__all__ = ["CalledLayout", "Edges", "build_called_layout"]


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges in three orders: (target, set) by source, (source, set) by target, (source, target) by set."""

    by_source: Groups
    by_target: Groups
    by_set: Groups

    @classmethod
    def of(cls, source: Ints, target: Ints, sets: Ints, states: int, num_sets: int) -> Edges:
        """Arrange edges between states."""
        return cls(
            groups(source, states, target, sets),
            groups(target, states, source, sets),
            groups(sets, num_sets, source, target),
        )


@dataclass(frozen=True, eq=False)
class CalledLayout(Symbols):
    """An automaton with calls and its end tokens, arranged for the recurrence.

    Attributes:
        automaton: F and S states, K callers.
        frame: edges of the frame's states and of *ended*, which has the number F in them.
        body: edges of the body's states.
    """

    automaton: CalledAutomaton
    frame: Edges
    body: Edges

    @property
    def num_frame(self) -> int:
        """F."""
        return self.automaton.frame.num_states

    @property
    def num_callers(self) -> int:
        """K."""
        return self.automaton.num_callers

    @property
    def width(self) -> int:
        """F + 1 + S · K."""
        return self.num_states + 1

    @cached_property
    def ends(self) -> Longs:
        """int64: the accepting states of the body."""
        return np.flatnonzero(self.automaton.body.accepting).astype(np.int64)

    @cached_property
    def calls(self) -> tuple[Longs, Longs]:
        """int64 states of the frame that a call leaves, and its caller."""
        states = np.flatnonzero(self.automaton.call_of >= 0)
        return states, self.automaton.call_of[states].astype(np.int64)

    def distance_of_more(self, later: Ints) -> Ints:
        """As `Layout.distance_of_more`; `later` is the automaton's own, since calls go with no restriction."""
        assert later is self.distance
        return self.automaton.distance_of_more

    # Rows of the recurrence, and numbers of states

    def in_row(self, states: Longs) -> Longs:
        """The places in a row of some states."""
        size = self.num_frame
        return np.where(states == self.ended, size, np.where(states < size, states, states + 1))

    def as_row(self, by_state: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """A vector over the states, *ended* last, as a row."""
        size = self.num_frame
        return np.concatenate([by_state[:size], by_state[-1:], by_state[size:-1]])

    def by_state(self, row: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """A row as a vector over the states, *ended* last."""
        size = self.num_frame
        return np.concatenate([row[:size], row[size + 1 :], row[size : size + 1]])

    # Single states

    def leaving(self, state: int) -> tuple[Longs, Longs]:
        """See `Symbols.leaving`."""
        if state == self.ended:
            return np.array([state]), np.array([self.tail_set])
        targets, sets = self.automaton.leaving(state)
        if not self.automaton.accepting[state]:
            return targets, sets
        return np.append(targets, self.ended), np.append(sets, self.num_sets)

    def entering(self, state: int) -> tuple[Longs, Longs]:
        """int64 sources, ascending, and sets of the edges that lead to a state."""
        automaton, size = self.automaton, self.num_frame
        in_frame = state < size or state == self.ended
        inner, caller = (size if state == self.ended else state, 0) if in_frame else automaton.place(state)
        edges = (self.frame if in_frame else self.body).by_target
        low, high = edges.offsets[inner], edges.offsets[inner + 1]
        nodes, sets = edges.first[low:high].astype(np.int64), edges.second[low:high].astype(np.int64)
        found: list[tuple[Longs, Longs]] = []
        if in_frame:
            found.append((np.where(nodes == size, self.ended, nodes), sets))
            outer, outer_sets = nodes, sets
        else:
            found.append((automaton.inside(nodes, caller), sets))
            callers = np.flatnonzero(automaton.call_of == caller).astype(np.int64)
            calling = sets[nodes == automaton.body_start]
            outer, outer_sets = np.tile(callers, len(calling)), np.repeat(calling, len(callers))
            found.append((outer, outer_sets))
        for caller, behind in enumerate(automaton.returns.tolist()):
            returned = outer_sets[outer == behind]
            if len(returned):
                sources = automaton.inside(self.ends, caller)
                found.append((np.tile(sources, len(returned)), np.repeat(returned, len(sources))))
        sources, sets = (np.concatenate(each) for each in zip(*found, strict=True))
        order = np.argsort(sources, kind="stable")
        return sources[order], sets[order]


def build_called_layout(automaton: CalledAutomaton, end_ids: Sequence[int]) -> CalledLayout:
    """Arrange an automaton with calls for conditioning.

    Raises:
        ModelError: an end id is outside the vocabulary.
    """
    frame, body, sets = automaton.frame, automaton.body, automaton.num_sets
    size = frame.num_states
    accepting = np.flatnonzero(frame.accepting).astype(np.int32)
    source = np.concatenate([frame.source, accepting, [size]]).astype(np.int32)
    target = np.concatenate([frame.target, np.full(len(accepting) + 1, size)]).astype(np.int32)
    frame_sets = np.concatenate([frame.sets, np.full(len(accepting), sets), [sets + 1]]).astype(np.int32)
    return CalledLayout(
        **symbols_of(automaton, end_ids),
        automaton=automaton,
        frame=Edges.of(source, target, frame_sets, size + 1, sets + 2),
        body=Edges.of(body.source, body.target, body.sets, body.num_states, sets + 2),
    )
