"""Grammars: Lark's Earley parser is the judge, on every text over a small alphabet."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from dfa_language import strings_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lark import Lark, UnexpectedInput
from lark.exceptions import GrammarError

import canvasgen as cg
from canvasgen.automata import to_dfa
from canvasgen.constraints.grammar import Grammar
from canvasgen.constraints.grammar.rules import Choice, Item, Leaf, Ref, Repeat, Rules, Sequence
from canvasgen.errors import (
    CanvasgenError,
    ConstraintTooLarge,
    InvalidConstraint,
    Unsatisfiable,
    UnsupportedConstraint,
)

LONGEST = 5
DEEP = 8


def texts(alphabet: str, longest: int = LONGEST) -> list[str]:
    return ["".join(letters) for length in range(longest + 1) for letters in product(alphabet, repeat=length)]


def derived(text: str, alphabet: str, longest: int = LONGEST) -> set[str] | None:
    """The texts that Earley's algorithm derives; None where Lark refuses a grammar that has two readings as one tree."""
    try:
        parser = Lark(text, parser="earley", lexer="dynamic_complete", ambiguity="resolve")
    except GrammarError as error:
        assert "Rules defined twice" in str(error)  # noqa: PT017
        return None
    found: set[str] = set()
    for each in texts(alphabet, longest):
        try:
            parser.parse(each)
        except UnexpectedInput:
            continue
        found.add(each)
    return found


def bounded(rules: Rules, longest: int = LONGEST) -> set[str]:
    """The texts that the rules derive, as the least fixed point of their equations on sets of short texts."""

    def cut(left: set[bytes], right: set[bytes]) -> set[bytes]:
        return {x + y for x in left for y in right if len(x) + len(y) <= longest}

    def repeated(body: set[bytes], low: int, high: int | None) -> set[bytes]:
        power: set[bytes] = {b""}
        for _ in range(low):
            power = cut(power, body)
        found = set(power)
        for _ in range(longest if high is None else min(high - low, longest)):
            power = cut(power, body | {b""})
            found |= power
        return found

    blank = set() if rules.ignored is None else set(strings_of(to_dfa(rules.ignored), longest))
    tail = repeated(blank, 0, None)

    def value(item: Item) -> set[bytes]:
        match item:
            case Leaf(expr):
                return cut(set(strings_of(to_dfa(expr), longest)), tail)
            case Ref(name):
                return known[name]
            case Sequence(parts):
                found: set[bytes] = {b""}
                for part in parts:
                    found = cut(found, value(part))
                return found
            case Choice(choices):
                return set[bytes]().union(*map(value, choices))
            case Repeat(body, low, high):
                return repeated(value(body), low, high)

    known: dict[str, set[bytes]] = {name: set() for name in rules.items}
    while True:
        after = {name: value(item) for name, item in rules.items.items()}
        if after == known:
            return {text.decode() for text in cut(tail, known[rules.start])}
        known = after


def matched(constraint: Grammar, alphabet: str, longest: int = LONGEST) -> set[str]:
    return {each for each in texts(alphabet, longest) if constraint.matches(each)}


# -- laws on random grammars -----------------------------------------------------------------------------

NAMES = ("start", "one", "two")
symbols = st.one_of(st.sampled_from(['"a"', '"b"', '"ab"', '"A"i', "/[ab]/", "/b+/"]), st.sampled_from(NAMES))


def grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(
            "({}){}".format, several.map(" ".join), st.sampled_from(["", "?", "*", "+", "~2", "~0..2"])
        ),
        st.builds("[{}]".format, several.map(" ".join)),
        st.builds("({})".format, several.map(" | ".join)),
    )


items = st.recursive(symbols, grouped, max_leaves=4)
options = st.lists(items, min_size=0, max_size=3).map(" ".join)
rules = st.lists(options, min_size=1, max_size=3).map(" | ".join)
spaces = st.sampled_from(["", '%ignore "c"', "%ignore /c+/"])  # cut anywhere, as the equations have it
grammars = st.builds("start: {}\none: {}\ntwo: {}\n{}\n".format, rules, rules, rules, spaces)


