"""Layouts: what is written reads back, with `parse` and with the readers of each format; what matches agrees."""

from __future__ import annotations

import csv
import enum
import io
import json
from itertools import permutations, product
from typing import Any

import pytest
from dfa_language import strings_of
from hypothesis import given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.constraints.table import Table
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint, UnsupportedConstraint

R = cg.relations
LAYOUTS = ["plain", "aligned", "csv", "markdown", "json"]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "deep blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


def texts(table: Table, most: int = 40) -> list[str]:
    """The first few texts of a table's shape."""
    dfa = table.automaton
    found: list[str] = []
    for content in strings_of(dfa, dfa.num_states):
        found.append(content.decode())
        if len(found) == most:
            break
    return found


def read_markdown(text: str, rows_named: bool) -> list[list[str]]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.split("\n")]
    assert set(lines[1]) == {"---"}
    assert len({len(line) for line in lines}) == 1
    return [line[rows_named:] for line in lines[2:]]


def read_back(layout: str, text: str, rows_named: bool, columns_named: bool) -> list[list[Any]]:
    """The cells of a text by a reader that knows nothing of canvasgen."""
    if layout == "csv":
        return [row[rows_named:] for row in csv.reader(io.StringIO(text))][columns_named:]
    if layout == "markdown":
        return read_markdown(text, rows_named)
    if layout == "json":
        data = json.loads(text)
        rows = list(data.values()) if rows_named else data
        return [list(row.values()) if columns_named else row for row in rows]
    lines = text.split("\n")[columns_named and layout == "aligned" :]
    return [line.split()[rows_named and layout == "aligned" :] for line in lines]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("rows", [2, ["r1", "Zoë"]])
@pytest.mark.parametrize("columns", [2, ["first", "x"]])
@pytest.mark.parametrize("values", [["a", "b"], ["red", "ü"], [1, 22], [True, None], [0.5, -1]])
def test_every_layout_reads_back(
    layout: str, rows: int | list[str], columns: int | list[str], values: list[Any]
) -> None:
    made = cg.table(rows, columns, values, layout=layout)
    every = texts(made)
    assert len(every) == 16
    seen: list[Any] = []
    for text in every:
        value = made.parse(text)
        seen.append(value)
        told = read_back(layout, text, not isinstance(rows, int), not isinstance(columns, int))
        if layout == "json":
            assert told == value
        elif layout == "plain" and all(len(str(one)) == 1 for one in values):
            assert [list(row[0]) for row in told] == [[str(one) for one in row] for row in value]
        else:
            written = [[one if isinstance(one, str) else json.dumps(one) for one in row] for row in value]
            assert told == written
    expected = [[list(four[:2]), list(four[2:])] for four in product(values, repeat=4)]
    assert sorted(map(repr, seen)) == sorted(map(repr, expected))


ODD = ['say "hi"', "a,b", "back\\slash", "日本", "'", "a  b", "x;y", "é́", "🙂"]


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["csv", "json"])
def test_odd_values(layout: str) -> None:
    made = cg.table(["r,1", 'q"'], ['c"|', "d,"], [*ODD, "a|b", " spaced "], layout=layout)
    for text in texts(made):
        assert read_back(layout, text, True, True) == made.parse(text)
    data = texts(made, 1)[0]
    names = next(csv.reader(io.StringIO(data)))[1:] if layout == "csv" else list(json.loads(data)["r,1"])
    assert names == ['c"|', "d,"]


def test_odd_values_in_markdown() -> None:
    made = cg.table(2, ["a", "b"], ODD)
    for text in texts(made):
        assert read_back("markdown", text, False, True) == made.parse(text)


def test_an_empty_field_alone_is_quoted() -> None:
    made = cg.table(2, 1, ["", "x"], layout="csv")
    for text in texts(made):
        assert list(csv.reader(io.StringIO(text))) == made.parse(text)


def test_free_cells_beside_listed_ones_with_commas() -> None:
    made = cg.table(1, ["a", "b"], {"a": ["x,y", "z"], "b": cg.regex('[a-z,"]{1,3}')}, layout="csv")
    assert made.parse('a,b\n"x,y",q') == [["x,y", "q"]]
    assert not made.matches('a,b\nz,"q"')
    assert not made.matches("a,b\nz,p,q")


def test_json_text_and_numbers() -> None:
    made = cg.table(["r"], ["a", "b", "c"], {"a": str, "b": int, "c": list[int]}, layout="json")
    text = '{"r":{"a": "x", "b": 3, "c": [1, 2]}}'
    assert made.matches(text)
    assert made.parse(text) == [["x", 3, [1, 2]]]


