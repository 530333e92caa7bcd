"""The recogniser decides the texts, in every spelling, of the values that the normal form holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_spellings import spelled
from membership import contains

from canvasgen.errors import ConstraintTooLarge
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.keywords.translator import Translator
from canvasgen.schemas.texts.reading import DEEPEST_TEXT, LONGEST_NUMBER, value_ends
from canvasgen.schemas.texts.recogniser import Recogniser

NAMES = st.sampled_from(["a", "b", "é", 'q"\\'])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.sampled_from([0.5, 1.0, -0.0, 1e22, 1e-7, 2.5])
    | st.text('ab"\\\n\x7fé😀', max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
SCHEMAS = st.recursive(
    st.sampled_from(
        [
            True,
            {"type": "integer"},
            {"type": "number", "exclusiveMaximum": 2},
            {"type": "string", "maxLength": 2},
            {"type": ["null", "array"]},
            {"pattern": "^a"},
            {"const": 1.0},
            {"enum": [{"a": 1, "b": [2]}, "é"]},
        ]
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"items": inner}, optional={"uniqueItems": st.booleans(), "contains": inner}),
        st.fixed_dictionaries(
            {"properties": st.dictionaries(NAMES, inner, max_size=3)},
            optional={"additionalProperties": inner, "required": st.lists(NAMES, max_size=1)},
        ),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=5,
)


def recogniser(schema: Any) -> Recogniser:
    return Recogniser(Translator(Document(schema), python=False).root(), whole_points=True)


def accepts(schema: Any, text: str) -> bool:
    return recogniser(schema).accepts(text)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(SCHEMAS, st.lists(VALUES, min_size=1, max_size=8), st.data())
def test_texts_of_members_and_no_others(schema: Any, values: list[Any], data: st.DataObject) -> None:
    try:
        found = recogniser(schema)
        members = [contains(found.root.values, value) for value in values]
    except ConstraintTooLarge:
        return
    for value, member in zip(values, members, strict=True):
        text = spelled(value, lambda options: data.draw(st.sampled_from(options)))
        assert found.accepts(text) == member, text
        assert found.accepts(json.dumps(value)) == member
        assert found.accepts(json.dumps(value, ensure_ascii=False, indent=3, sort_keys=True)) == member


@pytest.mark.parametrize(
    "text",
    [
        " 1",
        "1 ",
        "-0",
        "10e1",
        "0e1",
        "1E+2",
        "12.5e-03",
        '{"a" :1}',
        '{"a":  1}\n',
        "[1\t]",
        "[1\r\n]",
        "[ ]",
        "{\n\n}",
        '"\\u0061\\u00E9\\ud83d\\ude00"',
        '"\\/\\b"',
        '"\x7f\u2028"',
        '\r\n\t {"b":1,"a":2}',
        "1e9999",
        "1" * LONGEST_NUMBER,
    ],
)
def test_every_spelling_is_read(text: str) -> None:
    assert accepts(True, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1 1",
        "01",
        "-01",
        "+1",
        "1.",
        ".5",
        "1.e3",
        "1e",
        "1e+",
        "-",
        "0x1",
        "\u0661",
        "nul",
        "nullnull",
        "True",
        "NaN",
        "-Infinity",
        "[1,]",
        "[,1]",
        "[,]",
        "[1",
        "[1}",
        "{a:1}",
        "{'a':1}",
        '{"a":1,}',
        '{"a":1,"a":2}',
        '{"a":1,"\\u0061":2}',
        '{"a"}',
        '{"a":}',
        "\xa01",
        "1\x0b",
        "1\x0c",
        '"\\x"',
        '"\\u12g4"',
        '"\\u 123"',
        '"\n"',
        '"\t"',
        '"open',
        '"\\"',
        '"\ud800"',
        '"\\ud800"',
        '"\\ude00\\ud83d"',
        '{"\\udfff": 1}',
        "1e99999999",
        "1e-10000",
        "1" * (LONGEST_NUMBER + 1),
        "[" * (DEEPEST_TEXT + 1) + "]" * (DEEPEST_TEXT + 1),
        "[" * 100_000,
        "\ufeff1",
        "// a\n1",
    ],
)
def test_other_texts_have_no_value(text: str) -> None:
    assert not accepts(True, text)


@given(st.text('{}[]",:\\/ue0123-+. \n\rtrfalsn', max_size=12))
def test_json_texts_are_those_that_the_json_module_reads(text: str) -> None:
    try:
        json.loads(text, parse_constant=lambda _: 1 / 0, object_pairs_hook=_once)
        is_json = True
    except (ValueError, ZeroDivisionError):
        is_json = False
    assert accepts(True, text) == is_json


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


@given(st.text('{}[]",:\\ 0123-+.e\n', max_size=12), st.integers(0, 3))
def test_the_ends_are_those_of_the_texts_that_can_be_read(text: str, start: int) -> None:
    found = [stop for end, last in value_ends(text, start) for stop in range(end, last + 1)]
    taken = [stop for stop in range(start + 1, len(text) + 1) if accepts(True, text[start:stop])]
    assert [stop for stop in found if accepts(True, text[start:stop])] == taken
    assert found == sorted(set(found))


def test_any_depth() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#"}, "end": {"const": 1}}, "minProperties": 1}
    deep = '{"next": ' * (DEEPEST_TEXT - 1) + '{"end": 1}' + "}" * (DEEPEST_TEXT - 1)
    assert accepts(tree, deep)
    assert not accepts(tree, deep.replace("1", "2"))
    assert accepts(True, "[" * DEEPEST_TEXT + "]" * DEEPEST_TEXT)


def test_properties_stand_in_any_order() -> None:
    schema = {"properties": {"a": True, "b": True}, "required": ["c"], "patternProperties": {"^x": True}}
    for text in (
        '{"c":1,"a":1,"x":1,"b":1}',
        '{"x":1,"a":1,"b":1,"c":1}',
        '{"a":1,"u":1,"c":1,"b":1}',
        '{"b":1,"a":1,"c":1}',
    ):
        assert accepts(schema, text)
    assert not accepts(schema, '{"b":1,"a":1}')


def test_whole_numbers_with_a_point() -> None:
    assert accepts({"type": "integer"}, "1.0")
    assert accepts({"type": "integer"}, "1e2")
    assert not accepts({"type": "integer"}, "1.5")
    root = Translator(
        Document({"$schema": "http://json-schema.org/draft-04/schema", "type": "integer"}), python=False
    )
    strict = Recogniser(root.root(), whole_points=False)
    assert strict.accepts("-1")
    assert not strict.accepts("1.0")
    assert not strict.accepts("1e2")
