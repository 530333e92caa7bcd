"""Budgets of the compilation of an expression to an automaton."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NoReturn

from canvasgen.errors import ConstraintTooLarge

__all__ = ["DEFAULT_LIMITS", "Deadline", "Limits"]

# A non-deterministic automaton may hold this many states for each deterministic one allowed.
NFA_STATES_PER_STATE = 20


@dataclass(frozen=True)
class Limits:
    """How large an automaton may become before compilation gives up.

    Attributes:
        max_states: states of any deterministic automaton on the way (before its minimisation).
        max_seconds: wall-clock seconds of one `to_dfa`.
    """

    max_states: int = 100_000
    max_seconds: float = 10.0

    @property
    def max_nfa_states(self) -> int:
        """States of a non-deterministic automaton on the way: 20 for each of `max_states`."""
        return NFA_STATES_PER_STATE * self.max_states


DEFAULT_LIMITS = Limits()


class Deadline:
    """The budget of one compilation as it runs."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._end = time.monotonic() + limits.max_seconds

    def check_time(self) -> None:
        """Raise ConstraintTooLarge once `max_seconds` have passed."""
        if time.monotonic() > self._end:
            raise ConstraintTooLarge(
                f"compiling the constraint takes more than {self.limits.max_seconds:g} seconds",
                rule="max_seconds",
                value=self.limits.max_seconds,
                remedy="use smaller repeat counts or fewer alternatives, or raise Limits.max_seconds",
            )

    def check_nfa_states(self, count: int) -> None:
        """Raise ConstraintTooLarge if `count` non-deterministic states are too many."""
        if count > self.limits.max_nfa_states:
            raise ConstraintTooLarge(
                f"the constraint needs {count} non-deterministic states; "
                f"{self.limits.max_nfa_states} are allowed ({NFA_STATES_PER_STATE} for each of max_states)",
                rule="max_states",
                value=self.limits.max_states,
                remedy="use smaller repeat counts or length bounds, or raise Limits.max_states",
            )

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
            remedy="use smaller repeat counts or length bounds, or raise Limits.max_states",
        )
