"""`contains` and `excludes` against `str.count`."""

from __future__ import annotations

import random
from typing import Any

import pytest
from constraint_walks import walks
from hypothesis import given
from hypothesis import strategies as st

from canvasgen.automata import ANY_TEXT, complement, concat, literal, to_dfa, union
from canvasgen.constraints import contains, excludes, json_schema, text
from canvasgen.errors import InvalidConstraint

WORDS = st.text("abé", min_size=1, max_size=3)


@given(WORDS, st.integers(1, 3), st.text("abé", max_size=8))
def test_contains(word: str, at_least: int, sample: str) -> None:
    assert contains(word, at_least=at_least).matches(sample) == (sample.count(word) >= at_least)


@given(st.lists(WORDS, min_size=1, max_size=3), st.text("abé", max_size=8))
def test_excludes(words: list[str], sample: str) -> None:
    assert excludes(words).matches(sample) == (not any(word in sample for word in words))


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_the_automaton_is_that_of_the_complement(words: list[str]) -> None:
    listed = union(*(literal(word) for word in words))
    assert (
        excludes(words).automaton.fingerprint()
        == to_dfa(complement(concat(ANY_TEXT, listed, ANY_TEXT))).fingerprint()
    )


def test_the_work_for_many_words_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    words = sorted({"".join(rng.choices("abcdefghij", k=6)) for _ in range(2_000)})
    counted: list[int] = []
    monkeypatch.setattr("canvasgen.automata.string_search.step", counted.append)
    made = text() & excludes(words)
    assert made.matches("x".join(word[:5] for word in words[:9]))
    assert not made.matches("bcd" + words[-1] + "x")
    assert sum(counted[: len(words)]) == 6 * len(words)
    assert sum(counted[len(words) :]) <= 10 * (1 + 6 * len(words))


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
