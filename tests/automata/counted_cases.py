"""Random languages with large counted repeats, and their automata without anything left out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from unittest.mock import patch

from hypothesis import strategies as st

from canvasgen.automata import (
    DFA,
    Expr,
    Limits,
    byte_set,
    code_points,
    concat,
    from_dfa,
    literal,
    repeat,
    substitute,
    to_dfa,
    union,
)
from canvasgen.automata.thompson import nfa
from canvasgen.automata.thompson.inlining import Parts
from canvasgen.errors import ConstraintTooLarge

BODIES = (
    literal("a"),
    literal("ab"),
    byte_set([(97, 99)]),
    code_points([(0x61, 0x7A), (0xE0, 0xFF), (0x4E00, 0x4E10)]),
    union(literal("ab"), literal("c")),
    union(literal("ab"), literal("ac"), literal("d")),
    union(literal("a"), literal("ab")),  # one copy may end where another one goes on
    union(literal("a"), literal("aa")),
    repeat(literal("a"), 1, None),
    concat(literal("x"), repeat(literal("a"), 0, 2), literal("y")),
    union(literal("a"), literal("")),
)
MOST = Limits(max_states=1500)
MOST_PARTS = Limits(max_states=20_000)
AROUND = ("", "a", "b", '"', "ab", "z")


@st.composite
def counted(draw: st.DrawFn) -> Expr:
    """Repeats of 12 copies and more beside each other, in unions and in loops."""
    parts: list[Expr] = []
    for _ in range(draw(st.integers(1, 2))):
        low = draw(st.sampled_from((0, 0, 1, 3, 12, 15)))
        high = draw(st.sampled_from((None, low, low + 2, low + 12, 16, 30)))
        if high is not None and high < low:
            high = low
        parts += [
            literal(draw(st.sampled_from(AROUND))),
            repeat(draw(st.sampled_from(BODIES)), low, high),
            literal(draw(st.sampled_from(AROUND))),
        ]
    shape = draw(st.sampled_from(("row", "row", "union", "loop", "part", "array")))
    if shape == "part":
        return concat(literal("["), from_dfa(to_dfa(concat(*parts[:3]), MOST_PARTS)), literal("]"))
    if shape == "array":
        item = concat(literal('"'), *parts[:3])
        return substitute(concat(literal("0"), repeat(literal(",0"), 0, None)), {ord("0"): item})
    if shape == "union":
        return union(concat(literal("1"), *parts), concat(literal("2"), *parts[:3]))
    return concat(*parts) if shape == "row" else repeat(concat(literal("["), *parts, literal("]")), 0, None)


def _in_full(build: Callable[..., nfa.NFA], node: Expr, parts: Parts, deadline: object, **_: bool) -> nfa.NFA:
    return build(node, parts, deadline, all_copies=True)


def whole(expr: Expr) -> DFA | None:
    """The automaton of an expression, by subset construction over all copies; None if it has more than MOST states."""
    fresh = concat(expr, literal("")) if expr.memo is None else expr
    before, fresh.memo = fresh.memo, None
    with patch.object(nfa, "build", partial(_in_full, nfa.build)):
        try:
            return to_dfa(fresh, MOST)
        except ConstraintTooLarge:
            return None
        finally:
            fresh.memo = before
