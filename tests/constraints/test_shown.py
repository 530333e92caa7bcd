"""What combinations show: nothing is lost, repeated or claimed that does not hold."""

from __future__ import annotations

import canvasgen as cg
from canvasgen.constraints.shown import Hole, Json, Options, Rule, Shown
from canvasgen.models.wording import instructions, plain_form

NUMBER = {"type": "integer"}


def prompt(constraint: cg.Constraint) -> str:
    return instructions(constraint.shown) or ""


def test_an_alternative_of_which_only_the_name_is_known_is_listed() -> None:
    either = cg.template("{city}", city=cg.text()) | "none"
    assert "{city}" in prompt(either)
    assert "none" in prompt(either)


def test_a_named_hole_alone_keeps_its_name() -> None:
    assert "{city}" in prompt(cg.template("{city}", city=cg.text()))


def test_what_is_shown_twice_is_listed_once() -> None:
    either = cg.choice(["a", "b"]) | cg.choice(["b", "c"])
    assert either.shown.holes[0].holds == (Options(("a", "b", "c")),)
    json = cg.json_schema(NUMBER)
    assert len((json | "x" | cg.json_schema(NUMBER)).shown.holes[0].holds) == 2
    rules = (cg.contains("x") & cg.contains("x")).shown.rules
    assert rules == (Rule("It contains 'x'."),)


def test_schemas_that_python_takes_for_equal_are_both_shown() -> None:
    one, true = Shown((Hole(holds=(Json({"const": 1}),)),)), Shown((Hole(holds=(Json({"const": True}),)),))
    assert len((one | true).holes[0].holds) == 2


def test_repetitions_of_fixed_text() -> None:
    fixed = cg.literal("ab")
    assert cg.repeat(fixed, 1, 1).shown == fixed.shown
    assert cg.repeat(fixed, 0, 0).shown == Shown()
    assert "0 to 1 times" in prompt(cg.optional(fixed))
    assert "2 times" in prompt(cg.repeat(fixed, 2, 2))


def test_a_model_cannot_write_every_separator() -> None:
    sudoku = cg.sudoku("1..4\n..1.\n.1..\n2..1", unique=False, mode="model")
    assert sudoku.shown.trained is not None
    assert cg.repeat(sudoku, 1, 2, separator="//").shown.trained is None
    assert cg.repeat(sudoku, 1, 2, separator="\n").shown.trained == sudoku.shown.trained


def test_the_old_text_of_a_span_comes_before_what_its_constraint_starts_from() -> None:
    inner = cg.infill("x = ", ";", int)
    canvas = cg.edit("a 12 b", "12", inner, strength=0.5).shown.canvas
    assert [piece.old for piece in canvas if isinstance(piece, Hole)] == ["12"]


def test_holes_of_one_name_in_different_templates_are_told_apart() -> None:
    whole = cg.template(
        "{a} and {b}",
        a=cg.template("[{x}]", x=cg.regex("[0-9]+")),
        b=cg.template("({x})", x=cg.regex("[a-z]+")),
    )
    text = prompt(whole)
    assert "[{x}] and ({x 2})" in text
    assert "{x}: text that this regular expression matches:\n[0-9]+" in text
    assert "{x 2}: text that this regular expression matches:\n[a-z]+" in text
    twice = cg.template("{x} {x}", x=cg.regex("[a-z]"))
    assert "{x} {x}" in prompt(twice)


def test_the_plain_form_keeps_a_place_for_unknown_text() -> None:
    assert plain_form(("id " + cg.text() + cg.text() + "!").shown) == "id {}!"
    assert plain_form(("{}{} " + cg.regex("[a-z]")).shown) == "{}{} {}"


def test_an_empty_literal_in_a_hole() -> None:
    assert cg.template("<{x}>", x="").shown.holes == (Hole("x", (Options(("",)),)),)
