"""Budgets of a lift."""

from __future__ import annotations

from dataclasses import dataclass

from canvasgen.errors import ConstraintTooLarge
from canvasgen.limits import DEFAULT_LIMITS as DEFAULT

__all__ = ["DEFAULT_LIMITS", "TokenLimits", "too_many"]


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


def too_many(rule: str, limit: int) -> ConstraintTooLarge:
    """Return the error of a lift that would exceed a limit, the field `rule` of `TokenLimits`."""
    return ConstraintTooLarge(
        f"the token automaton needs more than {limit} {rule.removeprefix('max_').replace('_', ' ')}",
        rule=rule,
        value=limit,
        remedy=f"use smaller repeat counts or fewer alternatives, or {DEFAULT.more('max_bytes')}",
    )
