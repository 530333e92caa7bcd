"""The recogniser decides the canonical texts of the values that the normal form holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from membership import contains

from canvasgen.errors import ConstraintTooLarge
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.keywords.translator import Translator
from canvasgen.schemas.texts.reading import DEEPEST_TEXT
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


def recogniser(schema: Any, *, flexible: bool = True, ordered: bool = True) -> Recogniser:
    root = Translator(Document(schema), python=False).root()
    return Recogniser(root, flexible=flexible, ordered=ordered, whole_points=True)


def accepts(schema: Any, text: str, **options: bool) -> bool:
    return recogniser(schema, **options).accepts(text.encode("utf-8", "surrogatepass"))


def with_gaps(value: Any, draw: Any, level: int = 0) -> str:
    """The text of a value with whitespace wherever it may stand."""
    if not isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    marks = "[]" if isinstance(value, list) else "{}"
    if not value:
        return marks
    start = draw(["", "\n" + "  " * (level + 1)])
    stop = "" if not start else "\n" + "  " * level
    comma = "," + (start or draw(["", " "]))
    colon = draw([":", ": "])
    if isinstance(value, list):
        parts = [with_gaps(item, draw, level + 1) for item in value]
    else:
        parts = [
            json.dumps(name, ensure_ascii=False) + colon + with_gaps(item, draw, level + 1)
            for name, item in value.items()
        ]
    return marks[0] + start + comma.join(parts) + stop + marks[1]


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, st.lists(VALUES, min_size=1, max_size=8), st.data())
def test_texts_of_members_and_no_others(schema: Any, values: list[Any], data: st.DataObject) -> None:
    try:
        found = recogniser(schema, ordered=False)
        members = [contains(found.root.values, value) for value in values]
    except ConstraintTooLarge:
        return
    for value, member in zip(values, members, strict=True):
        text = with_gaps(value, lambda options: data.draw(st.sampled_from(options)))
        assert found.accepts(text.encode()) == member
        assert found.accepts(json.dumps(value, ensure_ascii=False).encode()) == member


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "01",
        "+1",
        "-0",
        "10e1",
        "0e1",
        "1.",
        ".5",
        "nul",
        "nullnull",
        "NaN",
        "[1,]",
        "[,1]",
        "[1",
        "{a:1}",
        "{'a':1}",
        '{"a":1,}',
        '{"a":1,"a":2}',
        '{"a" :1}',
        '{"a":  1}',
        "[1\t]",
        "[1\r\n]",
        '"\\u0061"',
        '"\\/"',
        '"\\x"',
        '"\n"',
        '"open',
        '"\ud800"',
        '"\\ud800"',
        "1e99999999",
        "[" * (DEEPEST_TEXT + 1) + "]" * (DEEPEST_TEXT + 1),
        "[" * 100_000,
        "\ufeff1",
        "// a\n1",
    ],
)
def test_other_spellings_are_refused(text: str) -> None:
    assert not accepts(True, text)


def test_bytes_that_are_no_text() -> None:
    assert not recogniser(True).accepts(b'"\xff"')
    assert not recogniser(True).accepts(b'"\xc0\x80"')


def test_any_depth() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#"}, "end": {"const": 1}}, "minProperties": 1}
    deep = '{"next": ' * (DEEPEST_TEXT - 1) + '{"end": 1}' + "}" * (DEEPEST_TEXT - 1)
    assert accepts(tree, deep)
    assert not accepts(tree, deep.replace("1", "2"))
    assert accepts(True, "[" * DEEPEST_TEXT + "]" * DEEPEST_TEXT)


def test_declared_properties_stand_in_order_and_others_anywhere() -> None:
    schema = {"properties": {"a": True, "b": True}, "required": ["c"], "patternProperties": {"^x": True}}
    for text in ('{"c":1,"a":1,"x":1,"b":1}', '{"x":1,"a":1,"b":1,"c":1}', '{"a":1,"u":1,"c":1,"b":1}'):
        assert accepts(schema, text)
    assert not accepts(schema, '{"b":1,"a":1,"c":1}')
    assert accepts(schema, '{"b":1,"a":1,"c":1}', ordered=False)


def test_an_order_that_another_contradicts_is_given_up() -> None:
    schema = {"allOf": [{"properties": {"a": True, "b": True}}, {"properties": {"b": True, "a": True}}]}
    assert accepts(schema, '{"a":1,"b":1}')
    assert not accepts(schema, '{"b":1,"a":1}')
    after = {"required": ["b"], "allOf": [{"properties": {"a": True, "b": True, "c": True}}]}
    assert accepts(after, '{"a":1,"b":1,"c":1}')
    assert not accepts(after, '{"b":1,"a":1}')


def test_compact_texts_have_no_whitespace() -> None:
    assert accepts(True, '{"a":[1,2]}', flexible=False)
    assert not accepts(True, '{"a": [1,2]}', flexible=False)
    assert not accepts(True, '{"a":[1, 2]}', flexible=False)


def test_whole_numbers_with_a_point() -> None:
    assert accepts({"type": "integer"}, "1.0")
    assert accepts({"type": "integer"}, "1e2")
    assert not accepts({"type": "integer"}, "1.5")
    root = Translator(
        Document({"$schema": "http://json-schema.org/draft-04/schema", "type": "integer"}), python=False
    )
    strict = Recogniser(root.root(), flexible=True, ordered=True, whole_points=False)
    assert strict.accepts(b"-1")
    assert not strict.accepts(b"1.0")
    assert not strict.accepts(b"1e2")
