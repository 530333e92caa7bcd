"""The named parts of texts: where they are, against what Python's own JSON reader says is there."""

from __future__ import annotations

import json
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.outline import grid_of, json_outline, outline
from canvasgen.outline.beginnings import Fixed, Free, Listed, Piece, beginning

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


BEGINNINGS = {
    "a template": (
        cg.template("Dear {a}, {b}: {c}!", a=cg.text(1, lines=False), b=cg.choice(["x", "xy"]), c=list[int]),
        "Dear Ann, xy: [1, 23]!",
        [("hole", "a"), ("hole", "b"), ("field", "c[0]"), ("field", "c[1]")],
    ),
    "a table": (
        cg.table(2, ["p", "q"], cells={"p": ["x", "xy"], "q": cg.regex("[a-z]+é")}, layout="csv"),
        "p,q\nxy,oé\nx,uué",
        [("cell", "row 1, p"), ("cell", "row 1, q"), ("cell", "row 2, p"), ("cell", "row 2, q")],
    ),
    "a sum": (
        cg.text(until="</think>") + cg.json_schema({"properties": {"n": {"type": "integer"}}}),
        'so 3</think>{"n": 3}',
        [("part", "part 1"), ("key", "n"), ("field", "n")],
    ),
    "a gap": (cg.infill("f(", ")", cg.regex("[0-9]+")), "f(123)", [("hole", "gap")]),
    "one of two": (
        cg.template("a{x}", x=int) | cg.template("b{y}", y=int), "b12", [("hole", "y")]
    ),
    "one and another": (
        cg.template("a{x}", x=cg.regex("[0-9]+")) & cg.regex(".{4}"), "a123", [("hole", "x")]
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BEGINNINGS))
def test_a_draft_that_is_cut_anywhere_names_its_parts(case: str) -> None:
    """Cut after each byte, as a canvas cuts it: what is named has the name and the start that it has in the whole text."""
    constraint, text, names = BEGINNINGS[case]
    assert constraint.matches(text)
    whole = outline(constraint, text)
    assert [(one.place.kind, one.place.name) for one in whole if one.stop > one.start] == [
        ("field", "y") if name == ("hole", "y") else name for name in names
    ]
    content = text.encode()
    for length in range(len(content)):
        short = content[:length].decode("utf-8", "replace")
        found = [one for one in outline(constraint, short) if one.stop > one.start]
        begun = [one for one in whole if one.start < len(short.rstrip("\ufffd"))]
        assert len(found) >= len(begun) - 1, (short, found)
        for one, other in zip(found, begun, strict=False):
            is_cut_key = one.place.kind == "key" and one.stop == len(short)  # its name is not whole, either
            assert (one.place.kind, one.start) == (other.place.kind, other.start), (short, found)
            assert one.place == other.place or is_cut_key, (short, found)
            assert one.stop <= min(other.stop, len(short))


def test_holes_of_one_name_may_differ_in_a_draft() -> None:
    twice = cg.template("{a} and {a}", a=cg.regex("[a-z]+"))
    assert parts(twice, "bob and bob") == [("hole", "a", "bob"), ("hole", "a", "bob")]
    assert parts(twice, "bob and bo") == [("hole", "a", "bob"), ("hole", "a", "bo")]


def test_what_is_no_beginning_has_no_parts() -> None:
    assert parts(cg.template("Dear {a}!", a=cg.regex("[a-z]+")), "Dear A") == []
    assert parts(BEGINNINGS["a table"][0], "p,q\nz") == []
    assert parts(BEGINNINGS["one of two"][0], "c") == []


@settings(max_examples=150)
@given(data=st.data())
def test_a_beginning_is_read_where_there_is_a_reading(data: st.DataObject) -> None:
    """Against all ways to write a text of some pieces and to cut it, on two letters."""
    texts = st.lists(st.text(alphabet="ab", max_size=3), min_size=1, max_size=3, unique=True)
    choices = data.draw(st.lists(texts, min_size=1, max_size=3))
    short = data.draw(st.text(alphabet="ab", max_size=6))
    made: list[Piece] = [
        Fixed(one[0]) if len(one) == 1 else Listed(one) if at % 2 else Free(cg.choice(one))
        for at, one in enumerate(choices)
    ]
    found = beginning(made, short)
    is_one = any("".join(written).startswith(short) for written in product(*choices))
    assert bool(found) == is_one
    assert [number for number, _, _ in found] == list(range(len(found)))
    for number, start, stop in found:
        part = short[start:stop]
        is_last = number + 1 == len(found)
        assert part in choices[number] or (is_last and any(one.startswith(part) for one in choices[number]))
        assert stop == (len(short) if is_last else found[number + 1][1])
