"""Everything that a problem answers, beside brute force on random tiny problems."""

from __future__ import annotations

import itertools
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from relations_oracle import domains_of, family, mask_of, problems, satisfying, score_of, scores_for

from canvasgen.errors import TimeLimit, Unsatisfiable
from canvasgen.relations import Problem, Relation, RelationLimits, all_different, total
from canvasgen.relations.kernels.propagation_kernel import from_mask
from canvasgen.relations.kernels.search_kernel import COMPLETE, OUT_OF_NODES, begin_search, go_on

Drawn = tuple[dict[str, list[Any]], list[Relation]]
FEW = settings(max_examples=40, deadline=None)
MANY = settings(max_examples=150, deadline=None)
WAYS = ["kept", "elimination", "branch and bound", "CP-SAT"]  # how `best` can find its answer


def built(drawn: Drawn, way: str = "kept") -> tuple[Problem | None, np.ndarray]:
    """The problem (None: contradictory at the root) and its solutions."""
    domains, relations = drawn
    expected = satisfying(domains, relations)
    limits = RelationLimits(max_nodes=0) if way == "CP-SAT" else RelationLimits()
    try:
        problem = Problem(domains, relations, limits=limits)
    except Unsatisfiable:
        assert len(expected) == 0
        return None, expected
    if way != "kept":
        problem._all.__dict__["few"] = None
        if way != "elimination":
            problem._optimum.__dict__["elimination"] = None
    return problem, expected


def rows(array: np.ndarray) -> list[tuple[int, ...]]:
    return sorted(map(tuple, array.tolist()))


@pytest.mark.slow
@MANY
@given(problems(), st.integers(0, 2**32))
def test_propagation_keeps_every_solution(drawn: Drawn, seed: int) -> None:
    problem, expected = built(drawn)
    if problem is None:
        return
    assert not (mask_of(expected, problem.root.shape) & ~problem.root).any()
    mask = problem.root & (np.random.default_rng(seed).random(problem.root.shape) < 0.7)
    before = mask.copy()
    left = problem.propagate(mask)
    assert (mask == before).all()
    inside = expected[mask[np.arange(len(problem.cells)), expected].all(axis=1)]
    if left is None:
        assert len(inside) == 0
        return
    assert not (left & ~mask).any()
    assert not (mask_of(inside, left.shape) & ~left).any()
    again = problem.propagate(left)
    assert again is not None
    assert (again == left).all()
    if (left.sum(axis=1) == 1).all():
        assert len(inside) == 1  # what is decided satisfies all relations


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(problems(), st.integers(0, 2**32))
def test_propagation_at_length(drawn: Drawn, seed: int) -> None:
    test_propagation_keeps_every_solution.hypothesis.inner_test(drawn, seed)


@pytest.mark.slow
@MANY
@given(problems(most=1))
def test_one_relation_is_arc_consistent(drawn: Drawn) -> None:
    """All but sums, `!=` counts, pointers and several clauses leave exactly the values that solutions have."""
    _, (relation,) = drawn
    exact = ("AllDifferent", "AllEqual")
    assume(
        type(relation).__name__ in exact or (type(relation).__name__ == "Tuples" and not relation.forbidden)
    )
    problem, expected = built(drawn)
    assert (problem is None) == (len(expected) == 0)
    if problem is not None:
        assert (mask_of(expected, problem.root.shape) == problem.root).all()


