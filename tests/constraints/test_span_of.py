"""`span_of`: verbatim parts of a source, alone and combined."""

from __future__ import annotations

import pytest

import canvasgen as cg
from canvasgen.errors import InvalidConstraint, Unsatisfiable

SOURCE = "Call Rosa Lind at 555-0192, or write to rosa@lind.org.\nShe is 41."


def test_alone_and_combined() -> None:
    span = cg.span_of(SOURCE)
    assert span.matches("Rosa Lind")
    assert not span.matches("Rosa Linda")
    assert not span.matches("rosa@lind.org.\nShe")
    phone = span & cg.regex(r"\d{3}-\d{4}")
    assert phone.matches("555-0192")
    assert not phone.matches("555-0193")
    letter = cg.template("Dear {name}, {name}!", name=span)
    assert letter.matches("Dear Rosa, Rosa!")
    assert not letter.matches("Dear Ann, Ann!")


def test_units_lines_and_lengths() -> None:
    assert cg.span_of(SOURCE, unit="character").matches("osa Li")
    assert cg.span_of(SOURCE, across_lines=True).matches("rosa@lind.org.\nShe")
    assert not cg.span_of(SOURCE, max_length=4).matches("Rosa Lind")
    assert cg.span_of([SOURCE, "Bob Stone"]).matches("Bob")


def test_the_model_can_only_copy() -> None:
    answer = cg.generate(
        "Which mail address? " + SOURCE, constraint=cg.span_of(SOURCE) & cg.regex(r"\S+@\S+"), seed=0
    )
    assert answer in ("rosa@lind.org", "rosa@lind")


def test_what_is_no_source_or_option() -> None:
    for wrong in ({"unit": "line"}, {"across_lines": 1}, {"max_length": 0}, {"max_length": "x"}):
        with pytest.raises(InvalidConstraint):
            cg.span_of(SOURCE, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidConstraint):
        cg.span_of(None)  # type: ignore[arg-type]


def test_a_source_without_words() -> None:
    with pytest.raises(Unsatisfiable):
        _ = cg.span_of("...").automaton
