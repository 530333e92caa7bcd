"""Budgets of the compilation of an expression to an automaton."""

from __future__ import annotations

import time
from typing import NoReturn

from canvasgen.errors import ConstraintTooLarge
from canvasgen.limits import DEFAULT_LIMITS, Limits, look, room_for

__all__ = ["DEFAULT_LIMITS", "Deadline", "Limits"]

# A non-deterministic automaton may hold this many states for each deterministic one allowed.
NFA_STATES_PER_STATE = 20


_BYTES_PER_NFA_STATE = 40
"""Of a non-deterministic automaton, its transitions and the index of both."""


class Deadline:
    """The budget of one compilation as it runs, within that of the request; its seconds are the thread's, of the CPU."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._end = time.thread_time() + limits.max_seconds

    def check_time(self) -> None:
        """Raise ConstraintTooLarge once `max_seconds` have passed, of this compilation or of the request."""
        look()
        if time.thread_time() > self._end:
            raise ConstraintTooLarge(
                f"compiling the constraint takes more than {self.limits.max_seconds:g} seconds",
                rule="max_seconds",
                value=self.limits.max_seconds,
                remedy=f"use smaller repeat counts or fewer alternatives, or {self.limits.more('max_seconds')}",
            )

    def check_nfa_states(self, count: int) -> None:
        """Raise ConstraintTooLarge if `count` non-deterministic states are too many: more than 20 for each allowed one."""
        most = NFA_STATES_PER_STATE * self.limits.max_states
        if count > most:
            raise ConstraintTooLarge(
                f"the constraint needs {count} non-deterministic states; "
                f"{most} are allowed ({NFA_STATES_PER_STATE} for each of max_states)",
                rule="max_states",
                value=self.limits.max_states,
                remedy=f"use smaller repeat counts or length bounds, or {self.limits.more('max_states')}",
            )

    def nfa_memory(self, count: int) -> None:
        """Raise ConstraintTooLarge if there is no memory for `count` non-deterministic states, or no time."""
        room_for(_BYTES_PER_NFA_STATE * count)

    def check_states(self, count: int) -> None:
        """Raise ConstraintTooLarge if `count` deterministic states are too many."""
        if count > self.limits.max_states:
            self.refuse_states()

    def refuse_states(self) -> NoReturn:
        """Raise ConstraintTooLarge for too many deterministic states."""
        raise ConstraintTooLarge(
            f"the automaton of the constraint needs more than {self.limits.max_states} states",
            rule="max_states",
            value=self.limits.max_states,
            remedy=f"use smaller repeat counts or length bounds, or {self.limits.more('max_states')}",
        )
