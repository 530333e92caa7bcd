"""Byte automata and their algebra, regular expressions, UTF-8."""

from canvasgen.automata.compiler import to_dfa
from canvasgen.automata.dfa import DEAD, DFA
from canvasgen.automata.expr import (
    ANY_CHARACTER,
    ANY_TEXT,
    EMPTY,
    EPSILON,
    Expr,
    byte_set,
    code_points,
    complement,
    concat,
    difference,
    from_dfa,
    intersect,
    literal,
    optional,
    repeat,
    separated,
    substitute,
    union,
)
from canvasgen.automata.limits import DEFAULT_LIMITS, Limits

__all__ = [
    "ANY_CHARACTER",
    "ANY_TEXT",
    "DEAD",
    "DEFAULT_LIMITS",
    "DFA",
    "EMPTY",
    "EPSILON",
    "Expr",
    "Limits",
    "byte_set",
    "code_points",
    "complement",
    "concat",
    "difference",
    "from_dfa",
    "intersect",
    "literal",
    "optional",
    "repeat",
    "separated",
    "substitute",
    "to_dfa",
    "union",
]
