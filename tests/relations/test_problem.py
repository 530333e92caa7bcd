"""Problems of a realistic size, and the corners of the interface."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice

import numpy as np
import pytest

from canvasgen.errors import InvalidConstraint, TimeLimit, Unsatisfiable
from canvasgen.relations import (
    Problem,
    Relation,
    RelationLimits,
    all_different,
    check,
    element,
    exactly,
    implies,
    is_in,
    linear,
    lookup,
    ordered,
    total,
)

PUZZLE = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
ANSWER = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
CELLS = [(r, c) for r in range(9) for c in range(9)]


def sudoku_rules() -> list[Relation]:
    rows = [all_different([(r, c) for c in range(9)], name=f"row {r + 1} all different") for r in range(9)]
    columns = [
        all_different([(r, c) for r in range(9)], name=f"column {c + 1} all different") for c in range(9)
    ]
    boxes = [
        all_different(
            [(a + i, b + j) for i in range(3) for j in range(3)], name=f"box {a + b // 3 + 1} all different"
        )
        for a in (0, 3, 6)
        for b in (0, 3, 6)
    ]
    return rows + columns + boxes


def sudoku(givens: str) -> Problem:
    digits = list(range(1, 10))
    domains = {cell: digits if g == "0" else [int(g)] for cell, g in zip(CELLS, givens, strict=True)}
    return Problem(
        domains, sudoku_rules(), limits=RelationLimits(conflict_seconds=300)
    )  # on a busy machine too


def shown(problem: Problem, assignment: np.ndarray) -> str:
    return "".join(str(values[i]) for values, i in zip(problem.values, assignment, strict=True))


def test_a_sudoku() -> None:
    problem = sudoku(PUZZLE)
    solved = problem.best(np.zeros(problem.root.shape))
    assert shown(problem, solved.assignment) == ANSWER
    assert (problem.root.sum(axis=1) == 1).all()  # propagation alone decides this one
    assert problem.check(solved.assignment) == []
    wrong = solved.assignment.copy()
    wrong[2] = 0
    assert [r.name for r in problem.check(wrong)] == [
        "row 1 all different",
        "column 3 all different",
        "box 1 all different",
    ]


def test_an_open_sudoku_has_many_solutions() -> None:
    problem = sudoku("0" * 81)
    assert problem.solutions(50) is None
    scores = np.random.default_rng(0).normal(size=problem.root.shape)
    assert problem.log_partition(scores) is None
    drawn, exact = Problem(
        dict(
            zip(
                CELLS, ([int(a)] if n > 20 else list(range(1, 10)) for n, a in enumerate(ANSWER)), strict=True
            )
        ),
        sudoku_rules(),
    ).sample(np.zeros((81, 9)), 1)
    assert exact
    assert len(drawn) == 81
    greedy = problem.greedy(scores)
    assert greedy is None or problem.check(greedy) == []
    assert (scores == np.random.default_rng(0).normal(size=problem.root.shape)).all()


def test_contradictory_givens_are_named() -> None:
    problem = sudoku("0" * 81)
    assert str(problem.conflict({(0, 0): 5, (0, 4): 5, (8, 8): 1})) == (
        "(0, 0) = 5, (0, 4) = 5 and: row 1 all different"
    )
    assert problem.conflict({(0, 0): 5}) is None
    with pytest.raises(Unsatisfiable, match=r"= 5, .* = 5 and: (row|box) 1 all different"):
        sudoku("505" + PUZZLE[3:])


def test_checks_are_kept_apart() -> None:
    never = check(["a"], lambda a: False, name="never")
    problem = Problem({"a": [1, 2]}, [never])
    assert problem.checks == (never,)
    assert problem.relations == ()
    solved = problem.best(np.array([[0.0, 1.0]]))
    assert problem.check(solved.assignment) == [never]


def test_values_are_told_apart_by_type() -> None:
    problem = Problem({"a": [1, True, 1.0, 1, None], "b": [True]}, [all_different(["a", "b"])])
    assert [type(v) for v in problem.values[0]] == [int, bool, float, type(None)]
    assert problem.root[0].tolist() == [True, False, True, True]


def test_no_cells() -> None:
    problem = Problem({}, [])
    scores = np.zeros((0, 0))
    assert problem.best(scores).score == 0
    assert problem.solutions(1) is not None
    assert problem.log_partition(scores) == 0
    assert problem.greedy(scores) is not None
    assert len(list(problem.k_best(scores))) == 1


def test_table_with_all_kinds() -> None:
    """A small plan: shifts, pay by shift, a budget, a chain, a pointer."""
    people = ["ann", "bob", "cy"]
    shifts = ["early", "late", "night"]
    pay = {"early": 10, "late": 12, "night": 20}
    domains: dict[object, list[object]] = {(p, "shift"): list(shifts) for p in people}
    domains |= {(p, "pay"): list(range(10, 21)) for p in people}
    domains |= {"lead": [0, 1, 2], "lead pay": list(range(10, 21))}
    relations = [lookup((p, "shift"), pay, (p, "pay")) for p in people]
    relations += [
        total([(p, "pay") for p in people], "<=", 42),
        exactly(1, [(p, "shift") for p in people], ["night"]),
        implies(is_in(("ann", "shift"), ["night"]), is_in("lead", [0])),
        element("lead", [(p, "pay") for p in people], "lead pay"),
        linear({"lead pay": 1, ("cy", "pay"): -1}, ">", 0),
        ordered([("cy", "pay"), ("bob", "pay")], "<="),
    ]
    problem = Problem(domains, relations)  # type: ignore[arg-type]
    count = 0
    for a in shifts:
        for b in shifts:
            for c in shifts:
                paid = [pay[s] for s in (a, b, c)]
                if sum(paid) > 42 or [a, b, c].count("night") != 1 or paid[2] > paid[1]:
                    continue
                count += sum(paid[lead] > paid[2] and (a != "night" or lead == 0) for lead in range(3))
    found = problem.solutions(1000)
    assert found is not None
    assert len(found) == count > 0
    assert all(problem.check(a) == [] for a in found)


def test_samples_follow_the_exact_distribution() -> None:
    """Every seed draws by inversion from the same enumerated distribution, where elimination does not do it."""
    problem = Problem({"a": [0, 1, 2], "b": [0, 1, 2]}, [all_different(["a", "b"])])
    problem._optimum.__dict__["elimination"] = None
    scores = np.log(np.array([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]))
    found = problem.solutions(10)
    assert found is not None
    weights = np.exp(scores[[0, 1], found].sum(axis=1))
    probabilities = weights / weights.sum()
    assert problem.log_partition(scores) == pytest.approx(np.log(weights.sum()))
    for seed in range(50):
        u = np.random.default_rng(seed).random()
        expected = found[int(np.searchsorted(np.cumsum(probabilities), u, side="right"))]
        drawn, exact = problem.sample(scores, seed)
        assert exact
        assert drawn.tolist() == expected.tolist()


def test_bad_scores_are_refused() -> None:
    problem = Problem({"a": [1, 2]}, [])
    for scores in (np.zeros((1, 3)), np.array([[np.nan, 0.0]]), np.array([[np.inf, 0.0]])):
        with pytest.raises(InvalidConstraint):
            problem.best(scores)
    with pytest.raises(InvalidConstraint):
        problem.propagate(np.ones((2, 2), np.bool_))
    with pytest.raises(Unsatisfiable):
        problem.best(np.array([[-np.inf, -np.inf]]))


def pigeons(count: int) -> tuple[dict[object, list[int]], list[Relation]]:
    """As many different cells in pairs as there are values, less one: hard for pairs, not for propagation."""
    cells = [f"p{n}" for n in range(count)]
    domains: dict[object, list[int]] = {cell: list(range(count - 1)) for cell in cells}
    return domains, [all_different([a, b]) for n, a in enumerate(cells) for b in cells[:n]]


def test_time_limits_are_named() -> None:
    # A magic square of 10 rows: nothing finds one in a hundredth of a second.
    lines = [[(r, c) for c in range(10)] for r in range(10)]
    lines += [list(column) for column in zip(*lines, strict=True)]
    domains = {cell: range(1, 101) for line in lines for cell in line}
    relations = [all_different(domains), *(total(line, "==", 505) for line in lines)]
    problem = Problem(domains, relations, limits=RelationLimits(max_nodes=10, conflict_seconds=0.001))
    with pytest.raises(TimeLimit) as caught:
        problem.best(np.zeros(problem.root.shape), seconds=0.01)
    assert caught.value.rule == "seconds"
    with pytest.raises(TimeLimit, match="conflict_seconds"):
        problem.conflict()


def test_enormous_and_tiny_scores() -> None:
    limits = RelationLimits(max_nodes=0)
    problem = Problem({"a": [0, 1, 2], "b": [0, 1, 2]}, [all_different(["a", "b"])], limits=limits)
    problem._optimum.__dict__["elimination"] = None  # CP-SAT's integers are what is tested
    solved = problem.best(np.array([[0.0, -1e12, -1e300], [0.0, -1e12, -1e6]]))
    assert solved.assignment.tolist() == [0, 2]
    close = np.array([[0.0, -1e-3, -5.0], [0.0, -2e-3, -5.0]])
    assert [s.assignment.tolist() for s in islice(problem.k_best(close), 2)] == [[1, 0], [0, 1]]


def test_the_same_answer_every_time() -> None:
    problem = sudoku("0" * 27 + ANSWER[27:])
    scores = np.random.default_rng(3).normal(size=problem.root.shape)
    first = problem.best(scores)
    again = sudoku("0" * 27 + ANSWER[27:]).best(scores)
    assert first.assignment.tolist() == again.assignment.tolist()
    assert first.score == again.score


def test_importing_relations_leaves_ortools_alone() -> None:
    code = "import canvasgen.relations, sys; print('ortools' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
