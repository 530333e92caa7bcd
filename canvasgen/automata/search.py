"""The automaton that has seen a string or not, and a product with it that keeps that knowledge."""

from __future__ import annotations

import numpy as np

from canvasgen.automata.dfa import DFA
from canvasgen.automata.limits import DEFAULT_LIMITS, Deadline, Limits
from canvasgen.automata.product_kernel import product

__all__ = ["searcher", "side_by_side"]


def searcher(content: bytes) -> DFA:
    """Reads any bytes; state k < n has the first k of n bytes, and no more, behind it; state n has seen all of them.

    Every state accepts, and none is merged with another. Source: Knuth, Morris & Pratt, "Fast pattern matching in
    strings", SIAM J. Computing 6(2), 1977.

    Args:
        content: not empty.
    """
    size = len(content)
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


def side_by_side(left: DFA, right: DFA, limits: Limits = DEFAULT_LIMITS) -> DFA:
    """The intersection, not minimised: a state for every pair of states that are reached together.

    Raises:
        ConstraintTooLarge: more than `limits.max_states` pairs.
    """
    offsets, low, high, target, accepting = product(
        *(left.offsets, left.low, left.high, left.target, left.accepting),
        *(right.offsets, right.low, right.high, right.target, right.accepting),
        False,
        limits.max_states,
    )
    if offsets.size == 0:
        Deadline(limits).refuse_states()
    return DFA(offsets, low.astype(np.uint8), high.astype(np.uint8), target, accepting)
