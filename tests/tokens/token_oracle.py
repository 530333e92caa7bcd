"""The token automaton by definition, every token run byte by byte from every state; random small problems."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from hypothesis import strategies as st

from canvasgen.automata import DFA
from canvasgen.tokens import TokenAutomaton
from canvasgen.vocabulary import Vocabulary


def make_dfa(table: list[dict[int, int]], accepting: list[bool]) -> DFA:
    """A DFA from {byte: target} of each state; neighbouring bytes with one target are one range."""
    offsets, low, high, target = [0], [], [], []
    for row in table:
        for byte, state in sorted(row.items()):
            if len(low) > offsets[-1] and high[-1] == byte - 1 and target[-1] == state:
                high[-1] = byte
            else:
                low.append(byte)
                high.append(byte)
                target.append(state)
        offsets.append(len(low))
    return DFA(
        np.array(offsets, np.int32),
        np.array(low, np.uint8),
        np.array(high, np.uint8),
        np.array(target, np.int32),
        np.array(accepting, np.bool_),
    )


@dataclass(frozen=True)
class Expected:
    """What a lift has to give, from `next_state[s][v]` on all states of the byte automaton.

    Attributes:
        states: the states kept, ascending; empty if no sequence of tokens spells a text.
        table: `[kept states][V]`, next state among the kept, or -1.
        accepting, distance: of the kept states.
        contents: the tokens' bytes.
    """

    states: list[int]
    table: list[list[int]]
    accepting: list[bool]
    distance: list[int]
    contents: tuple[bytes | None, ...]

    @cached_property
    def edges(self) -> dict[tuple[int, int], list[int]]:
        """The tokens of each (source, target)."""
        found: dict[tuple[int, int], list[int]] = {}
        for s, row in enumerate(self.table):
            for v, t in enumerate(row):
                if t >= 0:
                    found.setdefault((s, t), []).append(v)
        return dict(sorted(found.items()))

    @cached_property
    def classes(self) -> list[int]:
        """The class of each token, numbered by first token in byte order; -1 for no transition at all."""
        columns = list(zip(*self.table, strict=True))
        known: dict[tuple[int, ...], int] = {}
        result = [-1] * len(columns)
        for token in sorted(range(len(columns)), key=lambda token: (self.contents[token] or b"", token)):
            if any(t >= 0 for t in columns[token]):
                result[token] = known.setdefault(columns[token], len(known))
        return result


def expected(dfa: DFA, vocabulary: Vocabulary) -> Expected:
    """By brute force."""

    def run(state: int, content: bytes | None) -> int:
        for byte in content or b"":
            state = dfa.step(state, byte)
            if state < 0:
                return -1
        return state if content else -1

    table = [[run(s, content) for content in vocabulary.tokens] for s in range(dfa.num_states)]
    distance = [0 if flag else -1 for flag in dfa.accepting]
    for round_ in range(dfa.num_states):
        for s, row in enumerate(table):
            if distance[s] < 0 and any(t >= 0 and distance[t] == round_ for t in row):
                distance[s] = round_ + 1
    reached, stack = {0}, [0]
    while stack:
        for t in table[stack.pop()]:
            if t >= 0 and t not in reached:
                reached.add(t)
                stack.append(t)
    kept = [s for s in range(dfa.num_states) if s in reached and distance[s] >= 0]
    if 0 not in kept:
        return Expected([], [], [], [], ())
    place = {s: i for i, s in enumerate(kept)}
    return Expected(
        kept,
        [[place.get(t, -1) for t in table[s]] for s in kept],
        [bool(dfa.accepting[s]) for s in kept],
        [distance[s] for s in kept],
        vocabulary.tokens,
    )


def check(found: TokenAutomaton, want: Expected) -> None:
    """Every array is exactly what it has to be."""
    assert found.num_states == len(want.states)
    assert found.start == 0
    assert found.class_of_token.tolist() == want.classes
    assert found.num_classes == max(want.classes, default=-1) + 1
    assert found.accepting.tolist() == want.accepting
    assert found.distance.tolist() == want.distance
    assert list(zip(found.edge_source.tolist(), found.edge_target.tolist(), strict=True)) == list(want.edges)
    sets = [
        tuple(found.set_classes[a:b].tolist())
        for a, b in zip(found.set_offsets[:-1], found.set_offsets[1:], strict=True)
    ]
    assert len(set(sets)) == len(sets)
    first_use: dict[int, None] = dict.fromkeys(found.edge_set.tolist())
    assert list(first_use) == list(range(len(sets)))
    for number, tokens in zip(found.edge_set.tolist(), want.edges.values(), strict=True):
        assert sets[number] == tuple(sorted({want.classes[v] for v in tokens}))
    kinds = {name: array.dtype for name, array in found.to_arrays().items()}
    assert kinds.pop("accepting") == np.bool_
    assert set(kinds.values()) == {np.dtype(np.int32)}


@st.composite
def problems(draw: st.DrawFn, letters: int = 3) -> tuple[DFA, Vocabulary]:
    """A random partial automaton of up to 7 states; up to 13 tokens with duplicates, specials and an end."""
    states = draw(st.integers(1, 7))
    alphabet = [97 + 2 * i for i in range(letters - 1)] + [255]
    targets = st.one_of(st.none(), st.integers(0, states - 1))
    rows = draw(
        st.lists(st.lists(targets, min_size=letters, max_size=letters), min_size=states, max_size=states)
    )
    table = [{b: t for b, t in zip(alphabet, row, strict=True) if t is not None} for row in rows]
    accepting = draw(st.lists(st.booleans(), min_size=states, max_size=states))
    content = st.lists(st.sampled_from([*alphabet, 98]), min_size=0, max_size=4).map(bytes)
    tokens = draw(st.lists(st.one_of(st.none(), content), min_size=1, max_size=11))
    return make_dfa(table, accepting), Vocabulary([None, bytes([alphabet[0]]), *tokens], end_ids=[0])