def compiled(text: str) -> Grammar | None:
    """The constraint; None where Lark or a limit refuses the grammar, or it derives nothing."""
    try:
        return cg.grammar(text, max_depth=DEEP)
    except (Unsatisfiable, ConstraintTooLarge):
        return None
    except InvalidConstraint as error:
        assert error.path is not None, str(error)  # noqa: PT017
        return None


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(grammars)
@example('start: start "a" | "b"\none:\ntwo:\n')
@example('start: one start | one\none: start "a" | "b"\ntwo:\n')
def test_random_grammars_against_their_equations(text: str) -> None:
    constraint = compiled(text)
    if constraint is not None:
        assert matched(constraint, "abc", 4) == bounded(constraint.rules, 4) & set(texts("abc", 4))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(grammars)
def test_random_grammars_against_earley(text: str) -> None:
    constraint = compiled(text)
    if constraint is not None and (expected := derived(text, "abc", 3)) is not None:
        assert matched(constraint, "abc", 3) == expected


# -- recursion, by example -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "recursive"),
    [
        ('start: start "a" | "b"', False),
        ('start: "a" start | "b"', False),
        ('start: "a" start "b" | "c"', True),
        ('start: start "a" start | "b"', True),
        ('start: one "a" | "b"\none: start "b" | "c"', False),
        ('start: "a" one | "b"\none: "b" start | "c"', False),
        ('start: one\none: one "a" | two\ntwo: "b" two | "c"', False),
        ('start: (start "a")? "b"', False),
        ("start: one* two\none:\ntwo: one one", False),
        ('start: [start] "a" [start]', True),
        ('start: pair{"a", pair{"b", "c"}}\npair{x, y}: x y', False),
        ('start: _sep{"a", "b"} ["c"]\n_sep{x, y}: x (y x)*', False),
        ('start: _sep{_sep{one, "b"}, "c"}\n_sep{x, y}: x (y x)*\none: "a"+', False),
        ('start: wrap{one} | wrap{"b"}\nwrap{x}: "a" x "a"\none: "c" | wrap{one}', True),
        ("start: many{X} Y\nmany{x}: x | many{x} x\nX: /a/\nY: /[bc]/", False),
        ('start: list{"a"}\nlist{x}: x | list{x} "b" x', False),
        ('start: "a"~2..4 | "b"~3', False),
        ('start: "a" "b" -> first | "c" -> second', False),
        ('start: "AB"i /c/i', False),
        ("start: /a b/x", False),
        ('start: "a".."b" X\nX: "a" | "b" "c"', False),
    ],
)
def test_recursion(text: str, recursive: bool) -> None:
    constraint = cg.grammar(text, max_depth=DEEP)
    assert matched(constraint, "abc") == derived(text, "abc")
    departures = [note for note in constraint.explain() if note.kind == "departure"]
    assert bool(departures) == recursive


def test_linear_recursion_has_no_depth() -> None:
    assert cg.grammar('start: start "," /[0-9]+/ | /[0-9]+/').matches(",".join(["7"] * 500))
    assert cg.grammar('start: "(" start ")" | "x"', max_depth=3).matches("(((x)))")
    assert not cg.grammar('start: "(" start ")" | "x"', max_depth=3).matches("((((x))))")


def test_case_and_flags() -> None:
    assert cg.grammar('start: "select"i').matches("SeLeCt")
    assert cg.grammar("start: /a.c/s").matches("a\nc")
    assert not cg.grammar("start: /a.c/").matches("a\nc")


def test_imports() -> None:
    numbers = cg.grammar('%import common.INT\n%import common.WS\n%ignore WS\nstart: INT ("," INT)*')
    assert numbers.matches(" 1 , 23,4\n")
    assert not numbers.matches("1,,2")
    tagged = cg.grammar('%import json.value\nstart: "result=" value')
    assert tagged.matches('result={"a":[1,true]}')
    assert not tagged.matches("result=01")


def test_may_be_empty() -> None:
    for text in ("start: X Y\nX: /a*/\nY: /b?/", "start: /a*/ [/b/]"):
        assert matched(cg.grammar(text), "ab", 3) == {"", "a", "b", "aa", "ab", "aaa", "aab"}


