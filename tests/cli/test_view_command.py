"""`canvasgen view`, `--save-trace`, and the canvas on a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_traces import made_trace
from rich.console import Console
from typer.testing import CliRunner

import canvasgen as cg
from canvasgen.cli.app import app
from canvasgen.cli.drawing.live_canvas import canvas_text, watch
from canvasgen.denoise import Draft
from canvasgen.denoise.recording import state_pieces


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, arguments)


def test_view_writes_a_page(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    made_trace().save(file)
    done = run("view", str(file))
    assert (done.exit_code, done.stdout.strip()) == (0, str(tmp_path / "one.html"))
    assert (tmp_path / "one.html").read_text("utf-8") == made_trace().to_html()
    two = run("view", str(file), str(file), "--out", "-", "--title", "a & b")
    assert "<title>a &amp; b</title>" in two.stdout


def test_view_refuses_what_is_no_trace(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    for arguments in (["view", str(tmp_path / "no.json")], ["view", str(tmp_path / "bad.json")]):
        done = run(*arguments)
        assert done.exit_code == 2
        assert done.stderr.startswith("canvasgen: InvalidTrace")
    made_trace().save(tmp_path / "one.json")
    assert run("view", str(tmp_path / "one.json"), "--out", str(tmp_path)).exit_code == 2
    assert run("view").exit_code == 2


@pytest.fixture(scope="module")
def events() -> list[Any]:
    return list(cg.load().stream("Ann", regex="[a-zé]{4}", seed=1, on_step_limit="return", trace="full"))


def shown(events: Iterator[Any] | list[Any], **console: Any) -> str:
    written = io.StringIO()
    done = watch(events, Console(file=written, force_terminal=True, width=80, **console))
    assert isinstance(done, cg.Completion)
    return written.getvalue()


def test_a_live_canvas_has_states_and_is_cleared(events: list[Any]) -> None:
    said = shown(events, color_system="standard")
    assert "\x1b[1;3" in said  # bold and coloured
    assert "tokens accepted" in said
    assert said.rstrip().endswith(("\x1b[2K", "\x1b[?25h"))


def test_without_colour_there_are_styles_and_no_colours(events: list[Any]) -> None:
    said = shown(events, color_system="standard", no_color=True)
    assert "\x1b[1m" in said or "\x1b[2;3m" in said
    assert "\x1b[1;3" not in said


def test_a_dumb_terminal_gets_a_line_a_step(events: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    said = shown(events)
    drafts = [event for event in events if isinstance(event, Draft)]
    assert said.splitlines() == [f"canvas 1, step {one.step}: {one.text!r}" for one in drafts]
    assert "\x1b" not in said


def test_pieces_are_the_text(events: list[Any]) -> None:
    for event in events:
        if isinstance(event, Draft):
            assert "".join(piece.text for piece in state_pieces(event)) == event.text
            assert canvas_text(event).plain == event.text


def test_a_text_does_not_steer_the_terminal() -> None:
    for event in cg.load().stream("a", regex="\x1b\\[2Jx", seed=0, on_step_limit="return", trace="full"):
        if isinstance(event, Draft):
            assert "\x1b" in event.text
            assert "\x1b" not in canvas_text(event).plain


def test_a_trace_is_saved(tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    done = run("generate", "--regex", "[ab]", "--seed", "1", "--save-trace", str(file), "x")
    assert done.exit_code == 0, done.stderr
    assert cg.load_trace(file).text == done.stdout.strip()
    failed = run(
        "generate", "--regex", "[ab]", "--seed", "1", "--save-trace", str(tmp_path / "no" / "t.json"), "x"
    )
    assert failed.exit_code == 2
    assert "there is no folder" in failed.stderr
