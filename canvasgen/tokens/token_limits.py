"""Budgets of a lift."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "TokenLimits"]


@dataclass(frozen=True)
class TokenLimits:
    """How large a token automaton, and the work for it, may become before the lift gives up.

    Attributes:
        max_functions: distinct partial functions that prefixes of tokens compute (on all states, and on
            groups of them).
        max_pairs: (state, state) pairs of all those functions together; 8 bytes each.
        max_edges: edges (source, target) of the token automaton.
        max_set_entries: (set, class) pairs of the token automaton.
    """

    max_functions: int = 1_000_000
    max_pairs: int = 64_000_000
    max_edges: int = 4_000_000
    max_set_entries: int = 16_000_000


DEFAULT_LIMITS = TokenLimits()
