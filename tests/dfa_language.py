"""The strings of an automaton of any language, up to a length; by definition, without regard to time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from canvasgen.automata import DEAD, DFA


def strings_of(dfa: DFA, max_length: int) -> Iterator[bytes]:
    """Every string of at most `max_length` bytes, in order of length, then of bytes."""
    useful = dfa.distances() >= 0
    level = [(0, b"")]
    for length in range(max_length + 1):
        if length:
            level = [
                (after, content + bytes((byte,)))
                for state, content in level
                for byte in range(256)
                if (after := dfa.step(state, byte)) != DEAD and useful[after]
            ]
        yield from (content for state, content in level if dfa.accepting[state])


def counts_of(dfa: DFA, most: int) -> list[int]:
    """The number of strings of each length from 0 to `most` bytes."""
    rows = list(zip(dfa.low.tolist(), dfa.high.tolist(), dfa.target.tolist(), strict=True))
    offsets = dfa.offsets.tolist()
    ways = [int(flag) for flag in dfa.accepting]
    counts = [ways[0]]
    for _ in range(most):
        ways = [
            sum((high - low + 1) * ways[target] for low, high, target in rows[first:last])
            for first, last in itertools.pairwise(offsets)
        ]
        counts.append(ways[0])
    return counts
