"""What relations of tables are about: numbers without bounds, decimals, other cells, cells that cannot be listed."""

from __future__ import annotations

from typing import Any

import pytest

import canvasgen as cg
from canvasgen.errors import Unsatisfiable, UnsupportedConstraint
from canvasgen.relations import all_different, check, total


def sums(grid: Any) -> list[Any]:
    return [total(row[:-1], "==", row[-1], name=f"the sum of row {row[0][0]}") for row in grid.rows]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [int, {"type": "integer"}, {"type": "integer", "minimum": -5}])
def test_whole_numbers_without_bounds_are_taken_near_zero(kind: Any) -> None:
    made = cg.table(1, 3, kind, sums, layout="csv")
    assert made.matches("3,4,7")
    assert not made.matches("3,4,8")
    assert not made.matches("600,600,1200")
    told = [note for note in made.explain() if note.kind == "departure"]
    assert len(told) == 3
    assert "to 999" in told[0].message
    with pytest.raises(Unsatisfiable, match="to 999"):
        cg.table(1, 2, kind, lambda grid: [total(grid.cells, "==", 5000)], layout="csv")


def test_many_whole_numbers_are_taken_nearer_to_zero() -> None:
    made = cg.table(7, 4, int, sums, layout="csv")
    assert "from -99 to 99" in str(made.explain()[-1])


@pytest.mark.parametrize(
    "kind", [float, {"type": "integer", "minimum": 5000}, list[int], cg.regex("[0-9]+"), str], ids=str
)
def test_cells_whose_values_cannot_be_listed_are_refused(kind: Any) -> None:
    def relations(grid: Any) -> list[Any]:
        return [all_different(grid.cells, name="no two alike")]

    with pytest.raises(UnsupportedConstraint) as caught:
        cg.table(1, 3, kind, relations, layout="csv")
    assert caught.value.path == "(0, 0)"
    assert "no two alike" in caught.value.message
    assert "check" in (caught.value.remedy or "")
    assert cg.table(1, 3, kind, relations, layout="csv", mode="model").problem is None
    only_checked = cg.table(1, 3, kind, lambda grid: [check(grid.cells, lambda *all: True)], layout="csv")
    assert only_checked.has_validator


def test_decimals_add_up() -> None:
    made = cg.table(1, 3, [0.1, 0.2, 0.3, 1], sums, layout="csv")
    assert made.matches("0.1,0.2,0.3")
    assert not made.matches("0.1,0.1,0.3")
    prices = cg.table(
        1, 3, {"type": "number", "multipleOf": 0.25, "minimum": 0, "maximum": 2}, sums, layout="csv"
    )
    assert prices.matches("0.25,0.5,0.75")
    assert not prices.matches("0.25,0.5,0.5")


def test_a_row_of_totals() -> None:
    def relations(grid: Any) -> list[Any]:
        return [total(column[:-1], "==", column[-1]) for column in grid.columns]

    made = cg.table(3, 2, range(10), relations, layout="csv")
    assert made.matches("1,2\n3,4\n4,6")
    assert not made.matches("1,2\n3,4\n4,7")
    assert relations(made.grid)[0].describe() == "the sum of (0, 0), (1, 0) == (2, 0)"


def test_every_relation_is_named_by_explain() -> None:
    def relations(grid: Any) -> list[Any]:
        return [
            all_different(grid.rows[0], name="one"),
            total(grid.rows[1], "==", 3, name="two"),
            check(grid.cells, lambda *all: True, name="three"),
        ]

    for mode in ("exact", "propagate", "model"):
        said = " ".join(map(str, cg.table(2, 2, [1, 2], relations, mode=mode).explain()))
        assert all(name in said for name in ("one", "two", "three")), mode


def test_numbers_and_their_texts_in_one_json_table() -> None:
    made = cg.table(1, 3, [1, "1", True], lambda grid: [all_different(grid.cells)], layout="json")
    text = '[[1, "1", true]]'
    assert made.matches(text)
    assert made.parse(text) == [[1, "1", True]]
    assert not made.matches("[[1, 1, true]]")
    assert cg.table(1, 1, [1, "1"], layout="json").parse('[["1"]]') == [["1"]]
