"""The named parts of texts: where they are, against what Python's own JSON reader says is there."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.outline import grid_of, json_outline, outline

SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in leaves(one, f"{path}.{key}" if path else key)]
    if isinstance(value, list):
        return [leaf for at, one in enumerate(value) for leaf in leaves(one, f"{path}[{at}]")]
    return [(path, value)]


@settings(max_examples=60)
@given(value=VALUES, indent=st.sampled_from([None, 1]), ascii=st.booleans())
def test_the_fields_of_any_json(value: Any, indent: int | None, ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii)
    found = [one for one in json_outline(text) if one.place.kind == "field"]
    assert [(one.place.name, json.loads(text[one.start : one.stop])) for one in found] == leaves(value)


@settings(max_examples=60)
@given(value=VALUES, cut=st.floats(0, 1))
def test_a_beginning_has_the_same_parts(value: Any, cut: float) -> None:
    text = json.dumps(value)
    short = text[: int(cut * len(text))]
    whole, found = json_outline(text), json_outline(short)
    assert [one.place for one in found[:-1]] == [one.place for one in whole[: max(len(found) - 1, 0)]]
    assert all(one.stop <= len(short) for one in found)
    assert all(one.stop <= other.start for one, other in pairwise(found))


@settings(max_examples=40)
@given(text=st.text(alphabet='{}[]",: \\ab1\n', max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    for one in json_outline(text):
        assert 0 <= one.start < one.stop <= len(text)


def parts(constraint: cg.Constraint, text: str) -> list[tuple[str, str, str]]:
    return [(one.place.kind, one.place.name, text[one.start : one.stop]) for one in outline(constraint, text)]


def test_templates_gaps_and_sums() -> None:
    letter = cg.template(
        "Dear {a}, {b}!",
        a=cg.regex("[A-Za-z]+"),
        b={"type": "object", "properties": {"n": {"type": "integer"}}},
    )
    assert parts(letter, 'Dear Ann, {"n": 3}!') == [
        ("hole", "a", "Ann"),
        ("key", "b.n", '"n"'),
        ("field", "b.n", "3"),
    ]
    assert parts(letter, "Dear Ann") == []
    assert parts(cg.infill("a", "b", cg.regex("c+")), "accb") == [("hole", "gap", "cc")]
    assert parts(cg.regex("[a-z]+: ") + cg.json_schema(int), "n: 12") == [
        ("part", "part 1", "n: "),
        ("field", "", "12"),
    ]
    assert parts(cg.json_schema(int) & cg.regex("1.*"), "12") == [("field", "", "12")]
    assert parts(cg.json_schema(int) | "no", "12") == [("field", "", "12")]
    assert parts(cg.json_schema(int, fence="require"), "```json\n12\n```")[0] == ("field", "", "12")
    assert parts(cg.regex("a"), "a") == []


def test_tables() -> None:
    table = cg.table(2, ["a", "b"], cells={"a": ["x", "yy"], "b": range(9)})
    text = "| a | b |\n|---|---|\n| yy | 3 |\n| x | 4 |"
    assert parts(table, text) == [
        ("cell", "row 1, a", "yy"), ("cell", "row 1, b", "3"), ("cell", "row 2, a", "x"), ("cell", "row 2, b", "4"),
    ]  # fmt: skip
    grid = grid_of(table)
    assert grid is not None
    assert (grid.rows, grid.columns, grid.given, grid.regions) == (("1", "2"), ("a", "b"), (), ())
    puzzle = grid_of(cg.sudoku("1..." + "." * 12, unique=False))
    assert puzzle is not None
    assert puzzle.given == ((0, 0),)
    assert puzzle.regions in ((0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3),)
    assert grid_of(cg.template("{t}", t=table)) == grid
    assert grid_of(cg.regex("a")) is None


@pytest.mark.parametrize("text", ["", "{", '{"a', '{"a": ', '{"a": "\\', "[1, 2", "]", ",", ":"])
def test_odd_beginnings(text: str) -> None:
    assert [one.place.name for one in json_outline(text)] == {
        '{"a': ["a"], '{"a": ': ["a"], '{"a": "\\': ["a", "a"], "[1, 2": ["[0]", "[1]"],
    }.get(text, [])  # fmt: skip
