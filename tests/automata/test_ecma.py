"""The ECMA-262 dialect, against the answers of a JavaScript engine (V8; ecma_cases.json)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from dfa_language import strings_of

from canvasgen.automata import parse_regex, to_dfa
from canvasgen.errors import InvalidConstraint, UnsupportedConstraint

CASES = json.loads(Path(__file__).with_name("ecma_cases.json").read_text(encoding="ascii"))
FLAGS = {"i": re.I, "m": re.M, "s": re.S}
# Punctuation after a number of nothing is lenient here, as in annex B: {,2} is no quantifier but text.
LENIENT = {r"^a{,2}$"}


@pytest.mark.slow
def test_as_a_javascript_engine() -> None:
    wrong: list[object] = []
    for pattern, flags, texts, answers in CASES:
        try:
            dfa = to_dfa(parse_regex(pattern, sum(FLAGS[f] for f in flags), dialect="ecma", search=True))
        except InvalidConstraint:
            if answers is not None:
                wrong.append(pattern)
            continue
        if answers is None:
            if pattern not in LENIENT:
                wrong.append(pattern)
            continue
        wrong += [
            (pattern, flags, t) for t, a in zip(texts, answers, strict=True) if dfa.accepts(t.encode()) != a
        ]
    assert wrong == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^\-$", "-"),
        (r"^\@\_$", "@_"),
        ("^]$", "]"),
        ("^{$", "{"),
        ("^}$", "}"),
        ("^a{,2}$", "a{,2}"),
        ("^x{a}$", "x{a}"),
    ],
)
def test_lenient_as_annex_b(pattern: str, text: str) -> None:
    assert list(strings_of(to_dfa(parse_regex(pattern, dialect="ecma", search=True)), 8)) == [text.encode()]


@pytest.mark.parametrize("pattern", [r"(a)\1", r"(?<n>a)\k<n>"])
def test_back_references_are_refused(pattern: str) -> None:
    with pytest.raises(UnsupportedConstraint) as caught:
        parse_regex(pattern, dialect="ecma")
    assert caught.value.rule == "back-reference"


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            r"\A",
            r"\Z",
            r"\z",
            r"\h",
            r"(?P<n>a)",
            "(?i)a",
            "(?#x)a",
            "(?>a)",
            "a++",
            "(?x:a)",
            "(?i-i:a)",
            "(?-:a)",
        ),
        *(
            r"\u{110000}",
            r"\u{}",
            r"\u12",
            r"\x1",
            r"\c1",
            r"\p",
            r"\p{",
            r"\p{Lx}",
            r"\p{L} \01",
            r"[\1]",
            "a{2,1}",
        ),
        *("(?<1>a)", "(", ")", "[", "*", "^*", "\\", "(?<n"),
    ],
)
def test_what_is_not_ecma_is_invalid(pattern: str) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        parse_regex(pattern, dialect="ecma")
    assert caught.value.path is not None


def test_scoped_flags() -> None:
    dfa = to_dfa(parse_regex("a(?i:b(?-i:c))", dialect="ecma"))
    assert set(strings_of(dfa, 3)) == {b"abc", b"aBc"}


def test_flags_that_do_not_exist() -> None:
    with pytest.raises(InvalidConstraint):
        parse_regex("a", re.VERBOSE, dialect="ecma")
