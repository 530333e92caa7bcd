"""The languages of `options` against enumeration: an option's texts are those of the whole whose value has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import canvasgen as cg
from canvasgen.automata import DFA, to_dfa
from canvasgen.constraints import Constraint

Read = Callable[[Any], Any]


def letters() -> Constraint:
    return cg.choice({"a": 1, "b": 2, "cc": 3})


def item(number: int) -> Read:
    return lambda value: value[number] if len(value) > number else None


CASES: dict[str, tuple[Callable[[], Constraint], dict[str, Read]]] = {
    "choice": (letters, {"": lambda value: value}),
    "+": (lambda: cg.regex("x|yy") + letters() + cg.regex("z?"), {"": lambda value: value}),
    "|": (lambda: letters() | cg.literal("none"), {"": lambda value: value}),
    "| overlapping": (
        lambda: letters() | cg.choice({"b": 7, "cc": 8, "d": 9, "e": 10}),
        {"": lambda value: value},
    ),
    "| of the options of others": (
        lambda: ("<" + letters() + ">") | ("(" + letters() + ")"),
        {"": lambda value: value},
    ),
    "&": (lambda: letters() & cg.excludes("b"), {"": lambda value: value}),
    "& reversed": (lambda: cg.regex("[a-z]") & letters(), {"": lambda value: value}),
    "optional": (lambda: cg.optional(letters()), {"": lambda value: value}),
    "repeat": (
        lambda: cg.repeat(letters(), 1, 3, separator="-"),
        {f"[{number}]": item(number) for number in range(3)},
    ),
    "repeat without bounds": (
        lambda: cg.repeat(letters(), separator="-") & cg.text(max_length=6),
        {f"[{number}]": item(number) for number in range(3)},
    ),
    "template": (
        lambda: cg.template("<{x} {y}>", x=letters(), y=cg.choice(["u", "v"])),
        {"x": lambda value: value["x"], "y": lambda value: value["y"]},
    ),
    "template with a hole twice": (
        lambda: cg.template("<{x} {y} {x}>", x=letters(), y=cg.choice(["u", "v"])),
        {"x": lambda value: value["x"], "y": lambda value: value["y"]},
    ),
    "template with a list": (
        lambda: cg.template("<{x}>", x=cg.repeat(letters(), 0, 2, separator=",")),
        {f"x[{number}]": lambda value, number=number: item(number)(value["x"]) for number in range(2)},
    ),
    "template in a template": (
        lambda: cg.template("<{x}>", x=cg.template("{y}!", y=letters())),
        {"x.y": lambda value: value["x"]["y"]},
    ),
    "infill": (lambda: cg.infill("<", ">", letters()), {"": lambda value: value}),
    "edit": (
        lambda: cg.edit("some text", "text", letters()),
        {"": lambda value: {"a": 1, "b": 2, "cc": 3}[value.removeprefix("some ")]},
    ),
}


def texts_of(dfa: DFA) -> set[str]:
    assert dfa.is_finite
    return {text.decode() for text in dfa.enumerate(dfa.num_states)}


@pytest.mark.parametrize("case", CASES)
def test_an_options_texts_are_those_whose_value_has_it(case: str) -> None:
    build, fields = CASES[case]
    whole = build()
    texts = texts_of(whole.automaton)
    seen: set[str] = set()
    for text in texts:
        for field, options in whole.options(text).items():
            seen.add(field)
            read = fields[field]
            assert read(whole.parse(text)) in options
            for option, language in options.items():
                having = {other for other in texts if read(whole.parse(other)) == option}
                if case.startswith("| of the options"):
                    having = {other for other in having if other[0] == text[0]}  # of the same alternative
                if case == "| overlapping" and whole.options(text) != whole.options("a"):
                    having -= texts_of(letters().automaton)
                assert texts_of(to_dfa(language)) == having, (field, option)
    assert seen == set(fields)


def test_a_field_inside_of_a_hole() -> None:
    whole = cg.template("{x}", x={"properties": {"a.": {"enum": ["u", "v"]}}, "required": ["a."]})
    assert set(whole.options('{"a.": "u"}')) == {"x['a.']"}
