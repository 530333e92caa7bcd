"""From an expression to its minimal automaton."""

from __future__ import annotations

from functools import cache

import numpy as np

from canvasgen.automata import expr as ex
from canvasgen.automata.automaton_limits import DEFAULT_LIMITS, Deadline, Limits
from canvasgen.automata.counted.counted_dfa import CountedDFA
from canvasgen.automata.counted_layers import find_layers
from canvasgen.automata.dfa import DFA, Bools, Ints
from canvasgen.automata.minimise_kernel import minimise
from canvasgen.automata.product_kernel import product
from canvasgen.automata.shortest import least_bytes
from canvasgen.automata.subset_kernel import GOING, TOO_MANY_STATES, Run, determinise
from canvasgen.automata.thompson import nfa
from canvasgen.automata.thompson.inlining import NO_PARTS, Parts, parts_of
from canvasgen.errors import ConstraintTooLarge
from canvasgen.limits import hold, in_force, limited

__all__ = ["minimal", "to_dfa"]

# Elementary operations between two looks at the clock: about a tenth of a second.
WORK_BETWEEN_CHECKS = 20_000_000


def to_dfa(expr: ex.Expr, limits: Limits = DEFAULT_LIMITS) -> DFA:
    """Return the minimal automaton of an expression; kept on the expression, so a second call costs nothing.

    Raises:
        ConstraintTooLarge: an automaton on the way would exceed `limits`; `rule` names the limit.
    """
    if expr.memo is None:
        _load_kernels()
        with limited(limits):
            _check_shortest(expr, in_force(limits))
            _compile_parts_first(expr, Deadline(in_force(limits)))
    assert expr.memo is not None
    Deadline(in_force(limits)).check_states(expr.memo.num_states)
    return expr.memo


def _check_shortest(expr: ex.Expr, limits: Limits) -> None:
    """Raise ConstraintTooLarge if even the shortest text is longer than an automaton may have states: each of its places is
    a state."""
    least = least_bytes(expr)
    if least >= limits.max_states:
        raise ConstraintTooLarge(
            f"the shortest text has {least} bytes or more, and its automaton as many states; "
            f"{limits.max_states} are allowed",
            rule="max_states",
            value=limits.max_states,
            remedy=f"use smaller repeat counts or length bounds, or {limits.more('max_states')}",
        )


@cache
def _load_kernels() -> None:
    """Run every kernel once, so that numba's own compilation is not counted in `max_seconds`."""
    unhurried = Deadline(Limits(max_seconds=float("inf")))
    one, _, _ = _determinised(nfa.build(ex.literal("a"), NO_PARTS, unhurried), unhurried)
    _product(one, one, False, unhurried)


def _compile_parts_first(root: ex.Expr, deadline: Deadline) -> None:
    """Compile `root` and, before it, whatever it needs, without recursion."""
    stack: list[tuple[ex.Expr, Parts | None]] = [(root, None)]
    while stack:
        node, parts = stack.pop()
        if node.memo is not None:
            continue
        if parts is None:
            parts = parts_of(node)
            waiting = [part for part in parts.compiled if part.memo is None]
            if waiting:
                stack.append((node, parts))
                stack += [(part, None) for part in waiting]
                continue
        made = _compile(node, parts, deadline)
        hold(made.num_bytes)
        node.memo = made


def _compile(node: ex.Expr, parts: Parts, deadline: Deadline) -> DFA:
    """Return the automaton of a node whose parts are compiled."""
    deadline.check_time()
    if isinstance(node, ex.Intersect):
        return _intersection(node.parts, deadline)
    if isinstance(node, ex.Difference):
        assert node.left.memo is not None
        assert node.right.memo is not None
        return _product(node.left.memo, node.right.memo, True, deadline)
    return _automaton(node, parts, deadline)