def test_imports_beside_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "main.lark").write_text("%import .words (word, COMMA)\nstart: word (COMMA word)*")
    (tmp_path / "words.lark").write_text(
        '%import .letters.LETTER\nword: LETTER+ | INT\nCOMMA: ","\n%import common.INT'
    )
    (tmp_path / "letters.lark").write_text("LETTER: /[a-c]/")
    listed = cg.grammar(tmp_path / "main.lark")
    assert listed.matches("a,bc,12")
    assert not listed.matches("a,d")
    monkeypatch.chdir(tmp_path)
    for text in ("%import .words.word\nstart: word", "%import words.word\nstart: word"):
        with pytest.raises((InvalidConstraint, UnsupportedConstraint)) as caught:
            cg.grammar(text)
        assert caught.value.rule == "%import"
        assert caught.value.remedy is not None
    (tmp_path / "broken.lark").write_text("%import .nothing.word\nstart: word")
    with pytest.raises(InvalidConstraint, match="cannot be read") as broken:
        cg.grammar(tmp_path / "broken.lark")
    assert broken.value.path == "line 1, column 9"
    with pytest.raises(InvalidConstraint, match="cannot be read"):
        cg.grammar(tmp_path / "none.lark")


def test_remarks() -> None:
    notes = [str(note) for note in cg.grammar('start: "a"\nother: "b"').explain()]
    assert any("'other' is never used" in note for note in notes)
    notes = [str(note) for note in cg.grammar('start.2: X "b"\nX.3: /a*/').explain()]
    assert [
        name for name in ("start", "X") if any(f"the priority of {name} has no" in note for note in notes)
    ]
    assert any("X may be empty" in note for note in notes)


# -- what doubles when it is written out -----------------------------------------------------------------


def doubled(letter: str, count: int = 24) -> str:
    """Definitions, each twice the one before."""
    return "".join(f"{letter}{k}: {letter}{k - 1} {letter}{k - 1}\n" for k in range(1, count + 1))


def nested(depth: int) -> str:
    """Counts within counts."""
    return "(" * depth + '"a" | "bb"' + ")~0..9" * depth


@pytest.mark.parametrize(
    ("text", "states", "longest"),
    [
        ("start: (A | B)~18\nA: /a/\nB: /b/", 19, "ab" * 9),
        ("start: (A | B)~0..40\nA: /a/\nB: /b/", 41, "ab" * 20),
        ("start: (A B?)~30\nA: /a/\nB: /b/", 61, "ab" * 30),
        (
            "start: " + " ".join(f'"{letter}"?' for letter in "abcdefghijklmnopqrstuv"),
            23,
            "abcdefghijklmnopqrstuv",
        ),
        (
            "start: " + " ".join(f'["{letter}"]' for letter in "abcdefghijklmnopqrstuv"),
            23,
            "abcdefghijklmnopqrstuv",
        ),
        ("start: " + "(" * 3 + '"a"' + ")~0..9" * 3, 730, "a" * 729),
        ("start: X\nX: " + "(" * 3 + '"a"' + ")~0..9" * 3, 730, "a" * 729),
        ("start: A9\nA0: /a/\n" + doubled("A", 9), 513, "a" * 512),
        ("start: a9\na0: /a/\n" + doubled("a"), 513, "a" * 512),
        ("start: " + "x{" * 9 + '"a"' + "}" * 9 + "\nx{y}: y y", 513, "a" * 512),
    ],
)
def test_nothing_is_written_out(text: str, states: int, longest: str) -> None:
    constraint = cg.grammar(text)
    assert constraint.automaton.num_states == states
    assert constraint.matches(longest)
    assert not constraint.matches(longest + longest[-1])


def test_the_empty_text() -> None:
    for text in (
        'start: "" "a" | ""',
        'start: X\nX: "" | "a"',
        'start: ("" | "a") ""i',
        'start: ""~3 ["a" ""]',
    ):
        assert matched(cg.grammar(text), "ab", 2) == {"", "a"}
    assert cg.grammar('start: "a" X\nX: ""').matches("a")


