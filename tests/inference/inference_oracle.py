"""Small token automata from (states × tokens) tables; the posterior by enumeration of V^L canvases."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from hypothesis import strategies as st


@dataclass(frozen=True, eq=False)
class TableAutomaton:
    """What inference reads of a token automaton, from `table[S, V]` (next state or -1), state 0 first."""

    table: np.ndarray
    accepting: np.ndarray
    end_ids: tuple[int, ...]

    start = 0

    @property
    def num_states(self) -> int:
        return len(self.table)

    @cached_property
    def _columns(self) -> list[tuple[int, ...]]:
        columns = {tuple(column) for column in self.table.T.tolist()}
        return sorted(column for column in columns if any(t >= 0 for t in column))

    @property
    def num_classes(self) -> int:
        return len(self._columns)

    @cached_property
    def class_of_token(self) -> np.ndarray:
        place = {column: c for c, column in enumerate(self._columns)}
        return np.array([place.get(tuple(column), -1) for column in self.table.T.tolist()], dtype=np.int32)

    @cached_property
    def _edges(self) -> list[tuple[int, int, tuple[int, ...]]]:
        found = {}
        for c, column in enumerate(self._columns):
            for source, target in enumerate(column):
                if target >= 0:
                    found.setdefault((source, target), []).append(c)
        return [(*ends, tuple(classes)) for ends, classes in sorted(found.items())]

    @cached_property
    def _sets(self) -> list[tuple[int, ...]]:
        return sorted({edge[2] for edge in self._edges})

    @property
    def edge_source(self) -> np.ndarray:
        return np.array([e[0] for e in self._edges], dtype=np.int32)

    @property
    def edge_target(self) -> np.ndarray:
        return np.array([e[1] for e in self._edges], dtype=np.int32)

    @property
    def edge_set(self) -> np.ndarray:
        return np.array([self._sets.index(e[2]) for e in self._edges], dtype=np.int32)

    @property
    def set_offsets(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum([len(s) for s in self._sets])]).astype(np.int32)

    @property
    def set_classes(self) -> np.ndarray:
        return np.array([c for s in self._sets for c in s], dtype=np.int32)

    @cached_property
    def distance(self) -> np.ndarray:
        distance = np.where(self.accepting, 0, 10**6)
        for _ in range(self.num_states):
            for s in range(self.num_states):
                targets = [t for t in self.table[s].tolist() if t >= 0]
                distance[s] = min(distance[s], 1 + min((distance[t] for t in targets), default=10**6))
        return distance.astype(np.int32)


def trimmed(table: np.ndarray, accepting: np.ndarray, end_ids: tuple[int, ...]) -> TableAutomaton | None:
    """Only states that are reachable and can reach acceptance; None if the start is not one."""
    table = table.copy()
    table[:, list(end_ids)] = -1
    states = len(table)
    reachable, live = {0}, set(np.flatnonzero(accepting).tolist())
    for _ in range(states):
        reachable |= {t for s in reachable for t in table[s].tolist() if t >= 0}
        live |= {s for s in range(states) if any(t in live for t in table[s].tolist())}
    kept = sorted(reachable & live)
    if 0 not in kept:
        return None
    new = {old: n for n, old in enumerate(kept)}
    rows = [[new.get(t, -1) for t in table[s].tolist()] for s in kept]
    return TableAutomaton(np.array(rows).reshape(len(kept), -1), accepting[kept], end_ids)


@st.composite
def automata(draw: st.DrawFn, max_states: int = 4, max_tokens: int = 4) -> TableAutomaton:
    states, size = draw(st.integers(1, max_states)), draw(st.integers(2, max_tokens))
    cells = st.lists(st.integers(-1, states - 1), min_size=size, max_size=size)
    table = np.array(draw(st.lists(cells, min_size=states, max_size=states)))
    accepting = np.array(draw(st.lists(st.booleans(), min_size=states, max_size=states)))
    end_ids = tuple(sorted(draw(st.sets(st.integers(0, size - 1), max_size=2))))
    automaton = trimmed(table, accepting, end_ids)
    if automaton is None:
        return trimmed(table, np.arange(states) >= 0, end_ids)
    return automaton


@dataclass(frozen=True)
class Problem:
    automaton: TableAutomaton
    logits: np.ndarray
    fixed: dict[int, int]
    state: int
    remaining: int


@st.composite
def problems(draw: st.DrawFn, max_length: int = 4) -> Problem:
    automaton = draw(automata())
    length, size = draw(st.integers(1, max_length)), automaton.table.shape[1]
    scale = draw(st.sampled_from([0.0, 1.0, 5.0, 30.0]))
    value = st.one_of(st.floats(-1, 1, width=32), st.just(-np.inf) if draw(st.booleans()) else st.just(0.5))
    rows = st.lists(value, min_size=size, max_size=size)
    logits = np.array(draw(st.lists(rows, min_size=length, max_size=length)), dtype=np.float32)
    logits[logits > -np.inf] *= np.float32(scale)
    for row in logits:
        if (row == -np.inf).all():
            row[draw(st.integers(0, size - 1))] = 0.0
    fixed = draw(st.dictionaries(st.integers(0, length - 1), st.integers(0, size - 1), max_size=2))
    fixed = {i: token for i, token in fixed.items() if draw(st.booleans())}
    state = draw(st.integers(0, automaton.num_states))
    return Problem(automaton, logits, fixed, state, draw(st.integers(0, 2)))


class Enumeration:
    """The exact posterior: every canvas, its probability and its text."""

    def __init__(self, problem: Problem) -> None:
        automaton, logits = problem.automaton, problem.logits.astype(np.float64)
        length, size = logits.shape
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.p = p / p.sum(axis=1, keepdims=True)
        ended = automaton.num_states
        self.joint: dict[tuple[int, ...], float] = {}
        self.end_states: dict[tuple[int, ...], int] = {}
        self.texts: dict[tuple[int, ...], float] = {}
        for canvas in itertools.product(range(size), repeat=length):
            if any(canvas[i] != token for i, token in problem.fixed.items()):
                continue
            state, text = problem.state, length if problem.state != ended else 0
            for i, token in enumerate(canvas):
                if state == ended:
                    break
                if token in automaton.end_ids:
                    if not automaton.accepting[state]:
                        state = -1
                        break
                    state, text = ended, i + 1
                else:
                    state = int(automaton.table[state, token])
                    if state < 0:
                        break
            valid = state == ended or (state >= 0 and automaton.distance[state] <= problem.remaining)
            mass = float(np.prod([self.p[i, token] for i, token in enumerate(canvas)]))
            if valid and mass > 0:
                self.joint[canvas] = mass
                self.end_states[canvas] = state
                self.texts[canvas[:text]] = self.texts.get(canvas[:text], 0.0) + mass
        self.total = sum(self.joint.values())

    def marginals(self) -> np.ndarray:
        out = np.zeros_like(self.p)
        for canvas, mass in self.joint.items():
            out[np.arange(len(canvas)), canvas] += mass
        return out / self.total