def _automaton(node: ex.Expr, parts: Parts, deadline: Deadline) -> DFA:
    """Return the automaton of a node that is laid as one: of its large repeats only a few copies, if the rest follows."""
    laid = nfa.build(node, parts, deadline, all_copies=False)
    dfa, run, image = _determinised(laid, deadline)
    if not laid.counted:
        return dfa
    made = int(run[0][0])
    item_offsets = run[2][: made + 1]
    layers = find_layers(laid, run[1][: item_offsets[-1]], item_offsets, image, dfa)
    if layers is None:
        return _determinised(nfa.build(node, parts, deadline), deadline)[0]
    found = CountedDFA(dfa, layers)
    deadline.check_states(found.num_states)
    return found


def _intersection(parts: tuple[ex.Expr, ...], deadline: Deadline) -> DFA:
    """Return the intersection, the smallest automata first."""
    found: list[DFA] = []
    for part in parts:
        assert part.memo is not None
        found.append(part.memo)
    found.sort(key=lambda dfa: dfa.num_states)
    result = found[0]
    for other in found[1:]:
        result = _product(result, other, False, deadline)
    return result


def _product(left: DFA, right: DFA, is_difference: bool, deadline: Deadline) -> DFA:
    deadline.check_time()
    arrays = product(
        *(left.offsets, left.low, left.high, left.target, left.accepting),
        *(right.offsets, right.low, right.high, right.target, right.accepting),
        is_difference,
        deadline.limits.max_states,
    )
    if arrays[0].size == 0:
        deadline.refuse_states()
    return minimal(*arrays)


def _determinised(automaton: nfa.NFA, deadline: Deadline) -> tuple[DFA, Run, Ints]:
    """Subset construction, looking at the clock now and then, and minimisation.

    Returns:
        The minimal automaton; the subsets; int32[subsets], the state of each subset, -1 for none.
    """
    size = max(16, min(automaton.num_states, 65_536))
    slots = 1 << (2 * size).bit_length()
    run: Run = (
        np.zeros(4, np.int64),
        np.empty(2 * size, np.int32),
        np.zeros(size + 1, np.int64),
        np.full(slots, -1, np.int32),
        np.zeros(size + 1, np.int32),
        np.empty(2 * size, np.int32),
        np.empty(2 * size, np.int32),
        np.empty(2 * size, np.int32),
    )
    status = GOING
    while status == GOING:
        deadline.check_time()
        status, run = determinise(
            *(automaton.num_states, automaton.source, automaton.low, automaton.high, automaton.target),
            *(automaton.silent_source, automaton.silent_target),
            *(deadline.limits.max_states, WORK_BETWEEN_CHECKS, run),
        )
    counters, items, item_offsets, _, row_offsets, row_low, row_high, row_target = run
    states, rows = int(counters[0]), int(counters[2])
    if status == TOO_MANY_STATES:
        deadline.refuse_states()
    accepting = np.zeros(states, np.bool_)
    finals = np.flatnonzero(items[: item_offsets[states]] == 1)
    accepting[np.searchsorted(item_offsets[: states + 1], finals, side="right") - 1] = True
    arrays = minimise(
        row_offsets[: states + 1], row_low[:rows], row_high[:rows], row_target[:rows], accepting
    )
    return _dfa(arrays), run, arrays[5]


def minimal(offsets: Ints, low: Ints, high: Ints, target: Ints, accepting: Bools) -> DFA:
    """Return the trim, minimal, canonically numbered automaton of a deterministic one with every state reachable
    from state 0.

    Args:
        offsets, low, high, target: int32 arrays laid out as in `DFA`.
        accepting: bool [S].
    """
    return _dfa(minimise(offsets, low, high, target, accepting))


def _dfa(arrays: tuple[Ints, Ints, Ints, Ints, Bools, Ints]) -> DFA:
    return DFA(arrays[0], arrays[1].astype(np.uint8), arrays[2].astype(np.uint8), arrays[3], arrays[4])