@MANY
@given(domains_of(list(range(7)), most_cells=6))
def test_all_different_is_arc_consistent(domains: dict[str, list[Any]]) -> None:
    problem, expected = built((domains, [all_different(domains)]))
    assert (problem is None) == (len(expected) == 0)
    if problem is not None:
        assert (mask_of(expected, problem.root.shape) == problem.root).all()


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@FEW
@given(problems(), st.integers(0, 2**32), st.sampled_from([0.0, 0.2]))
def test_best(way: str, drawn: Drawn, seed: int, impossible: float) -> None:
    problem, expected = built(drawn, way)
    if problem is None:
        return
    scores = scores_for(problem, seed, impossible)
    sums = score_of(scores, expected)
    if not (sums > -np.inf).any():
        with pytest.raises(Unsatisfiable):
            problem.best(scores)
        return
    solved = problem.best(scores)
    assert solved.proven
    assert tuple(solved.assignment) in rows(expected)
    assert problem.check(solved.assignment) == []
    assert solved.score == pytest.approx(sums.max(), abs=1e-5)
    assert solved.score == pytest.approx(score_of(scores, solved.assignment[None])[0])
    assert solved.bound >= sums.max() - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@FEW
@given(problems(), st.integers(0, 2**32))
def test_k_best_comes_in_order(way: str, drawn: Drawn, seed: int) -> None:
    problem, expected = built(drawn, way)
    if problem is None:
        return
    scores = scores_for(problem, seed, 0.1)
    sums = np.sort(score_of(scores, expected))[::-1]
    sums = sums[sums > -np.inf][:12]
    found = list(islice(problem.k_best(scores), 12))
    assert [s.score for s in found] == pytest.approx(sums.tolist(), abs=1e-5)
    assert len({tuple(s.assignment) for s in found}) == len(found)


@FEW
@given(problems(), st.integers(1, 40))
def test_solutions(drawn: Drawn, most: int) -> None:
    problem, expected = built(drawn)
    if problem is None:
        return
    found = problem.solutions(most)
    if len(expected) > most:
        assert found is None
    else:
        assert found is not None
        assert rows(found) == rows(expected)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["kept", "elimination"])
@FEW
@given(problems(), st.integers(0, 2**32), st.sampled_from([0.0, 0.2]))
def test_partition_and_samples(way: str, drawn: Drawn, seed: int, impossible: float) -> None:
    problem, expected = built(drawn, way)
    if problem is None:
        return
    scores = scores_for(problem, seed, impossible)
    sums = score_of(scores, expected)
    log_z = problem.log_partition(scores)
    assert log_z is not None
    if not (sums > -np.inf).any():
        assert log_z == -np.inf
        with pytest.raises(Unsatisfiable):
            problem.sample(scores, seed)
        return
    assert log_z == pytest.approx(np.logaddexp.reduce(sums))
    drawn_once, exact = problem.sample(scores, seed)
    assert exact
    assert score_of(scores, drawn_once[None])[0] > -np.inf
    assert tuple(drawn_once) in rows(expected)
    problem._optimum.__dict__["elimination"] = None
    approximate, exact = problem.sample(scores, seed, most=0)
    assert not exact
    assert tuple(approximate) in rows(expected[sums > -np.inf])


@FEW
@given(problems(), st.integers(0, 2**32), st.sampled_from([0.0, 0.2]))
def test_greedy_returns_solutions_only(drawn: Drawn, seed: int, impossible: float) -> None:
    problem, expected = built(drawn)
    if problem is None:
        return
    scores = scores_for(problem, seed, impossible)
    found = problem.greedy(scores)
    if found is not None:
        assert tuple(found) in rows(expected)
        assert score_of(scores, found[None])[0] > -np.inf


