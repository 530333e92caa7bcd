"""Large weights load with a bar on a terminal; everywhere else transformers is quiet."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from transformers.utils import logging

from canvasgen.models import loading
from canvasgen.models.loading import loading_errors


@pytest.mark.parametrize(
    ("terminal", "term", "most", "shown"),
    [(True, "xterm", 10, True), (True, "xterm", 11, False), (True, "dumb", 10, False), (False, "xterm", 10, False)],
    ids=["a terminal", "small weights", "a dumb terminal", "a pipe"],
)  # fmt: skip
def test_bars_are_for_large_weights_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: bool, term: str, most: int, shown: bool
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"0123456789")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(loading, "_LONG", most)
    before = logging.is_progress_bar_enabled()
    logging.enable_progress_bar()
    try:
        with loading_errors(tmp_path):
            assert logging.is_progress_bar_enabled() == shown
        assert logging.is_progress_bar_enabled()
    finally:
        if not before:
            logging.disable_progress_bar()
