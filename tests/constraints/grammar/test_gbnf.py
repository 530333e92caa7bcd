"""GBNF, against the same rules in Lark's dialect."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.errors import (
    CanvasgenError,
    ConstraintTooLarge,
    InvalidConstraint,
    Unsatisfiable,
    UnsupportedConstraint,
)

Pair = tuple[str, str]
"""An item in GBNF and in Lark's dialect."""

leaves = st.sampled_from(
    [
        ('"a"', '"a"'),
        ('"\\x62c"', '"bc"'),
        ('""', '""'),
        ("[a-c]", "/[a-c]/"),
        ("[^a\\n]", "/[^a\\n]/"),
        (".", "/[\\s\\S]/"),
        ("one", "one"),
        ("two-b", "two"),
    ]
)
counts = st.sampled_from(
    [("", ""), ("?", "?"), ("*", "*"), ("+", "+"), ("{2}", "~2"), ("{1,2}", "~1..2"), ("{2,}", "{2,}")]
)


def in_a_row(pairs: list[Pair], between: str) -> Pair:
    return between.join(each for each, _ in pairs), between.join(each for _, each in pairs)


def grouped(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.builds(
        lambda pairs, between, count: tuple(
            f"({text}){after}" for text, after in zip(in_a_row(pairs, between), count, strict=True)
        ),
        several,
        st.sampled_from([" ", " | ", "\n  | "]),
        counts,
    )


bodies = st.recursive(leaves, grouped, max_leaves=5)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(bodies, bodies, bodies)
def test_as_in_larks_dialect(first: Pair, second: Pair, third: Pair) -> None:
    rows = (("root", "root", first), ("one", "one", second), ("two-b", "two", third))
    gbnf = "# rules\n" + "".join(f"{name} ::= {body}  # a rule\n" for name, _, (body, _) in rows)
    lark = "".join(f"{name}: {body}\n" for _, name, (_, body) in rows)
    try:
        expected = cg.grammar(lark, "root", max_depth=2)
    except (InvalidConstraint, ConstraintTooLarge, Unsatisfiable) as error:
        with pytest.raises(type(error)):
            cg.grammar(gbnf, max_depth=2)
        assume(False)
        raise
    assert cg.grammar(gbnf, max_depth=2).automaton == expected.automaton


JSON = r"""
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::=
  "{" ws (
            string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws
array  ::= "[" ws ( value ("," ws value)* )? "]" ws
string ::=
  "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
  )* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
ws ::= | " " | "\n" [ \t]{0,20}
"""


@pytest.mark.slow
def test_the_grammar_of_json_that_llama_cpp_ships(tmp_path: Path) -> None:
    file = tmp_path / "json.gbnf"
    file.write_text(JSON, encoding="utf-8")
    for constraint in (cg.grammar(JSON), cg.grammar(file), cg.grammar(JSON, "root")):
        assert constraint.depth >= 3
        for text in ('{"a": [1, -2.5e3, "x\\n"], "b": {}}', "{}", '{"é": "\\u00e9"}'):
            assert constraint.matches(text), text
        for text in ("[1]", '{"a":}', '{"a": 01}', "{'a': 1}"):
            assert not constraint.matches(text), text
    assert cg.grammar(JSON, "array").matches('[1, "a"]')
    assert "'root' is never used" in str(cg.grammar(JSON, "array").explain())


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        ('root ::= "a" foo', InvalidConstraint, "line 1, column 14"),
        ('root ::= ("a"', InvalidConstraint, "line 1, column 10"),
        ('root ::= "a")', InvalidConstraint, "line 1, column 13"),
        ("root ::= *", InvalidConstraint, "line 1, column 10"),
        ("root ::= <think>", UnsupportedConstraint, "line 1, column 10"),
        ("<root> ::= <x>", InvalidConstraint, "line 1, column 1"),
        ('root ::= "a"\nroot ::= "b"', InvalidConstraint, "line 2, column 1"),
        ('root ::= root "a"', Unsatisfiable, "line 1, column 1"),
        ('root ::= "a" | x\nx ::= x "b"', InvalidConstraint, "line 2, column 1"),
        ("root ::= [z-a]", InvalidConstraint, "line 1, column 10"),
        ("root ::= []", InvalidConstraint, "line 1, column 10"),
        ('root ::= "a"{3,2}', InvalidConstraint, "line 1, column 13"),
        ('root ::= "a"{}', InvalidConstraint, "line 1, column 13"),
        ('root ::= (= "a")', UnsupportedConstraint, "line 1, column 10"),
        ('root ::= "\\q"', InvalidConstraint, "line 1, column 10"),
        ('root ::= "\\UFFFFFFFF"', InvalidConstraint, "line 1, column 10"),
        ('root ::= "a"\nstart: "b"', InvalidConstraint, "line 2, column 6"),
        ('one ::= "a"', InvalidConstraint, None),
        ("root ::= " + "(" * 5000 + '"a"' + ")" * 5000, ConstraintTooLarge, "line 1, column 5009"),
        ('root ::= ("a" | "bb")' + "{0,9}" * 7, ConstraintTooLarge, "line 1"),
    ],
)
def test_refused(text: str, kind: type[CanvasgenError], path: str | None) -> None:
    with pytest.raises(kind) as caught:
        cg.grammar(text)
    assert caught.value.path == path
    assert caught.value.rule is not None