@FEW
@given(problems(most=6), st.data())
def test_conflicts_are_minimal(drawn: Drawn, data: st.DataObject) -> None:
    domains, relations = drawn
    problem, _ = built(drawn)
    if problem is None:
        return
    some = data.draw(st.lists(st.sampled_from(list(domains)), unique=True, max_size=4))
    fixed = {cell: data.draw(st.sampled_from(domains[cell])) for cell in some}

    # A domain of one value is a fixed cell: the problem without it is that of the other values of its type.
    wide = dict(domains)
    for cell, values in domains.items():
        if len(values) == 1:
            fixed[cell] = values[0]
            wide[cell] = family(domains, cell)

    def solvable(kept: list[Relation], cells: dict[str, Any]) -> bool:
        inside = {c: [cells[c]] if c in cells else values for c, values in wide.items()}
        return len(satisfying(inside, kept)) > 0

    conflict = problem.conflict({cell: fixed[cell] for cell in some})
    if conflict is None:
        assert solvable(relations, fixed)
        return
    assert conflict.minimal
    kept, cells = list(conflict.relations), dict(conflict.fixed)
    assert all(any(r is given for given in relations) for r in kept)
    assert cells.items() <= fixed.items()
    assert not solvable(kept, cells)
    for n in range(len(kept)):
        assert solvable(kept[:n] + kept[n + 1 :], cells)
    for cell in cells:
        assert solvable(kept, {c: v for c, v in cells.items() if c != cell})


@FEW
@given(problems(), st.integers(0, 2**32))
def test_many_words(drawn: Drawn, seed: int) -> None:
    """A cell with 130 values more makes every set of values three words long."""
    domains, relations = drawn
    expected = satisfying(domains, relations)
    spread = [
        *(-9000 - n for n in range(70)),
        *range(4),
        *(9000 + n for n in range(56)),
        "a",
        "b",
        True,
        None,
        1.0,
        -2,
    ]
    wide = {**domains, "wide": spread}
    assert satisfying({"wide": spread}, []).shape == (len(spread), 1)
    try:
        problem = Problem(wide, relations)
    except Unsatisfiable:
        assert len(expected) == 0
        return
    left = problem.root[:-1]
    assert not (mask_of(expected, left.shape) & ~left).any()
    if len(expected) == 0:
        return
    fixed = problem.root.copy()
    fixed[:-1] &= mask_of(expected[:1], left.shape)
    assert problem.propagate(fixed) is not None
    scores = scores_for(problem, seed)
    solved = problem.best(scores)
    assert solved.score == pytest.approx(
        score_of(scores[:-1], expected).max() + scores[-1, : len(spread)].max(), abs=1e-5
    )


@pytest.mark.slow
@FEW
@given(problems(), st.integers(0, 2**32))
def test_local_search_never_loses_what_it_begins_with(drawn: Drawn, seed: int) -> None:
    """Without nodes for branch and bound and without seconds for CP-SAT."""
    domains, relations = drawn
    expected = satisfying(domains, relations)
    assume(len(expected))
    problem = Problem(domains, relations, limits=RelationLimits(max_nodes=0))
    problem._all.__dict__["few"] = problem._optimum.__dict__["elimination"] = None
    scores = scores_for(problem, seed)
    start = expected[seed % len(expected)]
    for given_start in (start, None):
        try:
            solved = problem.best(scores, start=given_start, seconds=0)
        except TimeLimit:
            assert given_start is None
            continue
        assert solved.assignment.tolist() in expected.tolist()
        assert solved.score <= score_of(scores, expected).max() + 1e-9
        if given_start is not None:
            assert solved.score >= score_of(scores, start[None])[0] - 1e-9


@FEW
@given(problems(), st.integers(1, 9))
def test_enumeration_goes_on_where_it_stopped(drawn: Drawn, some: int) -> None:
    """In slices of a few nodes it finds what it finds at once."""
    problem, expected = built(drawn)
    if problem is None:
        return
    every, program = problem._all, problem._program
    state = begin_search(program, every._active, from_mask(program, problem.root, problem._space.words))
    found, count, status = np.empty((1, len(problem.cells)), np.int64), 0, OUT_OF_NODES
    while status == OUT_OF_NODES:
        status, state, found, count = go_on(program, every._active, state, found, count, 10**6, some)
    assert status == COMPLETE
    assert rows(problem._space.places_of(found[:count])) == rows(expected)


