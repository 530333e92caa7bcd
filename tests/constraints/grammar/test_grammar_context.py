"""Terminals that look around: each must match where it stands, judged by `re` on every way to cut a text."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lark import Lark, UnexpectedInput

import canvasgen as cg
from canvasgen.automata import parse_regex_in_context, to_dfa
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, Unsatisfiable, UnsupportedConstraint

LONGEST = 4
TEXTS = ["".join(letters) for n in range(LONGEST + 1) for letters in product("ab ", repeat=n)]


@cache
def ends(pattern: str, text: str, start: int) -> frozenset[int]:
    """Where matches of a pattern that begin at a place of a text end, with the whole text in sight."""
    stops = range(start, len(text) + 1)
    return frozenset(
        stop
        for stop in stops
        if re.compile(rf"(?:{pattern})(?=(?s:.){{{len(text) - stop}}}\Z)").match(text, start)
    )


def accepted(text: str, terminals: dict[str, str], shape: str) -> bool:
    """Whether some way to cut the text into terminals spells a word of `shape`; S is ignored."""

    def words(at: int) -> set[str]:
        found = {""} if at == len(text) else set[str]()
        for name, pattern in terminals.items():
            for stop in ends(pattern, text, at):
                if stop > at:
                    found |= {name.replace("S", "") + rest for rest in words(stop)}
        return found

    return any(re.fullmatch(shape, word) for word in words(0))


first = st.sampled_from(["", "(?<!a)", "(?<=b)", r"\b", r"\B", "^", "(?=ab)", "(?!b)", "(?<! )"])
body = st.sampled_from(["a", "b", "ab", "a+", "[ab]+", "(?:a|ab)", "[ab ]"])
last = st.sampled_from(["", "(?!b)", "(?=b)", r"\b", r"\B", "$", "(?<!ab)", r"\Z", "(?!.*a)", "(?= )"])
patterns = st.builds("{}{}{}".format, first, body, last)
shapes = {
    "start: X Y": "XY",
    "start: X+": "X+",
    "start: (X | Y)+": "[XY]+",
    "start: X (Y X)*": "X(YX)*",
    'start: X start Y | "a"': "",
    "start: Y? X": "Y?X",
}


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(patterns, patterns, st.sampled_from([s for s in shapes if '"' not in s]), st.booleans())
@example("a(?!b)", "[ab]", "start: X Y", False)
@example(r"\bab?\b", r"b(?<!ab)", "start: (X | Y)+", True)
def test_against_every_way_to_cut(x: str, y: str, rule: str, ignores: bool) -> None:
    terminals = {"X": x, "Y": y, **({"S": " (?! )"} if ignores else {})}
    text = "\n".join([rule, *(f"{name}: /{pattern}/" for name, pattern in terminals.items())])
    expected = {each for each in TEXTS if accepted(each, terminals, shapes[rule])}
    try:
        constraint = cg.grammar(text + ("\n%ignore S" if ignores else ""))
    except Unsatisfiable:
        assert not expected
        return
    except InvalidConstraint as error:
        assert "matches no text" in error.message  # noqa: PT017
        return
    assert {each for each in TEXTS if constraint.matches(each)} == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        'start: /a(?!b)/ "b" | /a(?!b)/ "a"',
        r'start: (/\bab?/ | " ")+',
        r'start: "a"? /(?<=a)b/ | "b" /(?<=a)b/',
        r"start: /a/+ /(?<!aa)b/",
        r"start: /^a/ /b$/ | /b$/ /^a/",
        'start: "(" start ")" | /a(?=\\))/ | /b(?!\\))/',
    ],
)
def test_as_lark_reads_it(text: str) -> None:
    parser = Lark(text, parser="earley", lexer="dynamic_complete")
    constraint = cg.grammar(text, max_depth=3)
    for letters in (each for n in range(5) for each in product("ab ()", repeat=n)):
        each = "".join(letters)
        try:
            parser.parse(each)
        except UnexpectedInput:
            assert not constraint.matches(each), each
        else:
            assert constraint.matches(each), each


def test_around_recursion() -> None:
    constraint = cg.grammar('start: "(" start ")" | /a(?!\\)\\))/ | /b(?=\\))/', max_depth=4)
    assert [constraint.matches(each) for each in ("a", "(a)", "((a))", "b", "(b)", "((b))")] == [
        True,
        True,
        False,
        False,
        True,
        True,
    ]


def test_nothing_but_look_around() -> None:
    """Lark refuses terminals without width; here they are conditions between two others."""
    constraint = cg.grammar('start: /[ab]/ (/(?=b)/ /[ab]/ | /(?<=b)/ "c")*')
    assert [each for each in ("a", "bc", "ab", "abb", "abcb") if not constraint.matches(each)] == []
    assert [each for each in ("ac", "aa", "aba", "abcc") if constraint.matches(each)] == []


def test_what_needs_no_context() -> None:
    for pattern in ('"(?:[^"\\\\]|\\\\.)*?(?<!\\\\)"', "a(?=b)b", "(?!ab)[ab]b"):
        _, cut = parse_regex_in_context(pattern)
        assert cut is None, pattern
    for pattern in ("a(?!b)", r"\ba", "a$", "(?!if)[a-z]+", "(?<=b)a"):
        expr, cut = parse_regex_in_context(pattern)
        assert cut is not None, pattern
        assert to_dfa(expr).accepts(b"a")


def test_refused() -> None:
    with pytest.raises(InvalidConstraint, match="matches no text") as caught:
        cg.grammar("start: X\nX: /a(?=b)(?!b)/")
    assert caught.value.path == "line 2, column 1"
    with pytest.raises(Unsatisfiable, match="derives no text") as unsatisfiable:
        cg.grammar('start: /a(?=b)/ "c"')
    assert unsatisfiable.value.path == "line 1, column 1"
    with pytest.raises(UnsupportedConstraint, match="lazy rule start holds a terminal that looks") as lazy:
        cg.grammar("start[lazy]: /a(?!b)/")
    assert lazy.value.path == "line 1, column 7"
    many = " | ".join(f"/x{number}(?!y)/" for number in range(40))
    with pytest.raises(ConstraintTooLarge, match="more than 32 terminals"):
        cg.grammar(f"start: {many}")
