"""Languages that are led by a draft: exactly valid whatever the draft, and in the draft's order where the draft is valid."""

from __future__ import annotations

import json
import random
from itertools import permutations
from typing import Any

import pytest
from constraint_walks import walks
from hypothesis import given, settings
from hypothesis import strategies as st
from json_spellings import spelled

from canvasgen.automata import DFA, to_dfa
from canvasgen.constraints import json_schema
from canvasgen.schemas.texts.drafts.beginning import read_beginning

NAMES = "abc"


def texts_of(dfa: DFA, most: int = 400) -> list[str]:
    """All texts of a finite language."""
    found: list[str] = []
    waiting = [(0, b"")]
    for state, text in waiting:
        if dfa.accepting[state]:
            found.append(text.decode())
        assert len(waiting) < 50 * most
        for row in range(int(dfa.offsets[state]), int(dfa.offsets[state + 1])):
            for byte in range(int(dfa.low[row]), int(dfa.high[row]) + 1):
                waiting.append((int(dfa.target[row]), text + bytes((byte,))))
    return found


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def in_one_order(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True)


def repeats_a_key(text: str) -> bool:
    repeated: list[bool] = []
    json.loads(text, object_pairs_hook=lambda pairs: repeated.append(len(dict(pairs)) < len(pairs)))
    return any(repeated)


DRAFTS = st.recursive(
    st.sampled_from([1, 2, "x", None]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.permutations("abcd").flatmap(
            lambda names: st.lists(inner, max_size=4).map(
                lambda values: dict(zip(names, values, strict=False))
            )
        ),
    ),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(
    st.sets(st.sampled_from(NAMES), min_size=1),
    st.sets(st.sampled_from(NAMES)),
    st.booleans(),
    DRAFTS,
    st.integers(0, 40),
)
def test_all_texts_are_valid_and_none_is_lost(
    names: set[str], required: set[str], closed: bool, draft: Any, cut: int
) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"enum": [1, 2]} for name in sorted(names)},
        "required": sorted(required & names),
        "additionalProperties": False if closed else {"type": "null"},
        "maxProperties": 3,
    }
    if not closed:
        schema["propertyNames"] = {"enum": ["a", "b", "c", "d"]}
    language = json_schema(schema, "compact").language
    text = compact(draft)
    for given_text in (text, text[:cut]):
        led = language.led([given_text])
        texts = texts_of(to_dfa(led.expr))
        known = [text for text in texts if language.matches(text)]
        doubled = [text for text in texts if not language.matches(text)]
        # What is not valid has an undeclared key twice, as without a draft: refused at commit.
        assert all(not closed and repeats_a_key(text) for text in doubled)
        # Every valid value has a text, as without a draft.
        plain = [text for text in texts_of(to_dfa(language.expr)) if language.matches(text)]
        assert {in_one_order(text) for text in plain} <= {in_one_order(text) for text in known}
        if given_text == text and language.matches(text):
            assert text in known


@pytest.mark.parametrize("order", list(permutations("abc")), ids="".join)
def test_the_order_is_the_drafts(order: tuple[str, ...]) -> None:
    properties = {
        "a": {"const": 1},
        "b": {"type": "object", "properties": {"x": {"const": 1}, "y": {"const": 1}}},
    }
    properties["c"] = {"type": "array", "items": properties["b"]}
    schema = {
        "properties": properties,
        "required": ["a", "b", "c"],
        "type": "object",
        "additionalProperties": False,
    }
    language = json_schema(schema, "compact").language
    value = {"a": 1, "b": {"y": 1, "x": 1}, "c": [{"x": 1, "y": 1}, {"y": 1, "x": 1}]}
    text = compact({name: value[name] for name in order})
    assert to_dfa(language.loose).accepts(text.encode())
    led = to_dfa(language.led([text]).expr)
    assert led.accepts(text.encode())
    others = [compact({name: value[name] for name in other}) for other in permutations("abc")]
    assert [text for text in others if led.accepts(text.encode())] == [text]
    # A draft that breaks off says what it says.
    begun = to_dfa(language.led([text[: text.rindex(f'"{order[2]}"')]]).expr)
    assert [
        text for text in walks(begun, 20) if text.index(f'"{order[0]}"') > text.index(f'"{order[1]}"')
    ] == []


TREE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["name"],
}


def alternative(number: int) -> dict[str, Any]:
    properties = {
        "kind": {"const": f"k{number}"},
        f"p{number}": {"enum": list(range(30))},
        "long": {"type": "string", "maxLength": 90},
    }
    return {"type": "object", "properties": properties, "required": ["kind"], "additionalProperties": False}


WIDE = {"anyOf": [alternative(number) for number in range(200)]}


def nested(depth: int) -> Any:
    return {"children": [nested(depth - 1)], "name": "n"} if depth else {"name": "leaf"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (TREE, nested(9)),
        (TREE, {"note": [[[[[[1]]]]]], "children": [{"name": "x", "more": {"b": [[[{}]]]}}], "name": "y"}),
        (WIDE, {"p150": 29, "kind": "k150"}),
        ({}, {"a": [[[[[[[{"b": 1}]]]]]]]}),
        ({"properties": {"$schema": {"const": 1}}}, {"$id": {"a": [[[[1]]]]}, "$schema": 1, "z": None}),
    ],
    ids=range(5),
)
def test_what_a_draft_shows_is_written_though_it_was_left_out(schema: Any, value: Any) -> None:
    constraint = json_schema(schema)
    language, text = constraint.language, json.dumps(value)
    assert constraint.matches(text)
    assert not constraint.automaton.accepts(text.encode())
    assert to_dfa(language.loose).accepts(text.encode())
    led = to_dfa(language.led([text]).expr)
    assert led.accepts(text.encode())
    # An undeclared key that stands twice is all that is left to the validator.
    assert all(constraint.matches(written) or repeats_a_key(written) for written in walks(led, 30))


def test_a_depth_that_was_asked_for_is_kept() -> None:
    language = json_schema(TREE, max_depth=1).language
    text = json.dumps(nested(4))
    assert not to_dfa(language.led([text]).expr).accepts(text.encode())


@settings(max_examples=60, deadline=None)
@given(DRAFTS, st.integers(0, 50), st.randoms(use_true_random=False))
def test_the_beginning_of_a_text_is_read_as_far_as_it_goes(value: Any, cut: int, rng: random.Random) -> None:
    whole = spelled(value, rng.choice)
    item = read_beginning(whole)
    assert item is not None
    begun = read_beginning(whole[:cut])
    if begun is not None and isinstance(begun.value, dict):
        assert isinstance(item.value, dict)
        assert list(begun.value) == list(item.value)[: len(begun.value)]
    assert read_beginning("") is None
    twice = read_beginning('{"a": 1, "b": 2, "a": [], "c')
    assert twice is not None
    assert list(twice.value) == ["a", "b"]  # type: ignore[arg-type]
