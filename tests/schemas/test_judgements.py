"""The validator remembers what it has judged: the answers of plain `jsonschema`, in a number of steps that grows slowly."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema.exceptions import ValidationError

from canvasgen.errors import TimeLimit, ValidationFailed
from canvasgen.limits import DEFAULT_LIMITS
from canvasgen.schemas.judgements import Judgements
from canvasgen.schemas.loader import load
from canvasgen.schemas.validator import Validator

REF = {"$ref": "#/$defs/d"}
LEAVES = st.sampled_from(
    [
        True,
        False,
        {},
        {"type": "integer"},
        {"type": "object"},
        {"const": 1},
        {"minimum": 2},
        {"required": ["a"]},
        REF,
    ]
)


def larger(part: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    parts = st.lists(part, min_size=1, max_size=2)
    named = st.dictionaries(st.sampled_from("ab"), part, min_size=1, max_size=2)
    keywords = {
        "allOf": parts,
        "anyOf": parts,
        "oneOf": parts,
        "not": part,
        "if": part,
        "then": part,
        "else": part,
        "properties": named,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$"]), part, min_size=1, max_size=2),
        "additionalProperties": part,
        "unevaluatedProperties": part,
        "dependentSchemas": named,
        "prefixItems": parts,
        "items": part,
        "contains": part,
        "unevaluatedItems": part,
    }
    return st.fixed_dictionaries({}, optional=keywords)


SCHEMAS = st.recursive(LEAVES, larger, max_leaves=8)
VALUES = st.recursive(
    st.sampled_from([None, 1, 2, 3, "a"]),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from("abc"), part, max_size=3),
    max_leaves=5,
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(SCHEMAS, LEAVES.filter(lambda leaf: leaf is not REF), VALUES)
def test_the_same_answer_as_jsonschema(schema: Any, shared: Any, value: Any) -> None:
    if isinstance(schema, bool):
        schema = {"allOf": [schema]}
    document = {**schema, "$defs": {"d": shared}}
    text = json.dumps(value)
    plain = jsonschema.Draft202012Validator(document).is_valid(value)
    validator = Validator(load(document).document, python=False)
    try:
        ours = validator(text) == value
    except ValidationFailed:
        ours = False
    assert ours == plain


def chain(keyword: str, depth: int) -> dict[str, Any]:
    """A chain of schemas, each of which refers twice to the next."""
    definitions: dict[str, Any] = {"d0": {"type": "object"}}
    for n in range(1, depth):
        ref = {"$ref": f"#/$defs/d{n - 1}"}
        definitions[f"d{n}"] = {
            "if": {"if": ref, "then": ref, "else": ref},
            "unevaluatedProperties": {"anyOf": [ref, ref], "unevaluatedProperties": True},
        }.get(keyword, {keyword: [ref, ref]})
    return {"$ref": f"#/$defs/d{depth - 1}", "$defs": definitions}


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf", "if", "unevaluatedProperties"])
def test_chains_of_references_take_few_steps(keyword: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    original = Judgements._once

    def counted(self: Judgements, *arguments: Any) -> object:
        taken.append(1)
        return original(self, *arguments)

    monkeypatch.setattr(Judgements, "_once", counted)
    validator = Validator(load(chain(keyword, 40)).document, python=False)
    try:
        validator('{"a": 1}')
    except ValidationFailed:
        assert keyword == "oneOf"
    assert len(taken) < 2_000


def test_the_reasons_keep_their_paths() -> None:
    ref = {"$ref": "#/$defs/d"}
    document = {"properties": {"a": ref, "b": {"items": ref}}, "$defs": {"d": {"type": "integer"}}}
    with pytest.raises(ValidationFailed) as caught:
        Validator(load(document).document, python=False)('{"a": "x", "b": [1, "x", "x"]}')
    assert [reason.split(":")[0] for reason in caught.value.reasons] == ["$.a", "$.b[1]", "$.b[2]"]


def test_the_steps_are_limited() -> None:
    judgements = Judgements(lambda pattern, value: False, steps=3)
    validator = jsonschema.Draft202012Validator({})

    def found() -> list[ValidationError]:
        return []

    for value in ("a", "b", "c"):
        assert list(judgements.errors("descend", validator, value, {}, found)) == []
    with pytest.raises(TimeLimit, match="more than 3 steps"):
        list(judgements.errors("descend", validator, "d", {}, found))


def test_limits_of_patterns_are_kept() -> None:
    validator = Validator(load({"pattern": "^(a+)+$"}).document, python=False, limits=DEFAULT_LIMITS)
    with pytest.raises(ValidationFailed):
        validator(json.dumps("a" * 60 + "!"))
