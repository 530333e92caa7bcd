"""`contains` and `excludes` against `str.count`."""

from __future__ import annotations

from typing import Any

import pytest
from constraint_walks import walks
from hypothesis import given
from hypothesis import strategies as st

from canvasgen.constraints import contains, excludes, json_schema, text
from canvasgen.errors import InvalidConstraint

WORDS = st.text("abé", min_size=1, max_size=3)


@given(WORDS, st.integers(1, 3), st.text("abé", max_size=8))
def test_contains(word: str, at_least: int, sample: str) -> None:
    assert contains(word, at_least=at_least).matches(sample) == (sample.count(word) >= at_least)


@given(st.lists(WORDS, min_size=1, max_size=3), st.text("abé", max_size=8))
def test_excludes(words: list[str], sample: str) -> None:
    assert excludes(words).matches(sample) == (not any(word in sample for word in words))


def test_they_go_with_other_constraints() -> None:
    mail = json_schema({"type": "object", "properties": {"body": {"type": "string"}}, "required": ["body"]})
    both = mail & contains("regards") & excludes(["cheap", "best price"])
    assert both.matches('{"body": "kind regards"}')
    assert not both.matches('{"body": "hello"}')
    assert not both.matches('{"body": "cheap regards"}')
    for sample in walks(both.automaton, 5, patience=400):
        assert "regards" in sample
        assert "cheap" not in sample
    assert (text(max_length=20) & excludes("no")).matches("yes")


@pytest.mark.parametrize("wrong", ["", 3, "\ud800", None])
def test_bad_input(wrong: Any) -> None:
    with pytest.raises(InvalidConstraint):
        contains(wrong)
    with pytest.raises(InvalidConstraint):
        excludes([wrong])
    with pytest.raises(InvalidConstraint):
        excludes([])
    with pytest.raises(InvalidConstraint):
        contains("a", at_least=0)
