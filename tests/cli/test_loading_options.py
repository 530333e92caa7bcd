"""Options of how a model is loaded: all commands that load one have them, and hand them to `canvasgen.load`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import canvasgen.api
import canvasgen.models.vocabularies
from canvasgen.cli.app import app
from canvasgen.errors import ModelError

COMMANDS = {
    "generate": ["generate", "x", "--regex", "a"],
    "fill": ["fill", "Dear {name}", "x"],
    "edit": ["edit", "Ann lives in Rome.", "x", "--mark", "Rome"],
    "sudoku": ["sudoku", "1.3...2..3......"],
    "batch": ["batch", "in.jsonl", "out.jsonl"],
    "serve": ["serve", "--port", "0"],
}
GIVEN = {
    "--device": ("device", "cuda:1"),
    "--device-map": ("device_map", "auto"),
    "--dtype": ("dtype", "bfloat16"),
    "--quantization": ("quantization", "int8"),
    "--attn-implementation": ("attn_implementation", "eager"),
    "--adapter": ("adapter", Path("adapters")),
    "--revision": ("revision", "main"),
}


class Asked(Exception):
    """`load` was called."""


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """What `canvasgen.load` was called with."""
    found: list[dict] = []

    def load(model=None, **options):
        options.pop("scheduler", None)
        found.append({"model": model} | options)
        raise ModelError("this is not loaded", rule="test")

    monkeypatch.setattr(canvasgen.api, "load", load)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_text(json.dumps({"prompt": "x"}))
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_they_reach_load(asked, name):
    words = [word for option, (_, value) in GIVEN.items() for word in (option, str(value))]
    done = CliRunner().invoke(app, [*COMMANDS[name], "--model", "owner/name", *words, "--trust-remote-code"])
    assert done.exit_code == 2, done.output
    assert asked == [{"model": "owner/name", **dict(GIVEN.values()), "trust_remote_code": True}]


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_not_given_is_left_to_load(asked, name):
    assert CliRunner().invoke(app, COMMANDS[name]).exit_code == 2
    assert [set(one) for one in asked] == [{"model"}]


def test_check_reads_a_revision_of_the_vocabulary(monkeypatch):
    asked = []

    def load_vocabulary(model=None, **options):
        asked.append((model, options))
        raise ModelError("this is not loaded", rule="test")

    monkeypatch.setattr(canvasgen.models.vocabularies, "load_vocabulary", load_vocabulary)
    words = ["check", "--regex", "a", "-m", "owner/name", "--revision", "main", "--trust-remote-code"]
    assert CliRunner().invoke(app, words).exit_code == 2
    assert asked == [("owner/name", {"revision": "main", "trust_remote_code": True})]


@pytest.mark.parametrize("command", [["generate", "x", "--regex", "a"], ["check", "--regex", "a"]])
def test_an_embedded_model_has_no_revisions(command):
    done = CliRunner().invoke(app, [*command, "--revision", "main"])
    assert done.exit_code == 2
    assert "has no revisions" in done.stderr
