"""docs/json-schema.md says what the baselines say."""

from __future__ import annotations

import json

import baseline
import page
import pytest

import canvasgen as cg


def test_the_page_is_in_step_with_the_baselines() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.render(), baseline.ADVICE


def test_a_change_of_a_baseline_shows_on_the_page() -> None:
    case = {"total": 2, "wrong": {"a.json / group / case": "valid refused"}}
    empty = {"total": 0, "wrong": {}}
    found = {"draft7": {"required": case, "optional": empty, "format": empty}}
    assert "| draft7 required | 2 | 1 | 50.0% | 1 | 0 | none |" in page.figures(found)
    assert "- `a.json`, valid refused (1): “group / case”" in page.departures(found)
    found["draft7"]["required"] = empty
    assert page.departures(found).endswith("None.\n")


@pytest.mark.parametrize(
    "keyword", sorted({k for row in page.KEYWORDS if row[2] == page.N for k in row[0].split("`")[1::2]})
)
def test_annotations_have_no_effect(keyword: str) -> None:
    value = {"contentSchema": {}, "examples": [], "deprecated": True, "readOnly": True, "writeOnly": True}
    constraint = cg.json_schema({"type": "integer", keyword: value.get(keyword, "x")})
    assert constraint.matches("1")
    assert not constraint.matches(json.dumps("x"))
