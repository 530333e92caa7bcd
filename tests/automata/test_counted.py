"""Automata whose large repeats are left out and written back, against those that are built in full."""

from __future__ import annotations

import numpy as np
import pytest
from counted_cases import counted, whole
from hypothesis import assume, given, settings

from canvasgen.automata import (
    ANY_CHARACTER,
    CountedDFA,
    Expr,
    Limits,
    concat,
    intersect,
    literal,
    repeat,
    to_dfa,
    union,
)
from canvasgen.errors import ConstraintTooLarge


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(counted())
def test_arrays_are_those_of_the_whole_construction(expr: Expr) -> None:
    wanted = whole(expr)
    assume(wanted is not None)
    found = to_dfa(expr)
    assert wanted is not None
    assert not isinstance(wanted, CountedDFA)
    assert found.num_states == wanted.num_states
    assert found.num_transitions == wanted.num_transitions
    assert found.is_empty == wanted.is_empty
    assert found == wanted
    assert found.fingerprint() == wanted.fingerprint()


TEXT = concat(literal('"'), repeat(ANY_CHARACTER, 0, 2000), literal('"'))


def test_a_long_repeat_costs_no_more_than_a_short_one() -> None:
    found = to_dfa(TEXT)
    assert isinstance(found, CountedDFA)
    assert found.core.num_states < 60
    assert found.num_bytes > 100_000
    assert "target" not in vars(found)  # its size is known without the arrays
    assert found.num_states > 10_000
    assert found.accepts(b'"' + b"a" * 2000 + b'"')
    assert not found.accepts(b'"' + b"a" * 2001 + b'"')


@pytest.mark.parametrize(
    "expr",
    [
        concat(repeat(union(literal("a"), literal("ab")), 0, 30), literal("b")),
        union(
            concat(literal("1"), repeat(literal("a"), 0, 30), literal("b")),
            concat(literal("2"), repeat(literal("a"), 0, 20), literal("b")),
        ),
    ],
    ids=["copies overlap", "different counts end alike"],
)
def test_what_does_not_tell_its_layer_is_built_in_full(expr: Expr) -> None:
    found = to_dfa(expr)
    assert not isinstance(found, CountedDFA)
    assert found == whole(expr)


def test_counted_parts_of_other_automata() -> None:
    capped = intersect(TEXT, repeat(ANY_CHARACTER, 5, 9))
    assert to_dfa(capped).accepts('"é€a"'.encode())
    assert not to_dfa(capped).accepts(b'"' + b"a" * 8 + b'"')


def test_limits_count_all_copies() -> None:
    with pytest.raises(ConstraintTooLarge) as caught:
        to_dfa(concat(repeat(literal("abc"), 0, 400), literal("z")), Limits(max_states=1000))
    assert caught.value.rule == "max_states"


def test_repeats_far_inside_of_a_large_automaton() -> None:
    parts = [part for n in range(4) for part in (literal("x" * 1500), repeat(literal("a"), 0, 12 + n))]
    expr = concat(*parts, literal("b"))
    assert isinstance(to_dfa(expr), CountedDFA)
    assert to_dfa(expr).accepts(b"x" * 1500 + b"a" * 12 + b"x" * 4500 + b"b")
    assert not to_dfa(expr).accepts(b"x" * 1500 + b"a" * 13 + b"x" * 4500 + b"b")


def test_keys_differ_where_counts_differ() -> None:
    made = [to_dfa(concat(repeat(literal("a"), 0, high), literal("b"))) for high in (50, 51, 50)]
    assert all(isinstance(dfa, CountedDFA) for dfa in made)
    assert made[0].key() == made[2].key() != made[1].key()
    assert np.array_equal(made[0].offsets, made[2].offsets)
