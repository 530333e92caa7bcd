"""How short texts can be: a bound that no text is below, also where the automaton leaves counts open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.automata import (
    Expr,
    byte_set,
    code_points,
    concat,
    difference,
    intersect,
    least_bytes,
    literal,
    repeat,
    to_dfa,
    union,
)
from canvasgen.constraints.growth import least_bytes as least_of
from canvasgen.errors import BudgetTooSmall, ConstraintTooLarge

LEAVES = st.sampled_from(
    [
        literal(""),
        literal("ab"),
        byte_set([(97, 99)]),
        code_points([(0xE9, 0xEA)]),
        code_points([(0x1F600, 0x1F601)]),
    ]
)


def joined(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    pairs = st.tuples(inner, inner)
    counts = st.tuples(inner, st.integers(0, 3), st.integers(0, 3))
    return st.one_of(
        *(pairs.map(lambda both, make=make: make(*both)) for make in (concat, union, intersect, difference)),
        counts.map(lambda given: repeat(given[0], given[1], given[1] + given[2])),
    )


@given(st.recursive(LEAVES, joined, max_leaves=8))
def test_no_text_is_shorter(expr: Expr) -> None:
    dfa = to_dfa(expr)
    if not dfa.is_empty:
        assert dfa.shortest_length is not None
        assert 0 <= least_bytes(expr) <= dfa.shortest_length


@given(
    st.recursive(LEAVES, lambda inner: st.tuples(inner, inner).map(lambda both: concat(*both)), max_leaves=8)
)
def test_it_is_exact_without_intersections_and_differences(expr: Expr) -> None:
    assert least_bytes(expr) == to_dfa(expr).shortest_length


def test_a_shared_expression_is_looked_at_once() -> None:
    whole = literal("a" * 2000)
    for _ in range(40):
        whole = union(concat(whole, literal("b"), whole), literal("x" * 5000))
    assert least_bytes(whole) == 5000


def test_counts_that_are_left_out_count() -> None:
    many = cg.regex("a{1000000}b")
    assert many.automaton.num_states < 1000
    assert least_of(many) == 1_000_001
    assert least_of(cg.regex("a{3}") + many) == 1_000_004
    assert least_of(cg.regex("ab|c")) == 1


def test_a_budget_that_is_too_small_names_the_bound() -> None:
    with pytest.raises(BudgetTooSmall, match="tokens or more") as caught:
        cg.generate("a", regex="a{1000000}", max_tokens=900)
    assert caught.value.remedy is not None
    needed = int(caught.value.remedy.split()[3])
    assert needed > 30_000


def test_a_literal_longer_than_the_limit_is_refused_before_it_is_built() -> None:
    with pytest.raises(ConstraintTooLarge, match="shortest text has 200000 bytes") as caught:
        _ = cg.literal("ab" * 100_000).automaton
    assert caught.value.rule == "max_states"
