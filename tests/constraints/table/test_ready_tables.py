"""Ready tables: their solutions keep the rules, by code that knows nothing of relations; wrong inputs are refused."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest

import canvasgen as cg
from canvasgen.automata import to_dfa
from canvasgen.constraints.table import Table
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint, Unsatisfiable

R = cg.relations
DAYS, SHIFTS, PEOPLE = ["Mon", "Tue", "Wed"], ["early", "late"], ["Ann", "Bob", "Cleo"]


def solution(made: Table, seed: int) -> list[list[Any]]:
    """The value of the best assignment under random scores."""
    problem = made.problem
    assert problem is not None
    scores = np.random.default_rng(seed).normal(size=(len(problem.cells), problem.width))
    best = problem.best(scores).assignment
    text = to_dfa(made.language(np.arange(problem.width) == best[:, None])).shortest()
    assert text is not None
    assert made.matches(text.decode())
    return made.parse(text.decode())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_latin_squares(seed: int) -> None:
    rows = solution(cg.latin_square(5), seed)
    every = {1, 2, 3, 4, 5}
    assert all(set(row) == every for row in rows)
    assert all(set(column) == every for column in zip(*rows, strict=True))
    assert solution(cg.latin_square("12 .. ".replace(" ", "\n")), seed) == [[1, 2], [2, 1]]


@pytest.mark.parametrize("size", [1, 3, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("layout", ["aligned", "json"])
def test_magic_squares(size: int, layout: Any) -> None:
    rows = solution(cg.magic_square(size, layout=layout), 1)
    square = np.array(rows)
    assert sorted(square.ravel()) == list(range(1, size * size + 1))
    sums = {*square.sum(0), *square.sum(1), np.trace(square), np.trace(square[:, ::-1])}
    assert sums == {size * (size * size + 1) // 2}


@pytest.mark.parametrize("size", [1, 4, 6, 9])
def test_queens_do_not_attack(size: int) -> None:
    rows = solution(cg.queens(size), size)
    queens = [(r, c) for r, row in enumerate(rows) for c, one in enumerate(row) if one == "Q"]
    assert len(queens) == size
    for (r, c), (s, d) in combinations(queens, 2):
        assert r != s
        assert c != d
        assert abs(r - s) != abs(c - d)


def test_all_solutions_of_queens() -> None:
    assert [len(cg.queens(size).problem.solutions(100)) for size in (4, 5, 6, 7)] == [2, 10, 4, 40]


def test_futoshiki() -> None:
    less = [((0, 0), (0, 1)), ((1, 0), (0, 0)), ([2, 1], [2, 0]), ((2, 2), (3, 2)), ((3, 3), (3, 2))]
    rows = solution(cg.futoshiki(4, less, unique=False), 2)
    assert all(rows[a][b] < rows[c][d] for (a, b), (c, d) in less)
    assert all(set(line) == {1, 2, 3, 4} for line in (*rows, *zip(*rows, strict=True)))
    assert solution(cg.futoshiki(2, [((0, 0), (0, 1))]), 0) == [[1, 2], [2, 1]]
    with pytest.raises(Unsatisfiable, match="r1c1 is less than r1c2"):
        cg.futoshiki(3, [((0, 0), (0, 1)), ((0, 1), (0, 0))])


@pytest.mark.parametrize("layout", ["markdown", "csv", "json", "aligned", "plain"])
def test_rosters(layout: Any) -> None:
    rows = solution(
        cg.roster(
            DAYS,
            SHIFTS,
            [*PEOPLE, "Dan"],
            most=2,
            least=1,
            away={"Ann": ["Mon"], "Bob": [("Tue", "late"), "Wed"]},
            given={("Wed", "early"): "Ann"},
            relations=[R.at_least(1, [("Mon", "early"), ("Mon", "late")], ["Dan"])],
            layout=layout,
        ),
        3,
    )
    everyone = [person for row in rows for person in row]
    assert all(1 <= everyone.count(person) <= 2 for person in (*PEOPLE, "Dan"))
    assert all(early != late for early, late in rows)
    assert all(before[-1] != after[0] for before, after in pairwise(rows))
    assert "Ann" not in rows[0]
    assert rows[1][1] != "Bob"
    assert "Bob" not in rows[2]
    assert rows[2][0] == "Ann"
    assert "Dan" in rows[0]


@pytest.mark.parametrize("seed", range(3))
def test_seating(seed: int) -> None:
    names = ["Ann", "Bob", "Cleo", "Dan", "Eve"]
    rows = solution(
        cg.seating(names, 2, 3, together=[("Ann", "Bob")], apart=[("Ann", "Cleo"), ("Dan", "Eve")]), seed
    )
    at = {one: (r, c) for r, row in enumerate(rows) for c, one in enumerate(row)}
    assert sorted(at) == ["-", *names]

    def near(one: str, other: str) -> bool:
        return sum(abs(a - b) for a, b in zip(at[one], at[other], strict=True)) == 1

    assert near("Ann", "Bob")
    assert not near("Ann", "Cleo")
    assert not near("Dan", "Eve")


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("layout", ["markdown", "json", "csv", "aligned"])
def test_round_robins(count: int, layout: Any) -> None:
    teams = ["Ajax", "Bee, Inc", 'C "x"', "Dynamo", "Éclair", "F"][:count]
    rounds = solution(cg.round_robin(teams, layout=layout), count)
    met = [frozenset(game) for one in rounds for game in one]
    assert sorted(met, key=sorted) == sorted(map(frozenset, combinations(teams, 2)), key=sorted)
    for one in rounds:
        playing = [team for game in one for team in game]
        assert len(set(playing)) == len(playing)
    assert all(isinstance(game, tuple) for one in rounds for game in one)


def roster(**options: Any) -> Callable[[], Table]:
    return lambda: cg.roster(**{"days": DAYS, "shifts": SHIFTS, "people": PEOPLE, **options})


def seating(**options: Any) -> Callable[[], Table]:
    return lambda: cg.seating(**{"guests": ["Ann", "Bob"], "rows": 1, "columns": 3, **options})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: cg.latin_square(0), ["1 or more", "puzzle"]),
        (lambda: cg.latin_square(3.0), ["1 or more"]),
        (lambda: cg.latin_square(True), ["1 or more"]),
        (lambda: cg.latin_square(None), ["a puzzle is"]),
        (lambda: cg.latin_square(3, unique=True), ["several solutions"]),
        (lambda: cg.magic_square("3"), ["1 or more", "size"]),
        (lambda: cg.magic_square(3, layout="x"), ["no such layout"]),
        (lambda: cg.queens(-4), ["1 or more"]),
        (lambda: cg.queens(4, mode="x"), ["no such mode"]),
        (lambda: cg.futoshiki(3, None), ["less", "pairs"]),
        (lambda: cg.futoshiki(3, [1]), ["less", "pairs"]),
        (lambda: cg.futoshiki(3, ["ab"]), ["less", "pairs"]),
        (lambda: cg.futoshiki(3, [("a", "b")]), ["less", "none of the cells"]),
        (lambda: cg.futoshiki(3, [((0,), (1,))]), ["none of the cells"]),
        (lambda: cg.futoshiki(3, [((0, 0), (9, 9))]), ["(9, 9)"]),
        (lambda: cg.futoshiki(3, [((0, 0), (0, 0))]), ["two different"]),
        (roster(days=3), ["days"]),
        (roster(days="Mon"), ["days"]),
        (roster(days=[]), ["no days"]),
        (roster(shifts=["a", "a"]), ["shifts[1]", "one name"]),
        (roster(people="Ann"), ["people"]),
        (roster(people=[]), ["no people"]),
        (roster(people=[1, 2]), ["people[0]"]),
        (roster(people={"a", "b"}), ["people"]),
        (roster(people=["A|B", "C"]), ["'|'"]),
        (roster(most="2"), ["whole number"]),
        (roster(away=["Ann"]), ["away", "mapping"]),
        (roster(away={"Zed": ["Mon"]}), ["Zed"]),
        (roster(away={"Ann": "Mon"}), ["list of days"]),
        (roster(away={"Ann": None}), ["list of days"]),
        (roster(away={"Ann": ["Sun"]}), ["Sun", "Mon, Tue"]),
        (roster(away={"Ann": [0]}), ["away", "Ann"]),
        (roster(away={"Ann": [("Mon", "early", "x")]}), ["away", "Ann"]),
        (roster(given=["Ann"]), ["given", "mapping"]),
        (roster(given={"Mon": "Ann"}), ["(day, shift)"]),
        (roster(given={("Mon", "noon"): "Ann"}), ["noon"]),
        (roster(given={("Mon", "early"): "Zed"}), ["Zed"]),
        (roster(relations=3), ["relations"]),
        (roster(relations=[3]), ["not a relation"]),
        (roster(relations=[R.exactly(1, [("Mon", "noon")], ["Ann"])]), ["noon"]),
        (seating(guests="Ann"), ["guests"]),
        (seating(guests=[1, 2]), ["guests[0]"]),
        (seating(guests=["A", "A"]), ["one name"]),
        (seating(guests=["A", "-"]), ["empty seat"]),
        (seating(guests=list("ABCD")), ["do not fit"]),
        (seating(rows=["a"]), ["rows"]),
        (seating(columns=0), ["columns"]),
        (seating(together=3), ["together"]),
        (seating(together=["Ann"]), ["together"]),
        (seating(apart=[("Ann", "Zed")]), ["apart", "Zed"]),
        (seating(apart=[("Ann", "Ann")]), ["apart", "different"]),
        (lambda: cg.round_robin(None), ["teams"]),
        (lambda: cg.round_robin("ABCD"), ["teams"]),
        (lambda: cg.round_robin(["A"]), ["two teams"]),
        (lambda: cg.round_robin(["A", "A"]), ["one name"]),
        (lambda: cg.round_robin(["A", ""]), ["teams[1]"]),
        (lambda: cg.round_robin(["A", "B - C", "A - B", "C"]), ["B - C"]),
        (lambda: cg.round_robin(["A", "B"], layout="plain"), ["' '"]),
        (lambda: cg.grid([["a"]], 2), ["rows"]),
        (lambda: cg.grid(2, None), ["columns"]),
    ],
)  # fmt: skip
def test_wrong_input(make: Callable[[], Table], words: list[str]) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        make()
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("make", "kind", "word"),
    [
        (lambda: cg.latin_square(10**9), ConstraintTooLarge, "25 rows"),
        (lambda: cg.magic_square(10**9), ConstraintTooLarge, "44 rows"),
        (lambda: cg.queens(10**9), ConstraintTooLarge, "44 rows"),
        (lambda: cg.round_robin([str(n) for n in range(300)]), ConstraintTooLarge, "60 teams"),
        (lambda: cg.magic_square(2), Unsatisfiable, "all different"),
        (lambda: cg.queens(3), Unsatisfiable, "at most 1"),
        (roster(most=1), Unsatisfiable, "Ann works at most 1 shifts"),
        (roster(given={("Mon", "early"): "Ann", ("Mon", "late"): "Ann"}), Unsatisfiable, "nobody works twice on Mon"),
        (roster(away={"Ann": ["Mon"], "Bob": ["Mon"]}), Unsatisfiable, "Bob is away on Mon"),
        (seating(columns=2, apart=[("Ann", "Bob")]), Unsatisfiable, "Ann sits not next to Bob"),
    ],
)  # fmt: skip
def test_what_cannot_be(make: Callable[[], Table], kind: type[CanvasgenError], word: str) -> None:
    with pytest.raises(kind) as caught:
        make()
    assert word in str(caught.value)


def test_lists_may_be_made_on_the_way() -> None:
    made = cg.roster(iter(DAYS), iter(SHIFTS), iter(PEOPLE), away={"Ann": iter(["Mon"])})
    assert made.grid.row_names == tuple(DAYS)
