"""A cover contains every text, in any spelling, that the recogniser accepts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_spellings import spelled
from test_recogniser import SCHEMAS, VALUES

from canvasgen.automata import to_dfa
from canvasgen.errors import ConstraintTooLarge
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.keywords.translator import Translator
from canvasgen.schemas.texts.covers import cover
from canvasgen.schemas.texts.reading import DEEPEST_TEXT
from canvasgen.schemas.texts.recogniser import Recogniser


def both(schema: Any) -> tuple[Recogniser, Any]:
    root = Translator(Document(schema), python=False).root()
    return Recogniser(root, whole_points=True), to_dfa(cover(root))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(SCHEMAS, st.lists(VALUES, min_size=1, max_size=8), st.data())
def test_every_accepted_text_is_covered(schema: Any, values: list[Any], data: st.DataObject) -> None:
    try:
        found, covered = both(schema)
    except ConstraintTooLarge:
        return
    for value in values:
        for text in (
            spelled(value, lambda options: data.draw(st.sampled_from(options))),
            json.dumps(value, ensure_ascii=False),
        ):
            if found.accepts(text):
                assert covered.accepts(text.encode()), text


NUMBERS = st.sampled_from([0, 1, -1, 2, 0.5, -0.5, 2.5, 10, 100, 1e19, 12345.678, 0.001, 1e-7])
BOUNDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.just("integer"),
        "minimum": NUMBERS,
        "exclusiveMinimum": NUMBERS,
        "maximum": NUMBERS,
        "exclusiveMaximum": NUMBERS,
        "multipleOf": st.sampled_from([1, 2, 0.5, 0.1, 7, 100000]),
        "const": NUMBERS,
        "not": st.sampled_from([{"multipleOf": 2}, {"type": "integer"}, {"minimum": 1}]),
    },
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    BOUNDS,
    st.from_regex(
        r"-?(0|[1-9][0-9]{0,3}|[1-9][0-9]{16,22})(\.[0-9]{1,3}|\.0{1,25}[0-9])?(e-?[0-3])?", fullmatch=True
    )
    | NUMBERS.map(json.dumps),
)
def test_every_accepted_number_is_covered(schema: dict[str, Any], text: str) -> None:
    found, covered = both(schema)
    if found.accepts(text):
        assert covered.accepts(text.encode()), text


def test_a_cover_leaves_out_what_is_plainly_another_value() -> None:
    found, covered = both(
        {
            "type": "object",
            "properties": {"cmd": {"const": "rm"}, "n": {"type": "integer"}},
            "required": ["cmd"],
        }
    )
    for text in (
        '{"n": 1, "cmd": "rm"}',
        '{"x": [{}], "cmd":"rm", "y": {"cmd": "ls"}}',
        ' {"c\\u006dd": "rm"}\r\n',
    ):
        assert found.accepts(text)
        assert covered.accepts(text.encode())
    for text in ('{"cmd": "ls"}', "{}", '{"x": {"cmd": "rm"}}', '{"cmd": "rm", "n": 1.5}', '"rm"', "[", "rm"):
        assert not found.accepts(text)
        assert not covered.accepts(text.encode())


@pytest.mark.parametrize(
    ("schema", "inside", "outside"),
    [
        ({"type": "integer"}, ["1", "-0", "1.0", "10e-1", "1" * 30], ["1.5", '"1"', "0.10"]),
        ({"const": 1}, ["1", "1.00", "0.1e1"], ["2", "1.01", "-1"]),
        ({"exclusiveMaximum": 1, "minimum": -0.5}, ["0.99", "-0", "-0.50"], ["2", "1.5", "-0.51"]),
        ({"minLength": 2, "type": "string"}, ['"ab"', '"\\u0061b"'], ['"a"', "1"]),
        ({"pattern": "^a+$", "type": "string"}, ['"aa"', '"\\u0061"'], ['"ab"', '""']),
        ({"type": "array", "prefixItems": [{"const": 1}], "items": {"type": "null"}}, ["[ ]", "[1 ,null]"], ["[2]"]),
        ({"enum": [[1, {"a": None}]]}, ['[1,{"a":null}]'], ["[1]", "[1, {}]", '[1,{"a":null},1]']),
    ],
)  # fmt: skip
def test_covers(schema: Any, inside: list[str], outside: list[str]) -> None:
    found, covered = both(schema)
    assert all(found.accepts(text) and covered.accepts(text.encode()) for text in inside)
    assert not any(found.accepts(text) or covered.accepts(text.encode()) for text in outside)


def test_deep_and_recursive_schemas_are_covered() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#"}}, "additionalProperties": False}
    found, covered = both(tree)
    deep = '{"next":' * (DEEPEST_TEXT - 1) + "{}" + "}" * (DEEPEST_TEXT - 1)
    assert found.accepts(deep)
    assert covered.accepts(deep.encode())
    assert not covered.accepts(b'{"next": {"next": 1}}')
    assert not covered.accepts(b"1")
    wide = {"type": "object", "properties": {f"p{at}": {"type": "object"} for at in range(300)}}
    found, covered = both({**wide, "required": [f"p{at}" for at in range(300)]})
    text = json.dumps({f"p{at}": {} for at in range(300)})
    assert found.accepts(text)
    assert covered.accepts(text.encode())
