"""`ends` of every combinator against `matches` on every part of a text, with validators and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import canvasgen as cg
from canvasgen.constraints import Constraint

PET = {
    "properties": {"n": {"type": "integer"}, "m": {"type": "boolean"}},
    "required": ["n"],
    "additionalProperties": False,
}
TEXTS = [
    '{"m": true, "n": 1}',
    '{"n":2}!{"n":3}!!',
    'x{"n": 1.0 , "m":false}x',
    "xx!x",
    "",
    'é{"n":1}\ud800!',
]
PARTS: dict[str, Callable[[], Constraint]] = {
    "json": lambda: cg.json_schema(PET),
    "plain": lambda: cg.regex("x|x!?x"),
}
COMBINATORS: dict[str, Callable[[Constraint], Constraint]] = {
    "+": lambda part: part + "!",
    "|": lambda part: part | cg.regex("x+"),
    "&": lambda part: part & cg.excludes("f"),
    "~": lambda part: ~part,
    "optional": cg.optional,
    "repeat": lambda part: cg.repeat(part, 1, 3, separator="!"),
    "repeat without bounds": lambda part: cg.repeat(part + "!" | part),
    "template": lambda part: cg.template("x{a}{b}x", a=part, b=cg.text()),
    "hole twice": lambda part: cg.template("{a}!{a}", a=part),
    "infill": lambda part: cg.infill("", "!", part),
}


@pytest.mark.parametrize("how", COMBINATORS)
@pytest.mark.parametrize("part", PARTS)
def test_ends_are_those_of_the_texts_that_match(part: str, how: str) -> None:
    whole = COMBINATORS[how](PARTS[part]())
    for text in TEXTS:
        for start in range(len(text) + 1):
            matching = [stop for stop in range(start, len(text) + 1) if whole.matches(text[start:stop])]
            assert whole.ends(text, start) == matching, (text, start)


@pytest.mark.parametrize(
    "how", [how for how in COMBINATORS if how not in ("~", "template", "hole twice", "infill")]
)
def test_another_spelling_of_a_number_matches_inside_of_a_longer_text(how: str) -> None:
    spelled = '{"n": 1.0}'
    inner = COMBINATORS[how](PARTS["json"]())
    text = spelled + "!" if how == "+" else spelled
    assert inner.matches(text)
    assert (inner + "?").matches(text + "?")


def test_a_template_of_many_free_holes_is_read_in_reasonable_time() -> None:
    holes = {f"h{number}": cg.text() for number in range(8)}
    whole = cg.template(
        " ".join(f"{{{name}}}" for name in holes) + " {j} end", j={"type": "integer"}, **holes
    )
    words = " ".join("abcdefghijklmnopqrst")
    assert not whole.matches(f"{words} x end {words}")
    assert whole.matches(f"{words} 7 end")
    assert len(whole.ends(f"{words} 7 end {words} 8 end", 0)) == 2
