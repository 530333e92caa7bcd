"""Where ignored terminals end: Lark's parsers are the judges, on every text over a small alphabet."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lark import Lark, UnexpectedInput
from lark.exceptions import LarkError

import canvasgen as cg


def accepts(parser: Lark, text: str) -> bool:
    try:
        parser.parse(text)
    except UnexpectedInput:
        return False
    except RuntimeError as error:  # Lark 1.3.1 finds two derivations of the start rule and asks for a report
        assert "multiple start symbol" in str(error)  # noqa: PT017
    return True


def texts(alphabet: str, longest: int) -> list[str]:
    return ["".join(letters) for n in range(longest + 1) for letters in product(alphabet, repeat=n)]


PATTERNS = (
    "c+",
    "c",
    "cc?",
    "c[^a]*",
    "c[ab]*?c",
    "c|cb",
    "cb|c",
    "c.*",
    "b+",
    "(?:ca)+",
    "c??b",
    "[bc]+",
    "cb*",
)
symbols = st.sampled_from(['"a"', '"b"', '"ab"', '"ca"', "/a+/", "/b|c/", '"cb"', "/a(?!b)/"])
items = st.recursive(
    symbols,
    lambda inner: st.one_of(
        st.builds(
            "({}){}".format,
            st.lists(inner, min_size=1, max_size=2).map(" ".join),
            st.sampled_from(["", "?", "*"]),
        ),
        st.builds("({} | {})".format, inner, inner),
    ),
    max_leaves=3,
)
grammars = st.builds(
    "start: {}\n{}".format,
    st.lists(items, min_size=1, max_size=3).map(" ".join),
    st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2, unique=True).map(
        lambda chosen: "".join(f"%ignore /{each}/\n" for each in chosen)
    ),
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(grammars)
def test_as_earley_and_no_narrower_than_lalr(text: str) -> None:
    try:
        earley = Lark(text, parser="earley", lexer="dynamic_complete")
    except LarkError:
        assume(False)
    try:
        lalr = Lark(text, parser="lalr")
    except LarkError:
        lalr = None
    constraint = cg.grammar(text)
    for each in texts("abc", 4):
        if "(?!" not in text:  # `dynamic_complete` forgets what stands behind a shorter match
            assert constraint.matches(each) == accepts(earley, each), each
        if lalr is not None and accepts(lalr, each):
            assert constraint.matches(each), each


COMMENTS = 'start: "a" ";"\n%ignore /\\/\\/[^\\n]*/\n%ignore "\\n"'


@pytest.mark.parametrize(
    ("parser", "lexer"), [("earley", "dynamic"), ("earley", "basic"), ("lalr", "contextual")]
)
def test_a_comment_takes_its_line(parser: str, lexer: str) -> None:
    constraint = cg.grammar(COMMENTS)
    judge = Lark(COMMENTS, parser=parser, lexer=lexer)
    for text in ("a;", "a//;", "a//\n;", "a;//", "//a\na;//;", "a//;\n", "//\n//\na;"):
        assert constraint.matches(text) == accepts(judge, text), text
    assert not constraint.matches("a//;")


def test_cheap_where_it_may_be() -> None:
    """Runs of blanks need no marks: nothing that goes on with them begins a terminal."""
    for ignored in (
        "%ignore / +/",
        '%ignore " "',
        "%import common.WS\n%ignore WS",
        '%ignore / +/\n%ignore "\\n"',
    ):
        assert cg.grammar(f'start: "a" /b+/\n{ignored}').rules.marks.wrong == {}
    for ignored in ("%ignore /cb*/", "%ignore /cc?/", "%ignore / +/\n%ignore /[ \\n]+/"):
        assert cg.grammar(f'start: "a" /[ b]+/\n{ignored}').rules.marks.wrong != {}


def test_it_is_said_where_it_is_not_told() -> None:
    for pattern in ("c+(?=a)", "(c?)+"):
        notes = [str(note) for note in cg.grammar(f'start: "a" "b"\n%ignore /{pattern}/').explain()]
        assert any("may end wherever" in note for note in notes), pattern


def test_a_look_that_the_grammar_decides_needs_no_mark() -> None:
    """A name is followed by no letter, so that it is no keyword is a matter of its own texts."""
    name = "NAME: /(?!if(?![a-z]))[a-z]+/"
    for text, free in (
        (f'start: NAME ("," NAME)*\n{name}', True),
        (f'start: NAME ("," NAME)*\n{name}\n%ignore " "', True),
        (f'start: NAME ("," NAME)*\n{name}\n%ignore /x/', False),
        (f'start: NAME ["f"]\n{name}', False),
        (f'start: one "."\none: NAME | NAME one\n{name}', False),
    ):
        constraint = cg.grammar(text)
        assert (constraint.rules.marks.wrong == {}) == free, text
        judge = Lark(text, parser="earley", lexer="dynamic")
        for each in texts("if,.", 4):
            assert constraint.matches(each) or not accepts(judge, each), (text, each)
            if free:
                assert constraint.matches(each) == accepts(judge, each), (text, each)
