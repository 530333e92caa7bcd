"""Dates in a text, and grounded schemas that ask for dates."""

from __future__ import annotations

from datetime import date

import pytest

import canvasgen as cg
from canvasgen.errors import Unsatisfiable
from canvasgen.grounding.dates import dates_in


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("We meet on 5 March 2026 at half past nine.", ["2026-03-05"]),
        ("topic: review, day: 2026-09-14, start: 10:30", ["2026-09-14"]),
        (
            "due April 10, 2026; born 12 Jan 1990, joined Sept 3rd, 2015",
            ["2026-04-10", "1990-01-12", "2015-09-03"],
        ),
        ("of 03/04/2026", ["2026-03-04", "2026-04-03"]),
        ("2026-02-30 is none", []),
        ("Call 555-0192. She is 41. May I come in March?", []),
        ("", []),
    ],
)
def test_dates(text: str, days: list[str]) -> None:
    found = {day.isoformat() for day, _, _ in dates_in(text)}
    assert found == set(days)
    for day, start, stop in dates_in(text):
        assert str(day.year) in text[start:stop]


@pytest.mark.slow
def test_a_date_field_takes_the_dates_of_the_source() -> None:
    schema = {
        "type": "object",
        "properties": {"day": {"type": "string", "format": "date"}},
        "required": ["day"],
    }
    text = "Invoice of 5 March 2026, due April 10, 2026."
    grounded = cg.json_schema(schema, grounded=text)
    assert grounded.matches('{"day": "2026-03-05"}')
    assert not grounded.matches('{"day": "2026-03-06"}')
    done = cg.load().complete(text, schema=schema, grounded=True, seed=0)
    assert done.value["day"] in ("2026-03-05", "2026-04-10")
    span = done.sources["day"]
    assert "2026" in text[span.start : span.stop]
    with pytest.raises(Unsatisfiable):
        _ = cg.json_schema(schema, grounded="No date here.").automaton


def test_types_of_python() -> None:
    grounded = cg.json_schema(dict[str, date], grounded="on 5 March 2026")
    assert grounded.matches('{"day": "2026-03-05"}')
    assert not grounded.matches('{"day": "2026-03-06"}')
