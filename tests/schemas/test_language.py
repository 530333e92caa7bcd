"""A schema as a language of texts, without a constraint around it."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from canvasgen.automata import DEFAULT_LIMITS, to_dfa
from canvasgen.errors import Unsatisfiable, ValidationFailed
from canvasgen.schemas import SchemaLanguage, Writing, load


def language_of(schema: object) -> SchemaLanguage:
    return SchemaLanguage(load(schema), DEFAULT_LIMITS, Writing("compact"))


LIST = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}


@pytest.mark.parametrize(
    ("text", "generated", "valid"),
    [
        ("[1,2]", True, True),
        ("[1,1]", True, False),
        ("[1.0]", False, True),
        ("[1, 2]", False, True),
        ('["a"]', False, False),
    ],
)
def test_what_is_generated_and_valid(text: str, generated: bool, valid: bool) -> None:
    language = language_of(LIST)
    assert to_dfa(language.expr).accepts(text.encode()) == generated
    assert language.matches(text) == valid
    if valid:
        language.validate(text)
    else:
        with pytest.raises(ValidationFailed):
            language.check(text)


def test_a_number_is_read_exactly() -> None:
    tenths = language_of({"multipleOf": 0.1})
    assert tenths.matches("0.30")
    with pytest.raises(ValidationFailed, match="not one of the schema") as failure:
        tenths.validate("0.30000000000000001")  # as doubles, the two are the same
    assert failure.value.rule == "value"


def test_the_end_of_a_value_in_a_longer_text() -> None:
    text = "x = [1,2], y"
    assert language_of(LIST).ends(text, 4) == [9]
    assert language_of(LIST).ends(text, 3) == [9]
    assert language_of(LIST).ends("[1,2]\r\n x", 0) == [5, 6, 7, 8]
    assert language_of({"type": "integer"}).ends("12.", 0) == [1, 2]


def test_the_options_of_a_choice_like_field() -> None:
    language = language_of({"properties": {"a": {"enum": ["x", "y"]}}, "required": ["a"], "type": "object"})
    ((name, narrowed),) = language.options('{"a":"x"}')
    assert name == "a"
    texts = {value: to_dfa(expr) for value, expr in narrowed}
    assert texts["x"].accepts(b'{"a":"x"}')
    assert not texts["y"].accepts(b'{"a":"x"}')


def test_a_type_is_read_by_pydantic() -> None:
    class Point(BaseModel):
        x: int

    language = language_of(Point)
    assert language.source.read('{"x":1}') == Point(x=1)
    assert any("pydantic" in note.message for note in language.notes)


def test_a_schema_without_values() -> None:
    with pytest.raises(Unsatisfiable):
        language_of({"type": "integer", "minimum": 2, "maximum": 1})
