"""Whatever text a reader gets, it reads it or raises an error of ours that is whole and short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from confined import LONGEST_MESSAGE
from hypothesis import example, given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.errors import CanvasgenError

LIMITS = cg.Limits(max_states=5_000, max_seconds=1.0, max_bytes=50_000_000)

READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "regex": (
        lambda text: cg.regex(text, limits=LIMITS).automaton,
        r"ab01()[]{},*+?|^$.\\-=!<>:PpiuxdwsbBAZkN&~é" + "\ud800\n",
    ),
    "ecma": (
        lambda text: cg.regex(text, dialect="ecma", limits=LIMITS).automaton,
        r"ab01()[]{},*+?|^$.\\-=!<>:ucpkdwsbB/" + "\u2028",
    ),
    "grammar": (
        lambda text: cg.grammar("start: " + text, limits=LIMITS).automaton,
        'abAB01"/\\:|()[]{}~.,+*?!_->%&<$ \n=;#' + "é",
    ),
    "gbnf": (lambda text: cg.grammar("root ::= " + text, limits=LIMITS).automaton, 'ab01"\\[]()|*+?{},.^-:=#<> \n'),
    "template": (lambda text: cg.template(text, strict=False, limits=LIMITS).automaton, "ab{}{}!:.[]() \n" + "\udfff"),
    "schema": (
        lambda text: cg.json_schema(text, limits=LIMITS).automaton,
        '{}[]",:0123.eE-+ truefalsn\\/$#ypminItoqx',
    ),
    "sudoku": (lambda text: cg.sudoku(text, unique=False), "1234.0_x-|+ \n,[]"),
}  # fmt: skip

SCHEMAS = st.recursive(
    st.one_of(st.booleans(), st.integers(-2, 5), st.floats(), st.text(max_size=3), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["type", "enum", "const", "minimum", "multipleOf", "pattern", "items", "properties", "required", "allOf",
                 "oneOf", "not", "if", "then", "$ref", "$defs", "minItems", "maxLength", "additionalProperties", "a"]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)  # fmt: skip


def whole(error: CanvasgenError) -> bool:
    return bool(error.rule) and bool(error.remedy) and len(str(error)) <= LONGEST_MESSAGE


def lawful(call: Callable[[], Any]) -> None:
    try:
        call()
    except CanvasgenError as error:
        assert whole(error), repr(str(error))  # noqa: PT017 (either ending is right)


@pytest.mark.parametrize("reader", READERS)
def test_any_text(reader: str) -> None:
    read, alphabet = READERS[reader]

    @settings(max_examples=30, deadline=None)
    @given(st.text(st.sampled_from(alphabet), max_size=16))
    @example("")
    @example("(" * 300)
    @example("{" * 300)
    def holds(text: str) -> None:
        lawful(lambda: read(text))

    holds()


@settings(max_examples=50, deadline=None)
@given(SCHEMAS)
def test_any_schema(document: Any) -> None:
    lawful(lambda: cg.json_schema(document, limits=LIMITS).matches("1"))


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["prompt", "regex", "choice", "seed", "max_tokens", "temperature", "limits"]), SCHEMAS
    )
)
def test_any_fields_of_a_request(fields: dict[str, Any]) -> None:
    lawful(lambda: cg.Request(**fields).resolve())
