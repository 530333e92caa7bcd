"""What a constraint shows, reads, places and relates is kept by every combinator.

Each facet has a part that has it, and a check on a whole; each combinator puts a part into a whole. The law is that
every combinator either keeps every facet or refuses the part loudly; `KEEPS_NOT` lists what is lost on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

import canvasgen as cg
from canvasgen.constraints import Constraint
from canvasgen.constraints.shown import Hole, Options, Shown
from canvasgen.errors import UnsupportedConstraint
from canvasgen.models.wording import instructions, plain_form


class Pet(BaseModel):
    """What the tests extract."""

    name: str
    legs: int


PET = '{"name": "Rex", "legs": 4}'
NOTE = "the lamp is 12 dollars"


def parts() -> dict[str, Constraint]:
    """By facet, a constraint that has it."""
    return {
        "schema": cg.json_schema(Pet),
        "form": cg.template("dear {who}, bye", who=cg.regex("[a-z]+")),
        "old text": cg.edit(NOTE, "12", int),
        "gap": cg.infill("x = ", ";", int),
        "options": cg.choice(["yes", "no"]),
        "pattern": cg.regex("[0-9]{4}"),
        "rule": cg.text() & cg.contains("please"),
        "instruction": cg.table(1, ["a", "b"], [1, 2], lambda grid: [cg.relations.all_different(grid.cells)]),
        "model": cg.sudoku("1..4\n..1.\n.1..\n2..1", unique=False),
    }


TEXTS = {
    "schema": PET,
    "form": "dear ann, bye",
    "old text": "the lamp is 15 dollars",
    "gap": "x = 7;",
    "options": "yes",
    "pattern": "1999",
    "rule": "come please",
    "instruction": "| a | b |\n|---|---|\n| 1 | 2 |",
    "model": "1324\n4213\n3142\n2431",
}
VALUES: dict[str, Any] = {"schema": Pet(name="Rex", legs=4), "gap": 7, "options": "yes"}

TOLD = {
    "schema": ["JSON Schema", '"legs"'],
    "form": ["dear {who}, bye", "[a-z]+"],
    "old text": ["the lamp is {12} dollars", '"integer"'],
    "gap": ["x = ", '"integer"'],
    "options": ["yes\nno"],
    "pattern": ["[0-9]{4}"],
    "rule": ["'please'"],
    "instruction": ["every ? in it", "| a | b |"],
    "model": ["Solve this Sudoku", "1..4\n..1."],
}

Combinator = Callable[[Constraint], Constraint]
COMBINATORS: dict[str, tuple[Combinator, Callable[[str], str]]] = {
    "+ behind": (lambda part: part + "\n", lambda text: text + "\n"),
    "+ before": (lambda part: "\n" + part, lambda text: "\n" + text),
    "thought + ": (lambda part: cg.text(until="#") + part, lambda text: "hm#" + text),
    "|": (lambda part: part | cg.literal("nothing at all"), lambda text: text),
    "| reversed": (lambda part: cg.literal("nothing at all") | part, lambda text: text),
    "& text": (lambda part: part & cg.excludes(["never this"]), lambda text: text),
    "& reversed": (lambda part: cg.excludes(["never this"]) & part, lambda text: text),
    "optional": (cg.optional, lambda text: text),
    "repeat": (lambda part: cg.repeat(part, 1, 2, separator="//"), lambda text: f"{text}//{text}"),
    "template": (lambda part: cg.template("<{it}>", it=part), lambda text: f"<{text}>"),
    "infill": (lambda part: cg.infill("<", ">", part), lambda text: f"<{text}>"),
    "edit": (lambda part: cg.edit("a b c", "b", part), lambda text: f"a {text} c"),
}

REFUSED = {
    (facet, how) for facet in ("instruction", "model") for how in ("|", "| reversed", "optional", "repeat")
}
"""Tables with relations do not stand where their cells could occur twice or not at all."""


def combined(facet: str, how: str) -> Constraint:
    return COMBINATORS[how][0](parts()[facet])


PAIRS = [(facet, how) for facet in TEXTS for how in COMBINATORS if (facet, how) not in REFUSED]


@pytest.mark.parametrize(("facet", "how"), sorted(REFUSED))
def test_what_cannot_be_kept_is_refused(facet: str, how: str) -> None:
    with pytest.raises(UnsupportedConstraint, match="cannot stand under"):
        combined(facet, how)


@pytest.mark.parametrize("facet", TEXTS)
def test_the_parts_have_their_facets(facet: str) -> None:
    told = instructions(parts()[facet].shown)
    assert told is not None
    assert all(words in told for words in TOLD[facet])
    assert parts()[facet].matches(TEXTS[facet])


@pytest.mark.parametrize(("facet", "how"), PAIRS)
def test_a_model_is_told(facet: str, how: str) -> None:
    told = instructions(combined(facet, how).shown)
    assert told is not None
    for words in TOLD[facet]:
        assert words in told, f"{words!r} is not in {told!r}"


@pytest.mark.parametrize(("facet", "how"), PAIRS)
def test_the_text_belongs_and_is_read(facet: str, how: str) -> None:
    whole = combined(facet, how)
    text = COMBINATORS[how][1](TEXTS[facet])
    assert whole.matches(text)
    value = whole.parse(text)
    if facet in VALUES and how != "edit":
        wanted = VALUES[facet]
        assert value == ([wanted] * 2 if how == "repeat" else {"it": wanted} if how == "template" else wanted)


@pytest.mark.parametrize("how", [how for how in COMBINATORS if how not in ("repeat", "edit")])
@pytest.mark.parametrize("facet", ["old text", "gap"])
def test_the_canvas_starts_from_the_text(facet: str, how: str) -> None:
    canvas = combined(facet, how).shown.canvas
    old = {"old text": "12", "gap": ""}[facet]
    assert any(isinstance(piece, Hole) and piece.old == old for piece in canvas)
    before = {"old text": "the lamp is ", "gap": "x = "}[facet]
    assert any(isinstance(piece, str) and piece.endswith(before) for piece in canvas)


@pytest.mark.parametrize("how", ["schema", "form", "options", "pattern", "rule"])
def test_other_canvases_start_from_noise(how: str) -> None:
    assert parts()[how].shown.canvas == ()


@pytest.mark.parametrize("how", ["+ behind", "+ before", "& text", "& reversed"])
def test_the_model_that_was_trained_for_it(how: str) -> None:
    trained = combined("model", how).shown.trained
    assert trained is not None
    assert trained.model == "sudoku"


def test_the_model_cannot_write_what_stands_around() -> None:
    assert combined("model", "template").shown.trained is None
    newline = cg.template("{it}\n", it=parts()["model"])
    assert newline.shown.trained == parts()["model"].shown.trained


@pytest.mark.parametrize("how", [how for how in COMBINATORS if ("instruction", how) not in REFUSED])
def test_cells_are_kept(how: str) -> None:
    whole = combined("instruction", how)
    cells = whole.cells
    assert cells is not None
    table = cells.table
    one = cells.narrowed(table.root & [[True, False], [False, True]])
    from canvasgen.automata import to_dfa

    text = COMBINATORS[how][1](TEXTS["instruction"])
    other = COMBINATORS[how][1](TEXTS["instruction"].replace("1 | 2", "2 | 1"))
    assert to_dfa(one).accepts(text.encode())
    assert whole.matches(other)
    assert not to_dfa(one).accepts(other.encode())
    assert to_dfa(cells.marked).accepts(
        text.replace(" 1 ", " 1 ")
        .encode()
        .replace(b" 1 |", b"\xff 1\xff |")
        .replace(b" 2 |", b"\xff 2\xff |")
    )


@pytest.mark.parametrize("how", [how for how in COMBINATORS if how not in ("edit",)])
def test_options_are_kept(how: str) -> None:
    """The probability of a choice is asked for wherever it stands, as the language of the texts that have it."""
    from canvasgen.automata import to_dfa

    whole = combined("options", how)
    text = COMBINATORS[how][1]("yes")
    fields = whole.options(text)
    assert fields
    for options in fields.values():
        assert set(options) == {"yes", "no"}
        assert to_dfa(options["yes"]).accepts(text.encode())
        assert not to_dfa(options["no"]).accepts(text.encode())


def test_positions_are_kept_or_refused() -> None:
    at = cg.fixed({0: "a"})
    assert (cg.regex("[a-c]+") & at).placed.places == at.placed.places
    thought = cg.text(until="#", max_tokens=5)
    assert (thought + cg.json_schema(Pet)).placed.places == thought.placed.places
    for how in ("+ before", "|", "optional", "repeat", "template"):
        with pytest.raises(UnsupportedConstraint):
            COMBINATORS[how][0](at)


def test_nothing_is_told_of_what_nobody_knows() -> None:
    for unknown in (cg.text(), ~cg.contains("x"), cg.text() + cg.text(), cg.optional(cg.text())):
        assert instructions(unknown.shown) is None
        assert plain_form(unknown.shown) is None


def test_the_plain_form_is_a_part_of_the_language() -> None:
    pet = cg.json_schema(Pet)
    assert plain_form(pet.shown) == "{name:str, legs:int}"
    assert plain_form((cg.text(until="#") + pet).shown) == "{}#{name:str, legs:int}"
    assert plain_form((cg.literal("A: ") + pet).shown) == "A: {name:str, legs:int}"
    assert plain_form(cg.template("{it} of {n}", it=pet, n=int).shown) == "{name:str, legs:int} of {n}"
    assert plain_form(parts()["old text"].shown) == "the lamp is {} dollars"
    assert plain_form(("id " + cg.regex("[a-z]") + cg.optional("!")).shown) == "id {}"
    assert plain_form(cg.choice(["a", "b"]).shown) == "a|b"
    assert plain_form(cg.regex(r"\d+").shown) == r"/\d+/"
    assert plain_form((cg.regex(r"\d+") & cg.span_of("7 and 8")).shown) == r"/\d+/"
    assert plain_form(cg.regex("a" * 200).shown) is None


def test_alternatives_are_listed_once() -> None:
    shown = (cg.choice(["a", "b"]) | "c" | cg.regex("[0-9]")).shown
    assert [kind for hole in shown.holes for kind in hole.holds if isinstance(kind, Options)] == [
        Options(("a", "b", "c"))
    ]


def test_a_rule_of_a_part_is_none_of_a_longer_text() -> None:
    part = cg.text() & cg.excludes(["x"])
    assert "does not contain" in (instructions(part.shown) or "")
    assert instructions((part + "x").shown) == instructions((cg.text() + "x").shown)


def test_optional_and_repeat_have_values() -> None:
    pet = cg.json_schema(Pet)
    assert cg.optional(pet).parse("") is None
    assert cg.optional(pet).parse(PET) == Pet(name="Rex", legs=4)
    assert cg.repeat(pet, 0, 3, separator=", ").parse(f"{PET}, {PET}") == [Pet(name="Rex", legs=4)] * 2
    assert cg.repeat(pet).parse("") == []
    assert cg.repeat(cg.regex("a|aa"), 1, 3).parse("aaaa") == "aaaa"


def test_an_empty_shown_adds_nothing() -> None:
    for part in parts().values():
        assert Shown() + part.shown == part.shown
        assert part.shown + Shown() == part.shown
