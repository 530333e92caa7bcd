"""Infilling and editing: the fixed text stays byte for byte, wherever tokens begin and end."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from canvasgen.constraints import Constraint, choice, edit, infill, json_schema, literal, regex, text
from canvasgen.constraints.shown import Hole, Pattern
from canvasgen.errors import InvalidConstraint, UnsupportedConstraint, ValidationFailed
from canvasgen.vocabulary import Vocabulary

WORDS = st.text("ab c\n", max_size=4)
PARTS = [regex("[ab]*"), regex("c?"), choice(["", "a", "ba"]), json_schema({"enum": [1, "a"]})]

PIECES = Vocabulary(
    [None, None, *(b"a b c d ab bc ca abc e f").split(), b" ", b"1", b'"', b"\n"], end_ids=[1]
)
"""Tokens that run across the borders of any fixed text made of these letters."""


@settings(max_examples=150, deadline=None)
@given(WORDS, WORDS, st.sampled_from(PARTS), st.text('abc 1"\n', max_size=6))
def test_texts_of_an_infill(prefix: str, suffix: str, part: Constraint, middle: str) -> None:
    constraint = infill(prefix, suffix, part)
    whole = prefix + middle + suffix
    assert constraint.matches(whole) == part.matches(middle)
    if part.matches(middle):
        assert constraint.parse(whole) == part.parse(middle)
    assert constraint.automaton.accepts(whole.encode()) == part.automaton.accepts(middle.encode())
    other = middle + suffix
    inside = (
        other[len(prefix) : len(other) - len(suffix)]
        if other.startswith(prefix) and len(other) >= len(prefix) + len(suffix)
        else None
    )
    assert constraint.matches(other) == (inside is not None and part.matches(inside))


@settings(max_examples=60, deadline=None)
@given(
    st.text("abc", min_size=1, max_size=5),
    st.text("abc", min_size=1, max_size=5),
    st.integers(0, 2**32 - 1),
)
def test_fixed_text_need_not_end_where_tokens_do(prefix: str, suffix: str, seed: int) -> None:
    """Samples hold both sides exactly, and some token may span a border."""
    compiled = infill(prefix, suffix, regex("[abc]{1,3}")).compile(PIECES)
    logits = np.random.default_rng(seed).normal(0, 3, (13, PIECES.size)).astype(np.float32)
    for ids in compiled.condition(logits).sample(5, seed):
        end = next((i for i, token in enumerate(ids) if token == 1), len(ids))
        written = PIECES.text_bytes(ids[:end]).decode()
        assert re.fullmatch(f"{prefix}[abc]{{1,3}}{suffix}", written)


def test_a_token_may_hold_parts_of_both_sides() -> None:
    compiled = infill("a", "c", regex("b")).compile(PIECES)
    whole = next(token for token, content in enumerate(PIECES.tokens) if content == b"abc")
    assert compiled.accepts([whole, 1])


@settings(max_examples=150, deadline=None)
@given(st.text("ab\né", max_size=8), st.data())
def test_an_edit_keeps_the_rest(content: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, len(content)))
    constraint = edit(content, (start, stop), regex("[xy]{0,2}"))
    for new in ("", "x", "yx"):
        whole = content[:start] + new + content[stop:]
        assert constraint.matches(whole)
        assert constraint.parse(whole) == whole
    assert not constraint.matches(content[:start] + "z" + content[stop:])
    assert "".join(p if isinstance(p, str) else p.old or "" for p in constraint.shown.canvas) == content


def test_several_spans_at_once() -> None:
    constraint = edit("Dear Bob,\r\nbye Bob.\nEve", ["Dear Bob", (15, 18), "Eve"], regex("[A-Z][a-z]+"))
    assert constraint.matches("Anna,\r\nbye Carl.\nDan")
    assert not constraint.matches("Anna,\nbye Carl.\nDan")
    shown = constraint.shown
    assert shown.form(lambda hole: f"{{{hole.old}}}") == "{Dear Bob},\r\nbye {Bob}.\n{Eve}"
    assert shown.form(lambda hole: "{}") == "{},\r\nbye {}.\n{}"
    assert {hole.holds for hole in shown.holes} == {(Pattern("[A-Z][a-z]+"),)}


def test_values() -> None:
    constraint = infill("The answer is ", ".", json_schema({"type": "integer"}))
    assert constraint.parse("The answer is 42.") == 42
    assert constraint.shown.form(lambda hole: "{}") == "The answer is {}."
    with pytest.raises(ValidationFailed):
        constraint.parse("The answer is no.")
    assert edit("a b", "b").parse("a c") == "a c"
    assert infill("<", ">", int).parse("<7>") == 7
    assert infill("<", ">", "x").parse("<x>") == "x"
    assert infill("<", ">").matches("<a\nb>")


def test_an_edit_is_of_one_line_if_the_old_text_is() -> None:
    assert not edit("a b c", "b").matches("a \n c")
    assert edit("a b\nb c", "b\nb").matches("a x\ny c")


def test_they_combine() -> None:
    constraint = infill("a", "c", text()) & regex("(?s).{0,5}") & ~literal("aac")
    assert constraint.matches("abc")
    assert not constraint.matches("aac")
    assert not constraint.matches("abbbbbc")
    assert constraint.parse("abc") == "b"
    assert constraint.shown.canvas == ("a", Hole(old=""), "c")
    twice = infill("a", "c", text()) + "d"
    assert twice.matches("axcd")
    assert twice.parse("axcd") == "x"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("abc", "x"), "does not hold the marker"),
        (("abc", ""), "not empty"),
        (("a b\na", "a"), r"line 1, column 1; line 2, column 1"),
        (("abc", (2, 5)), "outside of the text"),
        (("abc", (2, 1)), "outside of the text"),
        (("abc", (-1, 1)), "outside of the text"),
        (("abc", []), "no span"),
        (("abc", [(0, 2), (1, 3)]), "overlap"),
        (("abc", [(0, 1), 5]), r"a span is \(start, stop\)"),
        (("abc", [(0, "b")]), "the end of a span is a whole number"),
        (("\ud800", (0, 1)), "UTF-8"),
    ],
)
def test_wrong_spans(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(InvalidConstraint, match=words):
        edit(*arguments)


@pytest.mark.parametrize("strength", [0, -1, 1.5, "much", True, float("nan")])
def test_wrong_strength(strength: Any) -> None:
    with pytest.raises(InvalidConstraint, match="strength"):
        edit("abc", "b", strength=strength)


def test_wrong_parts() -> None:
    with pytest.raises(InvalidConstraint):
        infill(3, "b")  # type: ignore[arg-type]
    with pytest.raises(InvalidConstraint):
        infill("a", "\ud800")
    with pytest.raises((InvalidConstraint, UnsupportedConstraint)):
        infill("a", "b", {"type": "no such type"})


PROSE = st.text("ab \n", min_size=0, max_size=40)


@settings(max_examples=60, deadline=None)
@given(PROSE, PROSE, st.integers(0, 99))
def test_sequences_read_their_one_value(before: str, after: str, number: int) -> None:
    constraint = literal(before) + json_schema({"type": "integer"}) + text()
    assume(not after[:1].isdigit())
    assert constraint.parse(f"{before}{number}{after}") == number
