"""How short texts can be: a bound that no text is below, also where the automaton leaves counts open."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
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


LONG = {"type": "string", "pattern": "^a{1000000}$"}
LONGER = {
    "a schema": (lambda: cg.json_schema(LONG), 1_000_002),
    "a property": (
        lambda: cg.json_schema({"type": "object", "properties": {"é": LONG}, "required": ["é"]}),
        1_000_009,
    ),
    "an optional one": (lambda: cg.json_schema({"type": "object", "properties": {"a": LONG}}), 2),
    "any name": (
        lambda: cg.json_schema(
            {
                "type": "object",
                "properties": {"a long name": {"type": "integer"}},
                "additionalProperties": {"type": "integer"},
                "minProperties": 1,
            }
        ),
        6,
    ),
    "items": (lambda: cg.json_schema({"type": "array", "items": LONG, "minItems": 3}), 3_000_010),
    "an alternative": (lambda: cg.json_schema({"anyOf": [LONG, {"type": "null"}]}), 4),
    "a template": (lambda: cg.template("né {a}{b}", a=cg.regex("x{100000}y"), b=int), 100_006),
    "holes alike": (lambda: cg.template("{a}{a}", a=cg.regex("x{100000}y?")), 200_000),
    "or": (lambda: cg.regex("x{100000}") | cg.regex("y{200000}"), 100_000),
    "and": (lambda: cg.regex("x{100000}.*") & cg.text(3), 100_000),
    "items of a list": (lambda: cg.repeat(cg.regex("x{100000}"), 3, 5, separator=", "), 300_004),
}


@pytest.mark.parametrize("name", LONGER)
def test_counts_inside_of_schemas_templates_and_combinations_count(name: str) -> None:
    made, least = LONGER[name]
    assert least - 2 <= least_of(made()) <= least


SCHEMAS = st.recursive(
    st.sampled_from(
        [
            {"type": "integer"},
            {"type": "number", "minimum": 100},
            {"type": "string", "minLength": 2},
            {"enum": ["é", 3]},
            {"type": "null"},
            {"type": "string", "pattern": "^b{3}$"},
        ]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.integers(0, 2)).map(
            lambda given: {"type": "array", "items": given[0], "minItems": given[1]}
        ),
        st.tuples(inner, inner, st.sampled_from([[], ["a"], ["a", "é"]]), st.integers(0, 2)).map(
            lambda given: {
                "type": "object",
                "properties": {"a": given[0], "é": given[1]},
                "required": given[2],
                "minProperties": given[3],
                "additionalProperties": False,
            }
        ),
        st.tuples(inner, inner).map(lambda both: {"anyOf": list(both)}),
    ),
    max_leaves=4,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(SCHEMAS)
def test_no_text_of_a_schema_is_shorter(schema: dict[str, object]) -> None:
    made = cg.json_schema(schema, whitespace="compact")
    shortest = made.automaton.shortest_length
    assert shortest is not None
    assert made.language.least_bytes <= shortest


def test_a_literal_longer_than_the_limit_is_refused_before_it_is_built() -> None:
    with pytest.raises(ConstraintTooLarge, match="shortest text has 200000 bytes") as caught:
        _ = cg.literal("ab" * 100_000).automaton
    assert caught.value.rule == "max_states"
