"""`repeat` and `optional` against a splitter that tries every sequence of items."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

import canvasgen as cg
from canvasgen.constraints.choices import Choice
from canvasgen.constraints.repeat import Repeat


class Validated(Choice):
    """A choice whose texts are checked by a validator, so that a repetition has to split the text itself."""

    @property
    @override
    def has_validator(self) -> bool:
        return True


def fewest(items: list[str], low: int, high: int | None, separator: str, text: str) -> list[tuple[str, ...]]:
    """The ways to write a text with the fewest items."""
    most = max(low, len(text) + 1) if high is None else high
    for count in range(low, most + 1):
        found = [each for each in product(items, repeat=count) if separator.join(each) == text]
        if found and (count or not text):
            return found
    return []


item_lists = st.lists(st.text("ab,", max_size=2), min_size=1, max_size=3, unique=True)
bounds = st.tuples(st.integers(0, 3), st.none() | st.integers(0, 2)).map(
    lambda pair: (pair[0], None if pair[1] is None else pair[0] + pair[1])
)


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(item_lists, bounds, st.sampled_from(["", ",", "a"]), st.text("ab,", max_size=4), st.booleans())
def test_every_text_is_split_into_the_fewest_items(
    items: list[str], bound: tuple[int, int | None], separator: str, text: str, validated: bool
) -> None:
    low, high = bound
    part = Validated({item: item for item in items}) if validated else cg.choice(items)
    whole = Repeat(part, low, high, separator)
    readings = fewest(items, low, high, separator, text)
    assert whole.matches(text) == bool(readings)
    assert whole.automaton.accepts(text.encode()) == bool(readings)
    if readings:
        assert tuple(whole.parse(text)) in readings


@settings(deadline=None, max_examples=150)
@given(item_lists, bounds, st.sampled_from(["", ","]), st.text("ab,", max_size=4), st.integers(0, 4))
def test_the_ends_of_repetitions_are_those_of_the_texts_that_match(
    items: list[str], bound: tuple[int, int | None], separator: str, text: str, start: int
) -> None:
    whole = Repeat(Validated({item: item for item in items}), *bound, separator)
    start = min(start, len(text))
    matching = [stop for stop in range(start, len(text) + 1) if whole.matches(text[start:stop])]
    assert whole.ends(text, start) == matching


def test_an_empty_first_item_before_a_separator() -> None:
    assert cg.repeat(cg.choice(["", "a"]), separator=",").parse(",a") == ["", "a"]


def test_an_optional_value() -> None:
    part: Any = cg.choice({"one": 1, "": 0})
    assert cg.optional(part).parse("one") == 1
    assert cg.optional(part).parse("") is None
