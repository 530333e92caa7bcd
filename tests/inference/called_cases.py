"""Small automata with calls, and what they mean by a simulation with a stack; canvases to condition under them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from hypothesis import strategies as st
from inference_oracle import Problem, TableAutomaton

from canvasgen.tokens import CalledAutomaton, TokenAutomaton, linked

Place = tuple[int, int]
"""A state of the frame and -1; or a caller and a state of the body."""


def token_automaton(table: np.ndarray, accepting: np.ndarray, end_ids: tuple[int, ...]) -> TokenAutomaton:
    """From a (states x tokens) table."""
    one = TableAutomaton(table, accepting, end_ids)
    names = ("class_of_token", "num_classes", "edge_source", "edge_target", "edge_set", "set_offsets")
    return TokenAutomaton(
        start=0,
        set_classes=one.set_classes,
        accepting=accepting,
        distance=one.distance,
        end_ids=end_ids,
        **{name: getattr(one, name) for name in names},
    )


@dataclass(frozen=True, eq=False)
class Tables:
    """An automaton with calls by (states x tokens) tables; `calls[q]` is the frame's state behind the call, or -1."""

    frame: np.ndarray
    frame_accepting: np.ndarray
    body: np.ndarray
    body_accepting: np.ndarray
    calls: np.ndarray
    end_ids: tuple[int, ...]

    @property
    def firsts(self) -> np.ndarray:
        """bool `[V]`: what a body may begin with."""
        return self.body[0] >= 0

    @property
    def furthers(self) -> np.ndarray:
        """bool `[V]`: what a body may go on with where it may also end."""
        return (self.body[self.body_accepting] >= 0).any(axis=0)


class CalledTable(CalledAutomaton):
    """A `CalledAutomaton` that knows what it should do."""

    tables: Tables

    @classmethod
    def of(cls, tables: Tables) -> CalledTable:
        frame = token_automaton(tables.frame, tables.frame_accepting, tables.end_ids)
        body = token_automaton(tables.body, tables.body_accepting, tables.end_ids)
        calls = [(q, behind) for q, behind in enumerate(tables.calls.tolist()) if behind >= 0]
        made = linked(frame, body, calls)
        one = cls(**{field.name: getattr(made, field.name) for field in fields(CalledAutomaton)})
        object.__setattr__(one, "tables", tables)
        return one

    def over(self, size: int) -> CalledTable:
        """The same with more tokens, which are no text."""
        tables, more = self.tables, size - self.tables.frame.shape[1]
        frame, body = (
            np.pad(one, ((0, 0), (0, more)), constant_values=-1) for one in (tables.frame, tables.body)
        )
        return self.of(
            Tables(frame, tables.frame_accepting, body, tables.body_accepting, tables.calls, tables.end_ids)
        )

    @cached_property
    def places(self) -> list[Place]:
        """What each state stands for."""
        callers = sorted({behind for behind in self.tables.calls.tolist() if behind >= 0})
        inside = [(behind, s) for s in range(len(self.tables.body)) for behind in callers]
        return [*((q, -1) for q in range(len(self.tables.frame))), *inside]

    def around(self, place: Place) -> set[Place]:
        """All places that a place is, since calls and returns take no token."""
        tables, found, waiting = self.tables, {place}, [place]
        while waiting:
            outer, inner = waiting.pop()
            more: list[Place] = []
            if inner < 0 and tables.calls[outer] >= 0:
                more.append((int(tables.calls[outer]), 0))
            if inner >= 0 and tables.body_accepting[inner]:
                more.append((outer, -1))
            waiting += [one for one in more if one not in found]
            found |= set(more)
        return found

    @cached_property
    def table(self) -> np.ndarray:
        """int `[states, V]`: the state after each token, or -1; one way at most, or the automaton is ambiguous."""
        out = np.full((len(self.places), self.tables.frame.shape[1]), -1)
        number = {place: n for n, place in enumerate(self.places)}
        for n, place in enumerate(self.places):
            for outer, inner in self.around(place):
                row = self.tables.frame[outer] if inner < 0 else self.tables.body[inner]
                for token in np.flatnonzero(row >= 0).tolist():
                    assert out[n, token] < 0, "the automaton is ambiguous"
                    to = int(row[token])
                    out[n, token] = number[(to, -1) if inner < 0 else (outer, to)]
        return out

    @cached_property
    def ends(self) -> np.ndarray:
        """bool `[states]`: where a text may end."""
        return np.array(
            [
                any(inner < 0 and self.tables.frame_accepting[outer] for outer, inner in self.around(place))
                for place in self.places
            ]
        )


