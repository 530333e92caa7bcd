"""`unevaluatedProperties` and `unevaluatedItems`, as sets of values; `jsonschema` is the oracle."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from membership import contains

from canvasgen.schemas.document.document import Document
from canvasgen.schemas.keywords.translator import Translator
from canvasgen.schemas.normal.approximation import over_approximates
from canvasgen.schemas.normal.shapes import Node

NAMES = ["a", "b", "c"]
SCALARS = st.sampled_from([1, 2, "x", None])
OBJECTS = st.dictionaries(st.sampled_from(NAMES), SCALARS, max_size=3)
ARRAYS = st.lists(SCALARS, max_size=4)
LEAVES = st.sampled_from([True, {"type": "integer"}, {"const": 1}, {"type": "string"}])


def of_objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from(NAMES), LEAVES, min_size=1, max_size=2),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "[bc]"]), LEAVES, max_size=1),
            "required": st.lists(st.sampled_from(NAMES), max_size=1),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "dependentSchemas": st.dictionaries(st.sampled_from(NAMES), inner, max_size=1),
            "unevaluatedProperties": LEAVES | st.just(False),
        },
    )


def of_arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "prefixItems": st.lists(LEAVES, min_size=1, max_size=2),
            "contains": LEAVES,
            "minItems": st.integers(0, 2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "if": inner,
            "then": inner,
            "else": inner,
            "unevaluatedItems": LEAVES | st.just(False),
        },
    )


def check(schema: Any, values: list[Any]) -> None:
    document = Document(schema)
    found = Translator(document, python=False).root().values
    oracle = jsonschema.Draft202012Validator(schema)
    verdicts = [contains(found, value) for value in values]
    members = [oracle.is_valid(value) for value in values]
    if over_approximates(Node.of(found, "$", None)):
        assert all(verdict for verdict, member in zip(verdicts, members, strict=True) if member)
    else:
        assert verdicts == members


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    st.recursive(LEAVES, of_objects, max_leaves=5),
    LEAVES | st.just(False),
    st.lists(OBJECTS, min_size=1, max_size=10),
)
def test_properties(schema: Any, rest: Any, values: list[Any]) -> None:
    check({"allOf": [schema], "unevaluatedProperties": rest}, values)
    if isinstance(schema, dict):
        check({**schema, "unevaluatedProperties": rest}, values)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    st.recursive(LEAVES, of_arrays, max_leaves=5),
    LEAVES | st.just(False),
    st.lists(ARRAYS, min_size=1, max_size=10),
)
def test_items(schema: Any, rest: Any, values: list[Any]) -> None:
    check({"allOf": [schema], "unevaluatedItems": rest}, values)
    if isinstance(schema, dict):
        check({**schema, "unevaluatedItems": rest}, values)


def test_too_many_readings_are_left_to_the_validator() -> None:
    branches = [{"properties": {f"p{at}": {"type": "integer"}}} for at in range(10)]
    schema = {"anyOf": branches, "unevaluatedProperties": False}
    translator = Translator(Document(schema), python=False)
    found = translator.root().values
    assert over_approximates(Node.of(found, "$", None))
    assert contains(found, {"p1": 1, "p9": 2})
    assert any(note.kind == "validator" and "unevaluated" in note.message for note in translator.notes)
