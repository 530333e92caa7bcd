"""The automata that search strings in a text: one (Knuth, Morris and Pratt), or many at once (Aho and Corasick)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from canvasgen.automata.automaton_limits import DEFAULT_LIMITS, Deadline
from canvasgen.automata.compiler import minimal
from canvasgen.automata.dfa import DFA
from canvasgen.limits import in_force, room_for, step

__all__ = ["avoider", "searcher"]

Ints = npt.NDArray[np.int32]

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
    offsets, low, high, target = _rows(table)
    return DFA(
        offsets, low.astype(np.uint8), high.astype(np.uint8), target, np.ones(size + 1, dtype=np.bool_)
    )


def avoider(words: Iterable[bytes]) -> DFA:
    """Return the minimal automaton of the byte strings in which none of some words occurs.

    Its time and its states are linear in the length of all words together. Source: Aho & Corasick, "Efficient string
    matching: an aid to bibliographic search", Communications of the ACM 18(6), 1975.

    Args:
        words: none is empty.

    Raises:
        ConstraintTooLarge: there are too many states, or no memory for their table.
    """
    children, ends = _trie(words)
    size = len(children)
    Deadline(in_force(DEFAULT_LIMITS)).check_states(size)
    room_for(4 * _BYTES_PER_STATE * size)
    table = np.zeros((size, 256), np.int32)
    back = [0] * size  # the state after the longest end of a node's string that begins another one
    order = [0]
    for node in order:
        step(10)
        table[node] = table[back[node]]
        for byte, child in children[node].items():
            back[child] = int(table[node, byte]) if node else 0
            ends[child] = ends[child] or ends[back[child]]
            table[node, byte] = child
        order += children[node].values()
    alive = ~np.array(ends)
    number = np.where(alive, np.cumsum(alive) - 1, -1).astype(np.int32)
    kept = number[table[alive]]
    offsets, low, high, target = _rows(kept)
    return minimal(offsets, low, high, target, np.ones(len(kept), np.bool_))


def _trie(words: Iterable[bytes]) -> tuple[list[dict[int, int]], list[bool]]:
    """Return the children of each node by byte, the root first, and whether a word ends there."""
    children: list[dict[int, int]] = [{}]
    ends = [False]
    for word in words:
        node = 0
        step(len(word))
        for byte in word:
            if ends[node]:  # what goes on behind an excluded word is excluded as well
                break
            after = children[node].get(byte)
            if after is None:
                after = children[node][byte] = len(children)
                children.append({})
                ends.append(False)
            node = after
        ends[node] = True
    return children, ends


def _rows(table: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Return a table of targets by state and byte, -1 for none, as the first four arrays of a DFA."""
    begins = np.ones(table.shape, np.bool_)
    begins[:, 1:] = table[:, 1:] != table[:, :-1]
    state, low = np.nonzero(begins)
    high = np.append(low[1:], 256) - 1
    high[high < low] = 255
    target = table[state, low]
    there = target >= 0
    counts = np.bincount(state[there], minlength=len(table))
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return (
        offsets.astype(np.int32),
        low[there].astype(np.int32),
        high[there].astype(np.int32),
        target[there],
    )
