"""From bytes to tokens: the token automaton of a byte automaton over a vocabulary, and its caches."""

from canvasgen.tokens.automaton import TokenAutomaton
from canvasgen.tokens.blocks import Budget, Prefix
from canvasgen.tokens.cache import cached_lift, clear_memory, fingerprint
from canvasgen.tokens.lifting import lift
from canvasgen.tokens.limits import DEFAULT_LIMITS, TokenLimits
from canvasgen.tokens.marking import mark_edges, states_beside

__all__ = [
    "DEFAULT_LIMITS",
    "Budget",
    "Prefix",
    "TokenAutomaton",
    "TokenLimits",
    "cached_lift",
    "clear_memory",
    "fingerprint",
    "lift",
    "mark_edges",
    "states_beside",
]
