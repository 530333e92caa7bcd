"""From bytes to tokens: the token automaton of a byte automaton over a vocabulary, and its caches."""

from canvasgen.tokens.automaton import TokenAutomaton
from canvasgen.tokens.blocks import Budget, Prefix
from canvasgen.tokens.cache import cached_lift, clear_memory, fingerprint
from canvasgen.tokens.called import CalledAutomaton, linked
from canvasgen.tokens.counted_lifting import lift
from canvasgen.tokens.lifting import lift_frame
from canvasgen.tokens.marking import factor_states, mark_edges
from canvasgen.tokens.token_limits import DEFAULT_LIMITS, TokenLimits

__all__ = [
    "DEFAULT_LIMITS",
    "Budget",
    "CalledAutomaton",
    "Prefix",
    "TokenAutomaton",
    "TokenLimits",
    "cached_lift",
    "clear_memory",
    "factor_states",
    "fingerprint",
    "lift",
    "lift_frame",
    "linked",
    "mark_edges",
]
