"""What relations say of values and of themselves, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint
from canvasgen.relations import (
    Problem,
    Relation,
    RelationLimits,
    all_different,
    allowed,
    any_of,
    at_least,
    at_most,
    check,
    compares,
    count,
    different,
    element,
    equal,
    exactly,
    forbidden,
    implies,
    is_in,
    linear,
    lookup,
    ordered,
    total,
)

SAID: list[tuple[Relation, list[Any], list[Any], str]] = [
    (all_different(["a"]), [1], [], "a are all different"),
    (all_different(["a", "b"]), [1, True], [1, 1], "a, b are all different"),
    (different("a", "b"), [1, 1.0], ["x", "x"], "a, b are all different"),
    (equal(["a", "b"]), [True, True], [True, 1], "a, b are equal"),
    (linear({"a": 2, "b": -1}, "<=", 3), [1, 0], [2, 0], "2·a - 1·b <= 3"),
    (linear([("a", 1), ("a", 1)], "==", 4), [2], [3], "2·a == 4"),
    (total(["a", "b"], "!=", 3), [1, 1], [1, 2], "the sum of a, b != 3"),
    (total(["a", "b"], ">", 3), [2, 2], [True, 3], "the sum of a, b > 3"),
    (ordered(["a", "b"], "<"), [1, 1.5], [1, 1.0], "a < b"),
    (ordered(["a", "b"], ">="), ["y", "x"], ["x", "y"], "a >= b"),
    (ordered(["a", "b"], "<="), [1, 2], ["x", 2], "a <= b"),
    (element("i", ["a", "b"], "v", 1), [2, 7, 8, 8], [3, 7, 8, 8], "v is number i (from 1) of a, b"),
    (lookup("i", {1: "x", 2: "y"}, "v"), [1, "x"], [2, "x"], "v is looked up by i: 1 → 'x', 2 → 'y'"),
    (
        implies(is_in("a", [1, 2]), [is_in("b", ["x"])]),
        [1, "x"],
        [2, "y"],
        "if a is one of 1, 2, then b is 'x'",
    ),
    (count(["a", "b"], [1], "!=", 1), [1, 1], [1, 2], "not 1 of a, b in 1"),
    (exactly(1, ["a", "b"], [1]), [1, True], [1, 1], "exactly 1 of a, b in 1"),
    (at_most(1, ["a", "b"], [1]), [2, 1], [1, 1], "at most 1 of a, b in 1"),
    (at_least(1, ["a", "b"], [1]), [2, 1], [2, 1.0], "at least 1 of a, b in 1"),
    (allowed(["a", "b"], [(1, 2), (2, 1)]), [1, 2], [2, 2], "(a, b) is one of 2 tuples"),
    (forbidden(["a", "b"], [(1, 2)]), [True, 2], [1, 2], "(a, b) is none of 1 tuples"),
    (check(["a", "b"], lambda a, b: a > b), [2, 1], [1, 2], "a check of a, b"),
    (check(["a"], bool, name="a is truthy"), [1], [0], "a is truthy"),
    (all_different(list(range(12)), name="row"), list(range(12)), [1] * 12, "row"),
]


@pytest.mark.parametrize(("relation", "good", "bad", "words"), SAID, ids=[s[3] for s in SAID])
def test_holds_and_describes(relation: Relation, good: list[Any], bad: list[Any], words: str) -> None:
    assert relation.describe() == words
    assert relation.holds(good)
    assert not bad or not relation.holds(bad)


def test_many_cells_are_shortened() -> None:
    assert all_different(range(81)).describe() == "0, 1, 2, 3, 4, 5, 6, 7, 8, … (81 in all) are all different"


TWO = {"a": [1, 2], "b": [1, 2]}

REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: all_different([]), "at least 1 cell"),
    (lambda: all_different("ab"), "not one string"),
    (lambda: all_different(["a", "a"]), "names the cell a twice"),
    (lambda: all_different([["a"], ["b"]]), "not hashable"),
    (lambda: linear({}, "==", 1), "at least one cell"),
    (lambda: linear({"a": 0}, "==", 1), "at least one cell"),
    (lambda: linear({"a": float("nan")}, "==", 1), "the factor of a of linear is a number"),
    (lambda: linear({"a": True}, "==", 1), "the factor of a of linear is a number"),
    (lambda: linear({"a": "x"}, "==", 1), "the factor of a of linear is a number"),  # type: ignore[dict-item]
    (lambda: total(["a"], "==", True), "the total of total is a number"),
    (lambda: total(["a"], "==", None), "the total of total is a number"),
    (lambda: total(["a"], "==", float("inf")), "the total of total is a number"),
    (lambda: total(["a"], "==", "a"), "a factor other than 0"),
    (lambda: total(["a"], "==", ["a"]), "a cell of total is not hashable"),
    (lambda: total(["a"], "=", 1), "does not know the operator '='"),
    (lambda: ordered(["a", "b"], "=="), "does not know the operator '=='"),
    (lambda: ordered(["a"], "<"), "at least 2 cells"),
    (lambda: element("i", [], "v"), "at least 1 cell"),
    (lambda: element("i", ["a"], "v", base=True), "the base of element is a whole number"),
    (lambda: implies([], is_in("a", [1])), "at least one on each side"),
    (lambda: implies(is_in("a", [1]), ["b"]), "takes conditions"),  # type: ignore[list-item]
    (lambda: is_in("a", []), "at least one value"),
    (lambda: is_in("a", "xy"), "not one string"),
    (lambda: is_in("a", [float("nan")]), "NaN"),
    (lambda: is_in("a", [(1,)]), "a value of type tuple"),  # type: ignore[list-item]
    (lambda: count(["a"], [1], "==", 1.0), "is a whole number"),  # type: ignore[arg-type]
    (lambda: allowed(["a", "b"], []), "at least one tuple"),
    (lambda: forbidden(["a", "b"], [(1,)]), "needs 2 values in each tuple"),
    (lambda: allowed(["a", "b"], ["xy"]), "needs 2 values in each tuple"),
    (lambda: check(["a"], "no"), "something to call"),  # type: ignore[arg-type]
    (lambda: Problem({"a": []}, []), "the cell a has no values"),
    (lambda: Problem({"a": "xy"}, []), "one string"),
    (lambda: Problem({"a": [object()]}, []), "a value of type object"),  # type: ignore[list-item]
    (lambda: Problem(TWO, [different("a", "c")]), "“a, c are all different” names the cell c"),
    (lambda: Problem({"a": [1, "x"]}, [total(["a"], "==", 1)]), "needs numbers, and the cell a may be 'x'"),
    (lambda: Problem({"a": [True]}, [total(["a"], "==", 1)]), "the cell a may be True"),
    (lambda: Problem({"a": [1], "b": ["x"]}, [ordered(["a", "b"], "<")]), "numbers or strings"),
    (lambda: Problem({**TWO, "c": ["x"]}, [element("c", ["b"], "b")]), "needs integers"),
    # What is no list, no cell, no pair, no mapping, no text:
    (lambda: all_different(5), "takes a list of cells"),  # type: ignore[arg-type]
    (lambda: all_different(None), "takes a list of cells"),  # type: ignore[arg-type]
    (lambda: all_different(b"ab"), "not one string"),
    (lambda: all_different([(1, [2]), (3, 4)]), "not hashable"),
    (lambda: all_different(["a"], name=5), "the name of all_different is a text"),  # type: ignore[arg-type]
    (lambda: different(["a"], ["b"]), "not hashable"),
    (lambda: equal(5), "takes a list of cells"),  # type: ignore[arg-type]
    (lambda: ordered(5, "<"), "takes a list of cells"),  # type: ignore[arg-type]
    (lambda: ordered(["a", "b"], []), "does not know the operator"),  # type: ignore[arg-type]
    (lambda: ordered(["a", "b"], None), "does not know the operator"),  # type: ignore[arg-type]
    (lambda: total(5, "==", 1), "takes a list of cells"),  # type: ignore[arg-type]
    (lambda: total(["a"], None, 1), "does not know the operator"),  # type: ignore[arg-type]
    (lambda: total(["a"], "==", 1, name=["x"]), "the name of total is a text"),  # type: ignore[arg-type]
    (lambda: linear(5, "==", 1), "takes a list of pairs"),  # type: ignore[arg-type]
    (lambda: linear(["a"], "==", 1), "takes pairs"),  # type: ignore[list-item]
    (lambda: linear([("a", 1, 2)], "==", 1), "takes pairs"),  # type: ignore[list-item]
    (lambda: linear([(["a"], 1)], "==", 1), "not hashable"),
    (lambda: is_in(["a"], [1]), "not hashable"),
    (lambda: is_in("a", 5), "takes a list of values"),  # type: ignore[arg-type]
    (lambda: is_in("a", [[1]]), "a value of type list"),  # type: ignore[list-item]
    (lambda: count(["a"], 5, "==", 1), "takes a list of values"),  # type: ignore[arg-type]
    (lambda: count(["a"], [1], "==", "1"), "is a whole number"),  # type: ignore[arg-type]
    (lambda: count(5, [1], "==", 1), "takes a list of cells"),  # type: ignore[arg-type]
    (lambda: exactly("x", ["a"], [1]), "is a whole number"),  # type: ignore[arg-type]
    (lambda: implies(5, is_in("a", [1])), "takes a list of conditions"),  # type: ignore[arg-type]
    (lambda: implies(is_in("a", [1]), "b"), "not one string"),  # type: ignore[arg-type]
    (lambda: any_of(5), "takes a list of conditions"),  # type: ignore[arg-type]
    (lambda: any_of([5]), "not a condition"),  # type: ignore[list-item]
    (lambda: element(["i"], ["a"], "v"), "not hashable"),
    (lambda: element("i", 5, "v"), "takes a list of cells"),  # type: ignore[arg-type]
    (lambda: element("i", [["a"]], "v"), "not hashable"),
    (lambda: element("i", ["a"], ["v"]), "not hashable"),
    (lambda: lookup("i", [(1, 2)], "v"), "takes a mapping"),  # type: ignore[arg-type]
    (lambda: lookup("i", None, "v"), "takes a mapping"),  # type: ignore[arg-type]
    (lambda: lookup(["i"], {1: 2}, "v"), "not hashable"),
    (lambda: lookup("i", {1: [2]}, "v"), "a value of type list"),
    (lambda: allowed(5, [(1,)]), "takes a list of cells"),  # type: ignore[arg-type]
    (lambda: allowed(["a"], 5), "takes a list of tuples"),  # type: ignore[arg-type]
    (lambda: allowed(["a"], [5]), "needs 1 values in each tuple"),  # type: ignore[list-item]
    (lambda: check(5, bool), "takes a list of cells"),  # type: ignore[arg-type]
    (lambda: check(["a"], bool, name=5), "the name of check is a text"),  # type: ignore[arg-type]
    (lambda: Problem([1], []), "domains are a mapping"),  # type: ignore[arg-type]
    (lambda: Problem({"a": 5}, []), "no list"),  # type: ignore[dict-item]
    (lambda: Problem({"a": [1]}, 5), "relations are a list"),  # type: ignore[arg-type]
    (lambda: Problem({"a": [1]}, ["a < b"]), "not a relation"),  # type: ignore[list-item]
    (lambda: Problem({"a": [1]}, is_in("a", [1])), "relations are a list"),  # type: ignore[arg-type]
    (lambda: Problem(TWO, []).conflict({"c": 1}), "c is not in the problem"),
    (lambda: Problem(TWO, []).conflict({"a": True}), "cannot be True"),
]


@pytest.mark.parametrize(("broken", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_refuses(broken: Callable[[], Any], words: str) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        broken()
    assert words in caught.value.message


LARGE: list[tuple[Callable[[], Any], str]] = [
    (lambda: Problem(TWO, [], limits=RelationLimits(max_cells=1)), "max_cells"),
    (lambda: Problem(TWO, [], limits=RelationLimits(max_values=1)), "max_values"),
    (lambda: Problem(TWO, [], limits=RelationLimits(max_cell_values=3)), "max_cell_values"),
    (lambda: Problem(TWO, [], limits=RelationLimits(max_bits=100)), "max_bits"),
    (lambda: Problem(TWO, [different("a", "b")], limits=RelationLimits(max_entries=1)), "max_entries"),
    (lambda: Problem(TWO, [linear({"a": 2**60}, "==", 1)]), "2"),
    (lambda: Problem({"a": [2**61]}, [total(["a"], "==", 1)]), "the sum of a == 1"),
]


@pytest.mark.parametrize(("large", "rule"), LARGE, ids=[rule for _, rule in LARGE])
def test_limits(large: Callable[[], Any], rule: str) -> None:
    with pytest.raises(ConstraintTooLarge) as caught:
        large()
    assert isinstance(caught.value, CanvasgenError)
    assert caught.value.remedy
    assert rule in str(caught.value.rule)


def test_conditions_on_numbers_compare_exactly() -> None:
    """By enumeration; texts and booleans are no numbers, 0.1 is a tenth."""
    domain = [0, 0.1, 0.3, 1, True, "1", None]
    for op, holds in (("<", lambda a: a < 0.3), (">=", lambda a: a >= 0.3), ("!=", lambda a: a != 0.3)):
        relation = implies(compares("a", op, 0.3), compares("b", "==", 1))
        problem = Problem({"a": domain, "b": domain}, [relation])
        solutions = problem.solutions(100)
        assert solutions is not None
        found = {tuple(problem.values[n][at] for n, at in enumerate(row)) for row in solutions.tolist()}
        numbers = [value for value in domain if type(value) in (int, float)]
        wanted = {
            (a, b)
            for a in domain
            for b in domain
            if not (a in numbers and not isinstance(a, bool) and holds(a)) or (type(b) is int and b == 1)
        }
        assert {(repr(a), repr(b)) for a, b in found} == {(repr(a), repr(b)) for a, b in wanted}


@pytest.mark.parametrize(
    "call", [lambda: compares("a", "=", 1), lambda: compares("a", "<", "1")], ids=range(2)
)
def test_conditions_on_numbers_are_checked(call) -> None:
    with pytest.raises(InvalidConstraint):
        call()
