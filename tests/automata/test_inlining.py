"""Substitutions that are laid in place have the automaton of those that are compiled on their own."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from counted_cases import BODIES
from hypothesis import given
from hypothesis import strategies as st

from canvasgen.automata import (
    EPSILON,
    Expr,
    byte_set,
    code_points,
    compiler,
    concat,
    from_dfa,
    literal,
    optional,
    repeat,
    separated,
    substitute,
    to_dfa,
    union,
)
from canvasgen.automata.thompson.inlining import parts_of

ITEM, COMMA, END = 0, 1, 2
SHAPES = (  # automata over symbols, as `listing` and `loop` write them
    literal(bytes([ITEM])),
    concat(literal(bytes([ITEM])), repeat(literal(bytes([COMMA, ITEM])))),
    union(literal(bytes([ITEM, COMMA, END])), literal(bytes([COMMA, ITEM]))),
    repeat(byte_set([(ITEM, END)])),
    concat(repeat(literal(bytes([ITEM, COMMA])), 0, 3), optional(literal(bytes([END])))),
    concat(literal(b"<"), optional(literal(bytes([ITEM, COMMA, END]))), literal(b">")),
)
LEAVES = (literal("a"), EPSILON, code_points([(0x61, 0x62), (0xE9, 0x200)]), *BODIES)


@st.composite
def nested(draw: st.DrawFn, depth: int = 2) -> tuple[Expr, Expr]:
    """The same language twice: with substitutions into automata, and into expressions."""
    if depth == 0 or draw(st.booleans()):
        leaf = draw(st.sampled_from(LEAVES))
        return leaf, leaf
    items = [draw(nested(depth - 1)) for _ in range(draw(st.integers(1, 3)))]
    comma = draw(st.sampled_from((literal(","), EPSILON, union(literal(","), literal(", ")))))
    shape = draw(st.sampled_from(SHAPES))
    around = draw(st.sampled_from((0, 1, 2)))
    both: list[Expr] = []
    for side, body in enumerate((from_dfa(to_dfa(shape)), shape)):
        first, last = items[0][side], items[-1][side]
        made = substitute(body, {ITEM: first, COMMA: comma, END: last})
        both.append(
            (
                concat(literal("["), made, literal("]")),
                union(made, literal("null")),
                separated(made, literal(";"), 0, 2),
            )[around]
        )
    return both[0], both[1]


@given(nested())
def test_the_automaton_is_the_same(pair: tuple[Expr, Expr]) -> None:
    in_place, on_their_own = pair
    assert to_dfa(in_place) == to_dfa(on_their_own)


def _ring(item: Expr) -> Expr:
    """A list of items in brackets."""
    return concat(
        literal("["), substitute(from_dfa(to_dfa(SHAPES[1])), {ITEM: item, COMMA: literal(",")}), literal("]")
    )


@pytest.mark.parametrize("levels", [3, 12])
def test_lists_in_lists_are_determinised_once(levels: int) -> None:
    inner: Expr = repeat(byte_set([(0x61, 0x7A)]), 30, 30)
    for level in range(levels):
        inner = _ring(union(inner, literal(f"{levels} {level}")))
    assert len(parts_of(inner).inlined) == levels
    visited: list[int] = []
    determinise = compiler.determinise

    def counting(*arguments: object) -> object:
        status, run = determinise(*arguments)
        visited.append(int(run[0][0]))
        return status, run

    with patch.object(compiler, "determinise", counting):
        states = to_dfa(inner).num_states
    assert sum(visited) < 2 * states


def test_what_occurs_twice_is_compiled_once() -> None:
    item = _ring(byte_set([(0x61, 0x7A)]))
    node = _ring(union(concat(literal("1"), item), concat(literal("2"), item)))
    parts = parts_of(node)
    assert len(parts.inlined) == 1
    assert [type(part).__name__ for part in parts.compiled] == ["Substitute"]
    accepts = to_dfa(node).accepts
    assert accepts(b"[1[a,b],2[c]]")
    assert not accepts(b"[1[a,b],[c]]")
