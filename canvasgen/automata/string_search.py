"""The automaton that searches a string in a text (Knuth, Morris and Pratt)."""

from __future__ import annotations

import numpy as np

from canvasgen.automata.dfa import DFA
from canvasgen.limits import room_for

__all__ = ["searcher"]

_BYTES_PER_STATE = 1024
"""Of the table of a state: a target for each byte."""


def searcher(content: bytes) -> DFA:
    """Build the automaton that finds a string of n bytes in any text.

    In state k < n the last k bytes read are the first k of the string, and k is the largest such number. In state n
    the string has occurred. Every state accepts, and no two are merged. Source: Knuth, Morris & Pratt, "Fast pattern
    matching in strings", SIAM J. Computing 6(2), 1977.

    Args:
        content: not empty.
    """
    size = len(content)
    room_for(_BYTES_PER_STATE * (size + 1))
    table = np.zeros((size + 1, 256), dtype=np.int32)
    table[size] = size
    table[0, content[0]] = 1
    back = 0  # the state after content[1:k]
    for k in range(1, size):
        table[k] = table[back]
        table[k, content[k]] = k + 1
        back = int(table[back, content[k]])
    offsets: list[int] = [0]
    low: list[int] = []
    high: list[int] = []
    target: list[int] = []
    for row in table:
        starts = np.concatenate([[0], np.flatnonzero(np.diff(row)) + 1])
        low += starts.tolist()
        high += [*(starts[1:] - 1).tolist(), 255]
        target += row[starts].tolist()
        offsets.append(len(low))
    return DFA(
        np.array(offsets, dtype=np.int32),
        np.array(low, dtype=np.uint8),
        np.array(high, dtype=np.uint8),
        np.array(target, dtype=np.int32),
        np.ones(size + 1, dtype=np.bool_),
    )
