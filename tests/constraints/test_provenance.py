"""Where the sources state what a grounded text says."""

from __future__ import annotations

import canvasgen as cg
from canvasgen.constraints import stated
from canvasgen.grounding import Span

SOURCE = "Nora Quist, 1,204 and 7 points. Nora lives in Bergen."
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "points": {"type": "array", "items": {"type": "integer"}},
        "kind": {"enum": ["gold", "silver"]},
    },
}


def test_each_field_has_its_place() -> None:
    constraint = cg.json_schema(SCHEMA, grounded=SOURCE)
    text = '{"name": "Nora", "points": [1204, 7], "kind": "gold"}'
    assert stated(constraint, text) == {
        "name": Span(0, 4, "Nora"),
        "points[0]": Span(12, 17, "1,204"),
        "points[1]": Span(22, 23, "7"),
    }
    assert stated(cg.json_schema(SCHEMA), text) == {}


def test_through_the_algebra() -> None:
    span = cg.span_of(SOURCE)
    at = {"": Span(46, 52, "Bergen")}
    assert stated(span & cg.regex("[A-Z][a-z]+"), "Bergen") == at
    assert stated(cg.literal("city: ") + span, "city: Bergen") == at
    assert stated(cg.literal("none") | span, "Bergen") == at
    assert stated(cg.infill("In ", ".", span), "In Bergen.") == at
    assert stated(cg.template("{who} in {where}", who="she", where=span), "she in Bergen") == {
        "where": at[""]
    }
    assert stated(span + span, "BergenBergen") == {}


def test_several_sources() -> None:
    span = cg.span_of(["Ann", "Bob Stone"])
    assert stated(span, "Stone") == {"": Span(4, 9, "Stone", 1)}
