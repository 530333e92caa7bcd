"""What a training run tells: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from canvasgen.training.shared import following
from canvasgen.training.shared.following import Following


def told(monkeypatch: pytest.MonkeyPatch, terminal: bool, times: list[float], **console: Any) -> str:
    """What a run of a step at each of these times writes."""
    now = iter(times)
    written = io.StringIO()
    shown = Console(file=written, force_terminal=terminal, width=100, **console)
    monkeypatch.setattr(following.time, "monotonic", lambda: next(now))
    with Following(120, console=shown) as run:
        for number, seconds in enumerate(times, 1):
            run.step(seconds, f"step {number}, [loss] 0.5")
        run.say("stopping")
    return written.getvalue()


def test_lines_from_time_to_time_on_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, False, [0.0, 30.0, 61.0, 62.0, 119.0]).splitlines() == [
        "0.0 of 2 min: step 1, [loss] 0.5",
        "1.0 of 2 min: step 3, [loss] 0.5",
        "stopping",
    ]


def test_the_same_on_a_terminal_that_cannot_move_its_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    dumb = told(monkeypatch, True, [0.0, 61.0], _environ={"TERM": "dumb"})
    assert dumb.splitlines() == [
        "0.0 of 2 min: step 1, [loss] 0.5",
        "1.0 of 2 min: step 2, [loss] 0.5",
        "stopping",
    ]
    assert "\x1b" not in dumb


def test_a_bar_on_a_terminal_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    shown = Console(file=written, force_terminal=True, width=100, _environ={"TERM": "xterm-256color"})
    monkeypatch.undo()
    with Following(120, console=shown) as run:
        run.step(60.0, "step 1, loss 0.5")
        run._bar.refresh()  # type: ignore[union-attr]
        assert "step 1, loss 0.5" in written.getvalue()
    assert written.getvalue().endswith("\x1b[2K")