@dataclass(frozen=True)
class CalledProblem(Problem):
    """A canvas to condition under an automaton with calls."""

    automaton: CalledTable

    def may_end(self, state: int, length: int) -> bool:
        return bool(self.automaton.ends[state])

    def step(self, state: int, token: int, position: int) -> int:
        if state == len(self.automaton.places):
            return state
        if token in self.automaton.end_ids:
            return len(self.automaton.places) if self.automaton.ends[state] else -1
        return int(self.automaton.table[state, token])


def _live(table: np.ndarray, accepting: np.ndarray, jumps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which states are reached, and which reach the end; `jumps[q]` is one more way, or -1."""
    reached, ends = np.arange(len(table)) == 0, accepting.copy()
    ways = np.column_stack([table, jumps])
    for _ in range(len(table)):
        for s in range(len(table)):
            targets = ways[s][ways[s] >= 0]
            reached[targets] |= reached[s]
            ends[s] |= ends[targets].any()
    return reached, ends


def _trimmed(
    table: np.ndarray, accepting: np.ndarray, jumps: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    kept = np.logical_and(*_live(table, accepting, jumps))
    if not kept[0]:
        return None
    number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
    return number[table][kept], accepting[kept], number[jumps][kept]


def random_tables(rng: np.random.Generator, frame_states: int, body_states: int, size: int) -> Tables | None:
    """Dense ones that are not ambiguous; None if there is no text or no call."""
    end_ids = (size - 1,) if rng.random() < 0.8 else ()
    text = size - len(end_ids)

    def table(states: int, share: float) -> np.ndarray:
        out = np.where(rng.random((states, size)) < share, -1, rng.integers(0, states, (states, size)))
        out[:, text:] = -1
        return out

    body, body_accepting = table(body_states, 0.3), rng.random(body_states) < 0.5
    body_accepting[0] = False
    trimmed = _trimmed(body, body_accepting, np.full(body_states, -1))
    if trimmed is None:
        return None
    body, body_accepting, _ = trimmed
    calls = np.where(rng.random(frame_states) < 0.5, rng.integers(0, frame_states, frame_states), -1)
    frame, accepting = table(frame_states, 0.4), rng.random(frame_states) < 0.4
    one = Tables(frame, accepting, body, body_accepting, calls, end_ids)
    frame[np.ix_(calls >= 0, one.firsts)] = -1
    behind = np.unique(calls[calls >= 0])
    frame[np.ix_(behind, one.furthers)] = -1
    if (one.firsts & one.furthers).any():
        calls[behind] = -1
    trimmed = _trimmed(frame, accepting, calls)
    if trimmed is None or (trimmed[2] < 0).all():
        return None
    return Tables(trimmed[0], trimmed[1], body, body_accepting, trimmed[2], end_ids)


def random_called(rng: np.random.Generator, frame_states: int, body_states: int, size: int) -> CalledTable:
    """The automaton of the first tables that have a text and a call."""
    while True:
        tables = random_tables(rng, frame_states, body_states, size)
        if tables is not None:
            return CalledTable.of(tables)


def random_logits(rng: np.random.Generator, length: int, size: int, widest: float) -> np.ndarray:
    """Flat, usual, wide, or with one token a position that is far above all others."""
    logits = rng.standard_normal((length, size)) * rng.choice([0.0, 1.0, 5.0, widest / 10])
    if rng.random() < 0.3:
        logits[np.arange(length), rng.integers(0, size, length)] += rng.choice([widest / 5, widest])
    if rng.random() < 0.3:
        logits[rng.random((length, size)) < 0.2] = -np.inf
    logits[np.isneginf(logits).all(axis=1)] = 0.0
    return logits.astype(np.float32)


@st.composite
def called_problems(draw: st.DrawFn, max_length: int = 4) -> CalledProblem:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = int(rng.integers(3, 5))
    automaton = random_called(rng, int(rng.integers(2, 5)), int(rng.integers(2, 4)), size)
    length = int(rng.integers(1, max_length + 1))
    fixed = {int(rng.integers(0, length)): int(rng.integers(0, size))} if rng.random() < 0.3 else {}
    state = 0 if rng.random() < 0.5 else int(rng.integers(0, automaton.num_states + 1))
    return CalledProblem(
        automaton, random_logits(rng, length, size, 60.0), fixed, state, int(rng.integers(0, 3))
    )