def test_one_text_of_two_values_in_a_column() -> None:
    made = cg.table(2, 1, {(0, 0): ["1"], (1, 0): [1]}, layout="json")
    assert made.parse(texts(made)[0]) == [["1"], [1]]
    assert json.loads(texts(made)[0]) == [["1"], [1]]


@pytest.mark.parametrize("layout", ["aligned", "csv", "markdown", "json"])
def test_members_of_an_enum(layout: str) -> None:
    made = cg.table(1, 2, Colour, lambda grid: [R.all_different(grid.cells)], layout=layout)
    values = [made.parse(text) for text in texts(made) if made.matches(text)]
    assert sorted(row[0].name for (row,) in map(tuple, values)) == ["BLUE", "RED"]
    assert all({type(one) for one in row} == {Colour} for (row,) in map(tuple, values))
    wanted = cg.table(1, 2, Colour, [R.exactly(2, [(0, 0), (0, 1)], ["deep blue"])], layout=layout)
    assert [wanted.parse(text) for text in texts(wanted)] == [[[Colour.BLUE, Colour.BLUE]]]


def test_members_of_an_int_enum_add_up() -> None:
    seen: list[Any] = []

    def look(value: Any) -> bool:
        seen.append(value)
        return True

    made = cg.table(1, 2, Level, [R.total([(0, 0), (0, 1)], "==", 3), R.check([(0, 0)], look)])
    assert sorted(sum(made.parse(text)[0]) for text in texts(made) if made.matches(text)) == [3, 3]
    assert set(map(type, seen)) == {Level}


@pytest.mark.parametrize("layout", ["aligned", "csv", "markdown", "json"])
def test_values_that_stand_for_others(layout: str) -> None:
    pairs = cg.choice({"a, b": ("a", "b"), "c": ("c",)})
    made = cg.table(1, 2, pairs, lambda grid: [R.exactly(1, grid.cells, ["a, b"])], layout=layout)
    values = [made.parse(text) for text in texts(made) if made.matches(text)]
    assert sorted(values) == [[[("a", "b"), ("c",)]], [[("c",), ("a", "b")]]]


@st.composite
def small_tables(draw: st.DrawFn) -> tuple[Table, Table, list[R.Relation]]:
    height, width = draw(st.sampled_from([(1, 2), (2, 1), (2, 2), (1, 3)]))
    values = draw(st.sampled_from([[0, 1], [1, 2, 3], [1, 12, 3]]))
    places = list(product(range(height), range(width)))
    relations: list[R.Relation] = []
    for _ in range(draw(st.integers(0, 2))):
        some = draw(st.lists(st.sampled_from(places), min_size=2, max_size=3, unique=True))
        number = draw(st.integers(0, 6))
        op = draw(st.sampled_from(["==", "!=", "<=", ">="]))
        relations.append(
            draw(
                st.sampled_from(
                    [
                        R.all_different(some),
                        R.total(some, op, number),
                        R.ordered(some, "<="),
                        R.at_most(1, some, [values[0]]),
                        R.check(some, lambda *cells: sum(cells) % 2 == 0),
                    ]
                )
            )
        )
    layout = draw(st.sampled_from(LAYOUTS))
    mode = draw(st.sampled_from(["exact", "propagate"]))
    try:
        made = cg.table(height, width, values, relations, layout=layout, mode=mode)
    except cg.errors.Unsatisfiable:
        made = cg.table(height, width, values, layout=layout)
        solved = [one for one in relations if not isinstance(one, R.Check)]
        cells = [dict(zip(places, one, strict=True)) for one in product(values, repeat=len(places))]
        assert not any(all(r.holds([at[c] for c in r.cells]) for r in solved) for at in cells)
        relations = []
    return made, cg.table(height, width, values, layout=layout), relations


