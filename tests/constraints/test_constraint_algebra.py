"""The algebra of constraints: sets of texts by brute force, and what parse, validate and explain say."""

from __future__ import annotations

import enum
import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.constraints import Constraint, choice, json_schema, literal, optional, regex, repeat, text
from canvasgen.errors import InvalidConstraint, Unsatisfiable, UnsupportedConstraint, ValidationFailed

TEXTS = ["".join(letters) for length in range(5) for letters in product("ab", repeat=length)]


def language(constraint: Constraint) -> set[str]:
    return {candidate for candidate in TEXTS if constraint.matches(candidate)}


ATOMS = st.sampled_from(["a", "b", "ab", "a*", "(a|b)b", "", "b+a?", "aa|b"])


def build(inner: st.SearchStrategy[tuple[Constraint, str]]) -> st.SearchStrategy[tuple[Constraint, str]]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: (p[0][0] + p[1][0], f"(?:{p[0][1]})(?:{p[1][1]})")),
        pair.map(lambda p: (p[0][0] | p[1][0], f"(?:{p[0][1]})|(?:{p[1][1]})")),
        inner.map(lambda p: (optional(p[0]), f"(?:{p[1]})?")),
        inner.map(lambda p: (repeat(p[0], 1, 2), f"(?:{p[1]}){{1,2}}")),
    )


PAIRS = st.recursive(ATOMS.map(lambda p: (regex(p), p)), build, max_leaves=4)


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_regular_operations(pair: tuple[Constraint, str]) -> None:
    assert language(pair[0]) == {candidate for candidate in TEXTS if re.fullmatch(pair[1], candidate)}


@settings(max_examples=40, deadline=None)
@given(PAIRS, PAIRS)
def test_boolean_operations(first: tuple[Constraint, str], second: tuple[Constraint, str]) -> None:
    a, b = language(first[0]), language(second[0])
    assert language(first[0] & second[0]) == a & b
    assert language(first[0] | second[0]) == a | b
    assert language(~first[0]) == set(TEXTS) - a
    assert language(~(first[0] | second[0])) == language(~first[0] & ~second[0])


def test_strings_stand_for_literals() -> None:
    assert ("Name: " + regex("[A-Z][a-z]+") + "!").matches("Name: Alice!")
    assert ("yes" | literal("no")).matches("no")
    assert ("yes" & literal("yes")).matches("yes")
    with pytest.raises(TypeError):
        literal("a") + 3  # type: ignore[operator]


def test_validators_take_part() -> None:
    unique = json_schema({"type": "array", "items": {"type": "integer"}, "uniqueItems": True})
    both = "Answer: " + unique
    assert both.matches("Answer: [1, 2]")
    assert not both.matches("Answer: [1, 1]")
    two = repeat(unique, 2, 2, separator=";")
    assert two.matches("[1];[1]")
    assert not two.matches("[1];[1, 1]")
    assert not two.matches("[1]")
    either = unique | literal("[1, 1]")
    assert either.parse("[2]") == [2]
    assert either.parse("[1, 1]") == "[1, 1]"
    with pytest.raises(ValidationFailed):
        either.parse("nothing")
    assert not (unique & text()).matches("[1, 1]")
    assert (unique & text()).parse("[1]") == [1]
    assert (unique & text()).shown.schema == unique.shown.schema
    assert not (~unique).matches("[1]")
    assert (~unique).matches("[1")
    assert any("uniqueItems" in str(note) for note in both.explain())
    assert repeat(unique, 0, 3).matches("[1][1]")
    assert not repeat(unique, 0, 3).matches("[1][1, 1]")


def test_repeat() -> None:
    assert repeat("ab", 2).matches("ababab")
    assert not repeat("ab", 2).matches("ab")
    assert repeat("a", 0, 2, separator=",").matches("a,a")
    assert not repeat("a", 0, 2, separator=",").matches("a,a,a")
    for low, high in ((-1, None), (3, 2), (True, None), (1, "2")):
        with pytest.raises(InvalidConstraint):
            repeat("a", low, high)  # type: ignore[arg-type]
    with pytest.raises(InvalidConstraint):
        optional(3)  # type: ignore[arg-type]


def test_choice() -> None:
    class Size(enum.Enum):
        SMALL = "small"
        LARGE = "large"

    assert choice(["yes", "no"]).parse("no") == "no"
    assert choice([1, 2.5, None]).parse("2.5") == 2.5
    assert choice(Size).parse("small") is Size.SMALL
    assert choice({"ja": True, "nein": False}).parse("nein") is False
    assert not choice(["yes", "no"]).matches("yesno")
    for items in ([], "yes", 3, ["a", "a"], [1, "1"], ["\ud800"], {1: 2}):
        with pytest.raises(InvalidConstraint):
            choice(items)  # type: ignore[arg-type]
    with pytest.raises(ValidationFailed):
        choice(["a"]).parse("b")


