"""Templates: the fixed text stays, holes float, and a hole that occurs twice agrees with itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.constraints import choice, json_schema, literal, regex, text
from canvasgen.constraints.template import Filled, template
from canvasgen.errors import InvalidConstraint, ValidationFailed

LETTER = template(
    "Dear {name},\n{body}\nYours, {sender}",
    name=regex("[A-Z][a-z]+"),
    body=text(lines=True),
    sender=choice(["Alice", "Bob"]),
)


def test_values_of_the_holes() -> None:
    whole = "Dear Carol,\nhow are you?\nFine, I hope.\nYours, Bob"
    assert LETTER.matches(whole)
    found = LETTER.parse(whole)
    assert isinstance(found, Filled)
    assert found == {"name": "Carol", "body": "how are you?\nFine, I hope.", "sender": "Bob"}
    assert found.text == whole


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "Dear carol,\nx\nYours, Bob",
        "Dear Carol,\nx\nYours, Eve",
        "Dear Carol,\nx\nYours, Bob!",
        "Dear Carol",
    ],
)
def test_other_texts(wrong: str) -> None:
    assert not LETTER.matches(wrong)
    with pytest.raises(ValidationFailed):
        LETTER.parse(wrong)


def test_the_error_says_where_it_stops_to_fit() -> None:
    with pytest.raises(ValidationFailed, match=r"hole \{sender\} does not fit at character 21"):
        LETTER.parse("Dear Carol,\nx\nYours, Eve")


PARTS = [regex("a*"), regex("[ab]"), choice(["", "ab", "b"]), literal("a"), json_schema({"type": "integer"})]
PIECES = st.lists(
    st.one_of(st.sampled_from(["a", "b", "1", "{{", "}}", "ab"]), st.sampled_from(["{x}", "{y}", "{z}"])),
    max_size=5,
)
VALUES = {"a", "b", "ab", "", "aa", "1", "12"}


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(PIECES, st.permutations(PARTS), st.text("ab1{}", max_size=6))
def test_the_language_by_brute_force(pieces: list[str], parts: list[Any], sample: str) -> None:
    names = sorted({piece[1] for piece in pieces if len(piece) == 3})
    made = template("".join(pieces), **dict(zip(names, parts, strict=False)))
    candidates = {sample}
    for first in VALUES:
        for second in VALUES:
            fill = {"x": first, "y": second, "z": first}
            candidates.add("".join(pieces).format(**fill))
    for candidate in candidates:
        assert made.matches(candidate) == brute_force(
            pieces, dict(zip(names, parts, strict=False)), candidate
        )
        if made.matches(candidate):
            assert made.parse(candidate).text == candidate


def brute_force(pieces: list[str], holes: dict[str, Any], candidate: str) -> bool:
    def fits(number: int, at: int, known: dict[str, str]) -> bool:
        if number == len(pieces):
            return at == len(candidate)
        piece = pieces[number]
        if len(piece) < 3:
            fixed = piece[0] if piece in ("{{", "}}") else piece
            return candidate.startswith(fixed, at) and fits(number + 1, at + len(fixed), known)
        name = piece[1]
        return any(
            known.get(name, candidate[at:stop]) == candidate[at:stop]
            and holes[name].matches(candidate[at:stop])
            and fits(number + 1, stop, {**known, name: candidate[at:stop]})
            for stop in range(at, len(candidate) + 1)
        )

    return fits(0, 0, {})


def test_a_repeated_hole_agrees_in_the_automaton_where_it_has_few_values() -> None:
    pair = template("<{tag}>{body}</{tag}>", tag=choice(["b", "em"]), body=regex("[a-z]*"))
    assert pair.automaton.accepts(b"<b>x</b>")
    assert not pair.automaton.accepts(b"<b>x</em>")
    assert not pair.has_validator
    free = template("{word} {word}", word=regex("[a-z]+"))
    assert free.has_validator
    assert free.automaton.accepts(b"ab cd")
    assert free.matches("ab ab")
    assert not free.matches("ab cd")
    assert any("agree" in note.message and note.kind == "validator" for note in free.explain())


def test_holes_may_be_schemas_and_types() -> None:
    made = template("id={n}; tags={tags}", n=int, tags={"type": "array", "items": {"enum": ["x", "y"]}})
    assert made.parse('id=12; tags=["x"]') == {"n": 12, "tags": ["x"]}
    assert not made.matches('id=12; tags=["z"]')


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Hi {name}!", encoding="utf-8")
    assert template(path, name=choice(["A"])).matches("Hi A!")
    with pytest.raises(InvalidConstraint, match="read"):
        template(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("text_", "holes", "place"),
    [
        ("a\nb {name", {"name": "x"}, "line 2, column 3"),
        ("a } b", {}, "line 1, column 3"),
        ("a {} b", {}, "line 1, column 3"),
        ("a {0} b", {}, "line 1, column 3"),
        ("{a!r}", {}, "line 1, column 1"),
        ("{a:>3}", {"a": "x"}, "line 1, column 1"),
        ("a\n{b}", {}, "line 2, column 1"),
        ("{a}", {"a": "x", "b": "y"}, None),
        (3, {}, None),
    ],
)
def test_bad_input(text_: Any, holes: dict[str, Any], place: str | None) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        template(text_, **holes)
    assert caught.value.path == place


def test_without_strict_a_hole_is_a_line_of_free_text() -> None:
    made = template("{a}: {b}", strict=False)
    assert made.parse("x: y z") == {"a": "x", "b": "y z"}
    assert not made.matches("x: y\nz")