def test_options_that_collide() -> None:
    """Lark refuses them because two trees are one; the texts are plain."""
    text = "start: [A] B? [A]\nA: /a/\nB: /b/"
    assert derived(text, "ab") is None
    assert matched(cg.grammar(text), "ab", 4) == {"", "a", "b", "aa", "ab", "ba", "aba"}


# -- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        ('start: "a" one\n', InvalidConstraint, "line 1, column 12"),
        ('start: "a" start', Unsatisfiable, "line 1, column 1"),
        ('start: "a"\nstart2: "b" other', InvalidConstraint, "line 2, column 13"),
        ('start: "a" | one\none: "b" one', InvalidConstraint, "line 2, column 1"),
        ('start: ("a" "b"\n', InvalidConstraint, "line 1, column 16"),
        ("%declare X\nstart: X", UnsupportedConstraint, "line 1, column 1"),
        ('start: Y\n%declare X\nY: X "a"', UnsupportedConstraint, "line 2, column 1"),
        ('start: ("a" | "cb".."d")', InvalidConstraint, "line 1, column 15"),
        ('start: ("a" | "d".."b")', InvalidConstraint, "line 1, column 15"),
        ("start{x}: x", InvalidConstraint, "line 1, column 1"),
        ("start: x\nx{y}: y", InvalidConstraint, "line 2, column 1"),
        ("start: x{z}\nx{y}: y\nz{w}: w", InvalidConstraint, "line 3, column 1"),
        ('start: x{"a"}\nx{y}: y{"b"}', UnsupportedConstraint, "line 2, column 1"),
        ("%import common\nstart: INT", InvalidConstraint, "line 1, column 9"),
        ("%import .beside.thing\nstart: thing", UnsupportedConstraint, "line 1, column 9"),
        ("%import .beside (thing, other)\nstart: thing", UnsupportedConstraint, "line 1, column 9"),
        ("%import deep.down.thing\nstart: thing", InvalidConstraint, "line 1, column 9"),
        ("start: A24\nA0: /a/\n" + doubled("A"), ConstraintTooLarge, "line 16, column 1"),
        ("start: a24\na0: /a|bc/\n" + doubled("a"), ConstraintTooLarge, "line 18"),
        ("start: " + "(" * 24 + '"a"' + "){2,}" * 24, ConstraintTooLarge, "line 1"),
        ("start: X\nX: " + "(" * 24 + '"a"' + "){2,}" * 24, ConstraintTooLarge, "line 2, column 1"),
        ("start: " + nested(7), ConstraintTooLarge, "line 1"),
        ('start: "a"\nnever: "b" | "c"~2..1', InvalidConstraint, "line 2, column 18"),
        ('start: "a"\nnever: "ab".."c"', InvalidConstraint, "line 2, column 8"),
        ("%import nosuch.thing\nstart: thing", InvalidConstraint, "line 1, column 9"),
        ("%import json.nothing\nstart: nothing", InvalidConstraint, "line 2, column 8"),
        ('begin: "a"', InvalidConstraint, None),
        ("start: X\nX: /(a)\\1/", UnsupportedConstraint, "line 2, column 1"),
        ("start: /[/", InvalidConstraint, "line 1, column 8"),
        ('start: "a"~1..1000000', ConstraintTooLarge, "line 1"),
        ('start: "a"~3..1', InvalidConstraint, "line 1, column 12"),
        ('start: "a"\nstart: "b"', InvalidConstraint, "line 2, column 1"),
        ('start: x{"a"}\nx{y}: y x{x{y}} | "b"', ConstraintTooLarge, "line 2, column 12"),
        ("", InvalidConstraint, None),
        ("\n", InvalidConstraint, None),
    ],
)
def test_refused(text: str, kind: type[CanvasgenError], path: str | None) -> None:
    with pytest.raises(kind) as caught:
        cg.grammar(text)
    assert caught.value.path == path
    assert caught.value.rule is not None


def test_depth_without_a_text() -> None:
    with pytest.raises(ConstraintTooLarge, match="no text fits") as caught:
        cg.grammar('start: "(" one ")"\none: "[" start "]" | "x" two "x"\ntwo: "y" | two one', max_depth=-1)
    assert caught.value.remedy == "the least depth with a text is 0"
