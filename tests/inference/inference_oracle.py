"""Small token automata from (states × tokens) tables; the posterior by enumeration of V^L canvases."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from hypothesis import strategies as st

from canvasgen.inference import Gate, Restriction


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
    """A canvas to condition; `placed` and `gates` speak of positions of the whole text, of which `offset` is the
    canvas's first."""

    automaton: TableAutomaton
    logits: np.ndarray
    fixed: dict[int, int]
    state: int
    remaining: int
    offset: int = 0
    placed: dict[int, int] = field(default_factory=dict)
    gates: tuple[Gate, ...] = ()

    @cached_property
    def restriction(self) -> Restriction | None:
        return Restriction(self.automaton, self.placed, self.gates) if self.placed or self.gates else None

    @property
    def all_fixed(self) -> dict[int, int]:
        """By positions of the canvas."""
        length = len(self.logits)
        inside = {p - self.offset: t for p, t in self.placed.items() if 0 <= p - self.offset < length}
        return {**self.fixed, **inside}

    def may_end(self, state: int, length: int) -> bool:
        """Whether a text of so many tokens may end in a state."""
        ends = len(self.automaton._sets)
        return (
            bool(self.automaton.accepting[state])
            and all(p < length for p in self.placed)
            and self._is_open(ends, length)
        )

    def step(self, state: int, token: int, position: int) -> int:
        """The state after a token at a position of the whole text; S is *ended*, -1 is none."""
        automaton = self.automaton
        if self.placed.get(position, token) != token:
            return -1
        if state == automaton.num_states:
            behind = all(p < position for p in self.placed)
            return state if behind and self._is_open(len(automaton._sets) + 1, position) else -1
        if token in automaton.end_ids:
            return automaton.num_states if self.may_end(state, position) else -1
        target = int(automaton.table[state, token])
        if target < 0:
            return -1
        classes = next(c for source, to, c in automaton._edges if (source, to) == (state, target))
        return target if self._is_open(automaton._sets.index(classes), position) else -1

    def can_finish(self, state: int, position: int, left: int) -> bool:
        """Whether some way of at most `left` more tokens of text ends it."""
        if self.may_end(state, position):
            return True
        tokens = [t for t in range(self.automaton.table.shape[1]) if t not in self.automaton.end_ids]
        after = [self.step(state, token, position) for token in tokens] if left else []
        return any(t >= 0 and self.can_finish(t, position + 1, left - 1) for t in set(after))

    def _is_open(self, index: int, position: int) -> bool:
        return not any(
            gate.sets[index] and (position < gate.first or (gate.last is not None and position > gate.last))
            for gate in self.gates
        )


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


def _restricted(rng: np.random.Generator) -> Problem | None:
    """A dense random automaton with an end token; fixed tokens and gates near the canvas."""
    states, size, length = (int(rng.integers(low, 5)) for low in (1, 3, 1))
    table = np.where(rng.random((states, size)) < 0.2, -1, rng.integers(0, states, (states, size)))
    automaton = trimmed(table, rng.random(states) < 0.6, (size - 1,))
    if automaton is None:
        return None
    offset = int(rng.integers(0, 3))
    behind = offset + length
    placed = {}
    for _ in range(int(rng.choice([0, 0, 1, 2]))):
        placed[int(rng.integers(max(offset - 1, 0), behind + 2))] = int(rng.integers(0, size - 1))
    gates = []
    for _ in range(int(rng.integers(0 if placed else 1, 3))):
        sets = np.zeros(len(automaton._sets) + 2, dtype=bool)
        sets[rng.integers(0, len(sets))] = True
        first = int(rng.integers(0, behind + 1))
        gates.append(Gate(sets, first, None if rng.random() < 0.3 else int(rng.integers(first, behind + 2))))
    return Problem(
        automaton,
        (rng.standard_normal((length, size)) * rng.choice([0.0, 1.0, 5.0])).astype(np.float32),
        {int(rng.integers(0, length)): int(rng.integers(0, size))} if rng.random() < 0.15 else {},
        int(rng.integers(0, automaton.num_states)),
        int(rng.integers(0, 3)),
        offset,
        placed,
        tuple(gates),
    )


@st.composite
def restricted_problems(draw: st.DrawFn) -> Problem:
    """Problems with a valid canvas, of which the restriction takes some away."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    while True:
        problem = _restricted(rng)
        if problem is not None:
            free = Enumeration(replace(problem, placed={}, gates=())).total
            if 0 < Enumeration(problem).total < free * (1 - 1e-9):
                return problem


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
                before, state = state, problem.step(state, token, problem.offset + i)
                if state < 0:
                    break
                if state == ended != before:
                    text = i + 1
            after = problem.offset + length
            valid = state == ended or (state >= 0 and problem.can_finish(state, after, problem.remaining))
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
