"""`--fence`: JSON in a code fence is generated and matched, and what is printed is what stands inside."""

from __future__ import annotations

import importlib
import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from canvasgen.cli.app import app
from canvasgen.cli.generate import shown
from canvasgen.cli.sources import constraint_from_options

SCHEMA = '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false}'
FENCED = '```json\n{"n": 7}\n```'
generating = importlib.import_module("canvasgen.cli.generate")


@pytest.mark.parametrize(
    ("fence", "bare", "fenced"), [("forbid", True, False), ("allow", True, True), ("require", False, True)]
)
def test_the_constraint_has_the_fence(fence, bare, fenced):
    made = constraint_from_options(SCHEMA, None, None, None, fence=fence)
    assert (made.matches('{"n": 7}'), made.matches(FENCED)) == (bare, fenced)


@pytest.mark.slow
def test_check_matches_a_fenced_text():
    texts = ["check", "--schema", SCHEMA, FENCED]
    assert CliRunner().invoke(app, texts).exit_code == 1
    assert CliRunner().invoke(app, [*texts, "--fence", "allow"]).exit_code == 0
    assert CliRunner().invoke(app, [*texts, "--fence", "maybe"]).exit_code == 2


@pytest.mark.parametrize("text", [FENCED, '{"n": 7}', '```\n{"n": 7}\n```'])
def test_what_is_printed_is_the_json_inside(text, monkeypatch):
    monkeypatch.setattr(generating, "complete", lambda *_, **__: SimpleNamespace(text=text))
    told = []
    monkeypatch.setattr(generating.typer, "echo", told.append)
    generating.generate("seven", schema=SCHEMA, fence="allow")
    assert told == ['{"n": 7}']
    made = constraint_from_options(SCHEMA, None, None, None, fence="allow")
    assert json.loads(shown(made, text, indent=2)) == {"n": 7}
    assert "\n  " in shown(made, text, indent=2)


def test_a_text_without_a_schema_is_printed_as_it_is():
    assert shown(constraint_from_options(None, "`+x", None, None), "```x", indent=2) == "```x"
    assert shown(None, FENCED, indent=None) == FENCED
