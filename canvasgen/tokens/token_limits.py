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

    @classmethod
    def within(cls, max_bytes: int) -> TokenLimits:
        """Return limits of a memory, in the proportions of the default ones, whose pairs take 512 MB."""
        share = max_bytes / (8 * cls.max_pairs)
        counts = (cls.max_functions, cls.max_pairs, cls.max_edges, cls.max_set_entries)
        return cls(*(max(1, int(share * count)) for count in counts))


DEFAULT_LIMITS = TokenLimits()
