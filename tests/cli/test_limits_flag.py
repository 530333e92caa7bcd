"""`--limits`: what a command's constraint may need, as `cg.Limits`."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import canvasgen as cg
from canvasgen.cli.app import app
from canvasgen.cli.options import limits_of
from canvasgen.errors import InvalidConstraint


def test_what_is_written() -> None:
    assert limits_of(None) is None
    assert limits_of("seconds=30") == cg.Limits(max_seconds=30)
    assert limits_of(" states=5, bytes=2e9 ,seconds=0.5") == cg.Limits(5, 0.5, 2_000_000_000)


@pytest.mark.parametrize(
    "text",
    ["", "30", "seconds", "seconds=", "seconds=x", "seconds=-1", "seconds=nan", "steps=3", "bytes=1,bytes=2"],
)
def test_what_are_no_limits(text: str) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        limits_of(text)
    assert caught.value.rule == "--limits"


def test_zero_states_are_refused_by_the_limits_themselves() -> None:
    with pytest.raises(InvalidConstraint, match="max_states"):
        limits_of("states=0")


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["generate", "a word"],
        ["edit", "a b", "a c", "--mark", "b"],
    ],
)
def test_they_bound_the_constraint(command: list[str]) -> None:
    done = CliRunner().invoke(app, [*command, "--choice", "ab" * 20, "--limits", "states=20"])
    assert done.exit_code == 2
    assert "rule: max_states; value: 20;" in done.stderr


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("generate", ["generate", "a", "--choice", "a"]),
        ("fill", ["fill", "is {a}", "a"]),
        ("edit", ["edit", "a b", "a c", "--mark", "b"]),
    ],
)
def test_they_are_the_requests(module: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[cg.Request] = []

    def complete(request: cg.Request, *_: object, **__: object) -> SimpleNamespace:
        asked.append(request)
        return SimpleNamespace(text="a", value="a")

    monkeypatch.setattr(importlib.import_module(f"canvasgen.cli.{module}"), "complete", complete)
    assert CliRunner().invoke(app, [*arguments, "--limits", "seconds=33"]).exit_code == 0
    assert asked[0].limits == cg.Limits(max_seconds=33)


def test_a_table_of_the_command_is_made_within_them() -> None:
    puzzle = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
    done = CliRunner().invoke(app, ["sudoku", puzzle, "--limits", "states=3"])
    assert done.exit_code == 2
    assert "rule: max_states; value: 3;" in done.stderr
