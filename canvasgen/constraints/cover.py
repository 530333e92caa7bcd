"""What a complement leaves out: a language that contains every text that a constraint accepts.

The automaton of a constraint has the texts that are generated; `matches` may accept more, such as other spellings of a JSON
value. The complement must generate none of those either. Constraints and combinators that accept more than they generate
register what covers their texts.
"""

from __future__ import annotations

from functools import singledispatch

from canvasgen.automata import Expr
from canvasgen.constraints.texts import Texts

__all__ = ["cover"]


@singledispatch
def cover(constraint: Texts) -> Expr:
    """Return a language that contains every text that `matches` accepts; by default that of the automaton."""
    return constraint.expr