@settings(max_examples=60, deadline=None)
@given(small_tables())
def test_a_text_matches_if_the_relations_hold(
    drawn: tuple[Table, Table, list[R.Relation]],
) -> None:
    made, open_table, relations = drawn
    for text in texts(open_table, 100):
        rows = open_table.parse(text)
        at = {(r, c): value for r, row in enumerate(rows) for c, value in enumerate(row)}
        holds = all(relation.holds([at[cell] for cell in relation.cells]) for relation in relations)
        assert made.matches(text) == holds, (text, [one.describe() for one in relations])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rows": 0}, ["rows"]),
        ({"rows": 2.0}, ["count or a list"]),
        ({"rows": True}, ["count or a list"]),
        ({"rows": "ab"}, ["count or a list"]),
        ({"rows": {"a", "b"}}, ["count or a list"]),
        ({"rows": ["a", "a"]}, ["one name"]),
        ({"rows": [1, 2]}, ["strings"]),
        ({"rows": ["\ud800"]}, ["UTF-8"]),
        ({"rows": ["a\nb"]}, ["name holds '\\n'"]),
        ({"rows": ["a\nb"], "cells": [1], "layout": "aligned"}, ["name holds '\\n'"]),
        ({"columns": ["a|b"]}, ["name holds '|'"]),
        ({"cells": []}, ["no value"]),
        ({"cells": [1, "1"]}, ["written alike"]),
        ({"cells": [float("nan")]}, ["finite"]),
        ({"cells": ["\ud800"]}, ["UTF-8"]),
        ({"cells": b"ab"}, ["described"]),
        ({"cells": object()}, ["described"]),
        ({"cells": [{"a": 1}]}, ["cg.choice"]),
        ({"cells": [["a", "b"], ["c"]]}, ["2 of 2"]),
        ({"cells": {(0, 0): "a"}}, ["nothing is said", "(0, 1)"]),
        ({"cells": {(5, 5): "a", ...: "b"}}, ["(5, 5)"]),
        ({"cells": ["a|b"]}, ["'|'", "json"]),
        ({"cells": ["a\nb"], "layout": "csv"}, ["'\\n'"]),
        ({"cells": ["x", "x "], "layout": "aligned"}, ["space around"]),
        ({"cells": [" x"]}, ["space around"]),
        ({"cells": ["", "x"], "layout": "plain"}, ["empty"]),
        ({"cells": ["a b", "c"], "layout": "plain"}, ["' '"]),
        ({"cells": cg.regex("[|]+")}, ["no text of a cell"]),
        ({"layout": "html"}, ["no such layout", "markdown"]),
        ({"layout": []}, ["no such layout"]),
        ({"mode": "fast"}, ["no such mode"]),
        ({"instruction": 3}, ["instruction"]),
        ({"cells": ["a", "b"], "relations": None}, ["relations"]),
        ({"cells": ["a", "b"], "relations": 3}, ["relations"]),
        ({"cells": ["a", "b"], "relations": lambda grid: None}, ["relations"]),
        ({"cells": ["a", "b"], "relations": [3]}, ["not a relation"]),
        ({"cells": ["a", "b"], "relations": [R.all_different([(0, 0), (7, 7)])]}, ["(7, 7)"]),
        ({"cells": [1, 2], "relations": lambda grid: [R.all_different(grid.row(9))]}, ["no such row"]),
        ({"cells": [1, 2], "relations": lambda grid: [R.all_different(grid.boxes("2", 2)[0])]}, ["whole"]),
    ],
)  # fmt: skip
def test_wrong_input(arguments: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        cg.table(**{"rows": 2, "columns": 2, **arguments})
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"rows": 10**9, "columns": 10**9}, ConstraintTooLarge),
        ({"cells": range(10**12)}, ConstraintTooLarge),
        ({"cells": str, "layout": "aligned"}, UnsupportedConstraint),
        ({"cells": cg.regex("a+"), "layout": "json"}, UnsupportedConstraint),
        ({"cells": cg.choice({"a": object()}), "layout": "json"}, UnsupportedConstraint),
    ],
)
def test_what_is_too_large_or_not_supported(arguments: dict[str, Any], kind: type[CanvasgenError]) -> None:
    with pytest.raises(kind):
        cg.table(**{"rows": 2, "columns": 2, **arguments})


def test_no_values_agree() -> None:
    with pytest.raises(cg.errors.Unsatisfiable, match=r"\(0, 0\) = 1.*a must be more"):
        cg.table(1, 2, {(0, 0): 1, (0, 1): [1, 2]}, [R.ordered([(0, 0), (0, 1)], ">", name="a must be more")])


def test_sets_are_taken_in_one_order() -> None:
    every = {"b", "a", "c", "d"}
    assert list(cg.table(1, 1, every).laid.listed[0, 0].values()) == sorted(every)


def test_parts_of_other_constraints() -> None:
    made = cg.table(1, 2, [1, 2], lambda grid: [R.all_different(grid.cells)], layout="csv")
    letter = cg.template("See {t}, {x}.", t=made, x=cg.choice(["a", "b"]))
    assert letter.matches("See 1,2, a.")
    assert not letter.matches("See 1,1, a.")
    assert letter.parse("See 2,1, b.") == {"t": [[2, 1]], "x": "b"}
    after = cg.regex("[xy]: ") + made
    assert after.matches("x: 2,1")
    assert not after.matches("x: 2,2")
    both = made & cg.contains("2,1")
    assert [text for text in ("1,2", "2,1", "1,1") if both.matches(text)] == ["2,1"]
    assert sorted(permutations([1, 2])) == sorted(tuple(made.parse(text)[0]) for text in ("1,2", "2,1"))
