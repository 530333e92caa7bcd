"""The strings of an automaton of any language, up to a length; by definition, without regard to time."""

from __future__ import annotations

from collections.abc import Iterator

from canvasgen.automata import DEAD, DFA


def strings_of(dfa: DFA, max_length: int) -> Iterator[bytes]:
    """Every string of at most `max_length` bytes, in order of length, then of bytes."""
    useful = dfa.distances() >= 0
    level = [(0, b"")]
    for _ in range(max_length + 1):
        yield from (content for state, content in level if dfa.accepting[state])
        level = [
            (after, content + bytes((byte,)))
            for state, content in level
            for byte in range(256)
            if (after := dfa.step(state, byte)) != DEAD and useful[after]
        ]


def count_of(dfa: DFA, length: int) -> int:
    """The number of strings of exactly `length` bytes."""
    ways = [int(flag) for flag in dfa.accepting]
    for _ in range(length):
        ways = [
            sum(
                (int(dfa.high[r]) - int(dfa.low[r]) + 1) * ways[dfa.target[r]]
                for r in range(dfa.offsets[s], dfa.offsets[s + 1])
            )
            for s in range(dfa.num_states)
        ]
    return ways[0]
