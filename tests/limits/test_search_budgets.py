"""What searches over cells and fields may take: what the request has left, and no more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import canvasgen as cg
from canvasgen.constraints.compiled.related_belief import FieldSearch, RelatedBelief
from canvasgen.constraints.table.grid import Grid
from canvasgen.errors import TimeLimit
from canvasgen.limits import Limits, limited, not_counted, seconds_left
from canvasgen.relations import Problem, Relation, RelationLimits, SearchTime, all_different, different, total
from canvasgen.tokens import Budget, Prefix
from canvasgen.vocabulary import Vocabulary

VOCABULARY = Vocabulary([bytes([byte]) for byte in range(256)] + [None], end_ids=[256])
ROW = {cell: range(4) for cell in "abcd"}


def test_a_search_may_take_what_the_request_allows() -> None:
    assert SearchTime().seconds == Limits().max_seconds
    with limited(Limits(max_seconds=100)):
        assert 79 < SearchTime().seconds <= 80
        assert SearchTime(RelationLimits(seconds=3).seconds).seconds == 3


@pytest.mark.parametrize("seconds", [None, 500.0])
def test_the_exact_solver_has_no_more_than_the_request(
    seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = Problem(ROW, [all_different(list("abcd"))])
    asked: list[float] = []
    find = problem._optimum.find

    def spied(*given: object) -> object:
        asked.append(given[-1])  # type: ignore[arg-type]
        return find(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(problem._optimum, "find", spied)
    with limited(Limits(max_seconds=50)):
        problem.best(np.zeros((4, 4)), seconds=seconds)
    assert 0 < asked[0] <= 50


def test_what_a_request_without_time_did_not_find_is_looked_for_again() -> None:
    problem = Problem(ROW, [different("a", "b")])
    with limited(Limits(max_seconds=1)):
        not_counted(-2)
        assert problem.solutions(1_000) is None
    found = problem.solutions(1_000)
    assert found is not None
    assert len(found) == 4 * 3 * 4 * 4


def test_a_table_is_made_within_its_limits() -> None:
    left: list[float] = []

    def relations(grid: Grid) -> list[Relation]:
        left.append(seconds_left())
        return [all_different(grid.cells)]

    cg.table(["r"], 3, [1, 2, 3], relations, limits=Limits(max_seconds=50))
    cg.table(["r"], 3, [1, 2, 3], relations)
    assert 40 < left[0] <= 50
    assert 0 < left[1] <= Limits().max_seconds


FIELDS = {
    "type": "object",
    "properties": {name: {"type": "integer", "minimum": 0, "maximum": 9} for name in "ab"},
    "required": ["a", "b"],
    "additionalProperties": False,
}


def related() -> Callable[[FieldSearch | None], RelatedBelief]:
    """Return what makes the belief about a canvas whose own best one breaks the relations."""
    constraint = cg.json_schema(FIELDS, whitespace="compact", relations=[total(["a", "b"], "==", 17)])
    compiled = constraint.compile(VOCABULARY)
    logits = np.zeros((16, VOCABULARY.size), np.float32)
    logits[:, ord("1")] = 3
    posterior = compiled.condition(logits)

    def believed(search: FieldSearch | None) -> RelatedBelief:
        belief = compiled.believe(posterior, Prefix(), Budget(16), search)
        assert isinstance(belief, RelatedBelief)
        return belief

    return believed


def test_the_first_pass_of_a_field_search_looks_at_the_clock() -> None:
    belief = related()(None)
    assert belief.found
    walk = belief._posterior.remembering(belief._memory, belief._start, after=0)
    left = iter([True] * 3)
    assert walk.run(32, lambda: next(left, False)) == 3
    assert walk.tokens is None
    assert not walk.proven
    walk.run(32, lambda: True)
    assert walk.tokens is not None


def test_passes_end_with_the_request() -> None:
    believed, search = related(), FieldSearch()
    goes_on = search.passing()
    assert goes_on()
    with limited(Limits(max_seconds=1)):
        not_counted(-2)
        assert not goes_on()
        belief = believed(search)
        assert not belief.found
        with pytest.raises(TimeLimit) as caught:
            belief.finish()
    assert caught.value.path == "a, b"