def test_enumeration_looks_at_the_clock() -> None:
    """No time, no list; what failed for want of time is tried again with more."""
    cells = [(r, c) for r in range(4) for c in range(4)]
    lines = [cells[4 * at : 4 * at + 4] for at in range(4)] + [cells[at::4] for at in range(4)]
    problem = Problem({cell: [1, 2, 3, 4] for cell in cells}, [all_different(line) for line in lines])
    problem._all.__dict__["few"] = None
    assert problem.solutions(10_000, seconds=-1.0) is None
    found = problem.solutions(10_000)
    assert found is not None
    assert len(found) == 576


def test_numbers_are_the_decimals_that_they_are_written_as() -> None:
    prices = [0.1, 0.2, 0.3]
    problem = Problem(
        {"a": prices, "b": prices, "sum": [0.3, 0.30000000000000004]}, [total(["a", "b"], "==", "sum")]
    )
    found = problem.solutions(100)
    assert found is not None
    values = [[problem.values[n][at] for n, at in enumerate(row)] for row in found.tolist()]
    assert sorted(values) == [[0.1, 0.2, 0.3], [0.2, 0.1, 0.3]]
    with pytest.raises(Unsatisfiable):
        Problem({"a": [1, 2]}, [total(["a"], "==", 1.5)])
    between = Problem({"a": [1, 2]}, [total(["a"], "<", 1.5), total(["a"], "!=", 0.5)])
    assert between.root.tolist() == [[True, False]]


@FEW
@given(problems(), st.integers(0, 2**32))
def test_elimination_draws_from_the_exact_distribution(drawn: Drawn, seed: int) -> None:
    """By the probability of each choice on the way, and not by frequencies."""
    problem, expected = built(drawn, "elimination")
    if problem is None or not len(expected):
        return
    tree = problem._optimum.elimination
    assert tree is not None  # five cells of four values are never too large
    scores = scores_for(problem, seed)
    by_bit, _ = problem._by_bit(scores)
    sums = score_of(scores, expected)
    exact = np.exp(sums - np.logaddexp.reduce(sums))

    class Counting:
        """Draws a given assignment, and multiplies the probabilities of its choices."""

        def __init__(self, wanted: np.ndarray) -> None:
            self.left = [int(wanted[bucket.cell]) for bucket in reversed(tree._buckets)]
            self.cells = [bucket.cell for bucket in reversed(tree._buckets)]
            self.probability = 1.0

        def choice(self, size: int, p: np.ndarray) -> int:
            place = int(np.flatnonzero(tree._sets[self.cells.pop(0)] == self.left.pop(0))[0])
            assert len(p) == size
            self.probability *= p[place]
            return place

    for row, probability in zip(expected, exact, strict=True):
        rng = Counting(problem._space.bits_of(row))
        drawn_bits = tree.sample(by_bit, rng)  # type: ignore[arg-type]
        assert drawn_bits is not None
        assert problem._space.places_of(drawn_bits).tolist() == row.tolist()
        assert rng.probability == pytest.approx(probability, abs=1e-9)


def test_elimination_takes_what_is_narrow_and_leaves_what_is_wide() -> None:
    cells = [f"c{n:02}" for n in range(40)]
    chain = Problem(
        {cell: list(range(10)) for cell in cells},
        [all_different(pair) for pair in itertools.pairwise(cells)],
    )
    assert chain._optimum.elimination is not None
    scores = np.random.default_rng(0).normal(size=chain.root.shape)
    assert chain.sample(scores, 1)[1]
    flat = chain.log_partition(np.zeros(scores.shape))
    assert flat == pytest.approx(np.log(10) + 39 * np.log(9))  # colourings of a path
    assert chain.best(scores).proven
    square = [(r, c) for r in range(6) for c in range(6)]
    lines = [[(r, c) for c in range(6)] for r in range(6)] + [[(r, c) for r in range(6)] for c in range(6)]
    latin = Problem({cell: list(range(9)) for cell in square}, [all_different(line) for line in lines])
    assert latin._optimum.elimination is None
