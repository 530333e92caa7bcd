"""The product automaton of two byte automata, with a state for each reachable pair of states."""

from __future__ import annotations

import numpy as np

from canvasgen.automata.automaton_limits import DEFAULT_LIMITS, Deadline, Limits
from canvasgen.automata.dfa import DFA
from canvasgen.automata.product_kernel import product
from canvasgen.limits import in_force

__all__ = ["product_automaton"]


def product_automaton(left: DFA, right: DFA, limits: Limits = DEFAULT_LIMITS) -> DFA:
    """Build the product automaton of two automata, not minimised: one state for each reachable pair of states.

    Its language is the intersection, and each of its states determines one state of either factor.

    Raises:
        ConstraintTooLarge: more than `limits.max_states` pairs.
    """
    limits = in_force(limits)
    offsets, low, high, target, accepting = product(
        *(left.offsets, left.low, left.high, left.target, left.accepting),
        *(right.offsets, right.low, right.high, right.target, right.accepting),
        False,
        limits.max_states,
    )
    if offsets.size == 0:
        Deadline(limits).refuse_states()
    return DFA(offsets, low.astype(np.uint8), high.astype(np.uint8), target, accepting)