def test_text() -> None:
    assert text().matches("any text,\n\tüé😀 at all")
    assert not text(lines=False).matches("a\nb")
    assert text(2, 3).matches("é😀")
    assert not text(2, 3).matches("abcd")
    assert not text(without=["END"]).matches("the END.")
    assert text(without="END").matches("the EN D.")
    assert not text().matches("\x00")
    assert not text().matches(b"\xff")
    for arguments in ((-1,), (3, 2), ("1",)):
        with pytest.raises(InvalidConstraint):
            text(*arguments)  # type: ignore[arg-type]
    with pytest.raises(InvalidConstraint):
        text(without=[""])


def test_regex_and_literal_check_their_input() -> None:
    assert regex("[A-Z]", re.IGNORECASE).matches("a")
    assert regex(r"\d", dialect="ecma").matches("3")
    with pytest.raises(InvalidConstraint):
        regex("(")
    with pytest.raises(UnsupportedConstraint):
        regex(r"(a)\1")
    with pytest.raises(InvalidConstraint):
        regex("a", dialect="perl")
    with pytest.raises(InvalidConstraint):
        regex(3)  # type: ignore[arg-type]
    with pytest.raises(InvalidConstraint):
        literal("\ud800")


def test_equal_languages_have_equal_automata() -> None:
    assert regex("a|b").automaton == choice(["b", "a"]).automaton
    assert regex("a|b").automaton != regex("a|c").automaton


def test_compiling() -> None:
    from canvasgen.vocabulary import Vocabulary

    vocabulary = Vocabulary([b"a", b"b", b"ab", None], end_ids=[3])
    compiled = regex("(ab)+").compile(vocabulary)
    assert compiled.accepts([2, 0, 1, 3])
    assert not compiled.accepts([0, 3])
    assert compiled.shortest_tokens == 1
    assert compiled.num_states > 0
    assert compiled.num_edges > 0
    assert compiled.num_classes > 0
    with pytest.raises(Unsatisfiable):
        (literal("a") & literal("b")).compile(vocabulary)


def test_conditioning() -> None:
    import numpy as np

    from canvasgen.vocabulary import Vocabulary

    vocabulary = Vocabulary([b"a", b"b", None], end_ids=[2])
    posterior = regex("a{1,2}").compile(vocabulary).condition(np.zeros((3, 3), dtype=np.float32))
    assert posterior.log_partition == pytest.approx(np.log(1 / 9 + 1 / 27))
    assert list(posterior.best[:2]) == [0, 2]


DEEP = "[" * 12 + "1" + "]" * 12


def test_combinations_take_what_their_parts_take_beyond_their_automata() -> None:
    """A schema accepts more than it generates; so do its combinations."""
    lists = json_schema(
        {"$defs": {"l": {"type": ["array", "integer"], "items": {"$ref": "#/$defs/l"}}}, "$ref": "#/$defs/l"}
    )
    small = json_schema({"type": "array", "maxItems": 3})
    assert lists.matches(DEEP)
    assert not lists.automaton.accepts(DEEP.encode())
    assert (lists | literal("x")).matches(DEEP)
    assert (lists & small).matches(DEEP)
    assert not (~lists).matches(DEEP)
    assert (~lists).matches(DEEP + "]")
    assert (~~lists).matches(DEEP)
    assert ("a" + lists + "b").matches(f"a{DEEP}b")
    assert not ("a" + lists + "b").matches(f"a{DEEP}]b")
    assert (lists + lists).matches(DEEP + "12")
    assert repeat(lists, 2, 3, separator=", ").matches(f"1, {DEEP}, [[2]]")
    assert not repeat(lists, 2, 3, separator=", ").matches(DEEP)
    assert (regex("[0-9]*") + json_schema({"type": "integer"}) + "0").matches("1200")


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["a", "ab", "aa", "aba"]), st.integers(0, 2), st.text("abc", max_size=8))
def test_text_until_its_mark(mark: str, low: int, content: str) -> None:
    first = content.find(mark)
    expected = first >= low and first + len(mark) == len(content)
    assert text(low, until=mark).matches(content) == expected


def test_text_until_with_other_limits() -> None:
    assert text(until="\n", lines=False).matches("ab\n")
    assert not text(until="\n", lines=False).matches("a\tb\n")
    assert not text(until=".", without=["x"]).matches("axb.")
    assert not text(0, 2, until=".").matches("abc.")
    with pytest.raises(InvalidConstraint, match="until"):
        text(until="")


def test_think_first_then_constrain() -> None:
    constraint = text(until="</think>") + json_schema(
        {"type": "object", "properties": {"n": {"type": "integer"}}}
    )
    whole = 'so {"n": 1}? No.</think>{"n": 2}'
    assert constraint.parse(whole) == {"n": 2}
    assert not constraint.matches('{"n": 2}')
    assert not constraint.matches('a</think>b</think>{"n": 2}')
    fenced = "Here it is:\n```json\n" + json_schema(int) + "\n```\n" + text()
    assert fenced.parse("Here it is:\n```json\n42\n```\nAnything else?") == 42
