"""The live canvas of notebooks: in place where there is a kernel, lines where there is none."""

from __future__ import annotations

from typing import Any

import pytest

import canvasgen as cg
from canvasgen import notebook
from canvasgen.denoise import Commit, Draft
from canvasgen.errors import InvalidConstraint


@pytest.fixture(scope="module")
def events() -> list[Any]:
    return list(cg.load().stream("Ann", regex="[a-d<]{4}", seed=1, on_step_limit="return", trace="full"))


def test_a_canvas_as_html(events: list[Any]) -> None:
    for event in events:
        if isinstance(event, Draft | Commit):
            made = notebook.canvas_html(event)
            assert made.count("<pre") == 1
            assert "<script" not in made
    assert "&lt;b&gt;" in notebook.canvas_html(Commit("<b>", 1))


@pytest.mark.parametrize("wrong", [3, "abc", [3], []])
def test_what_are_no_events(wrong: Any) -> None:
    pytest.importorskip("IPython")
    with pytest.raises(InvalidConstraint):
        notebook.watch(wrong)


def test_lines_where_there_is_no_kernel(events: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("IPython")
    done = notebook.watch(events)
    drafts = [event for event in events if isinstance(event, Draft)]
    assert capsys.readouterr().out.splitlines() == [
        f"canvas 1, step {one.step}: {one.text!r}" for one in drafts
    ]
    assert done is events[-1].completion


def test_one_output_in_place_where_there_is_a_kernel(
    events: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell of IPython whose messages to the front end are caught."""
    pytest.importorskip("IPython")
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    sent: list[tuple[bool, dict[str, Any]]] = []

    class Caught(DisplayPublisher):
        def publish(self, data: dict[str, Any], metadata: Any = None, **how: Any) -> None:
            sent.append((bool(how.get("update")), data))

    shell = InteractiveShell.instance()
    monkeypatch.setattr(shell, "display_pub", Caught(parent=shell))
    shell.kernel = object()
    try:
        notebook.watch(events)
    finally:
        del shell.kernel
        InteractiveShell.clear_instance()
    assert [update for update, _ in sent] == [False, *[True] * (len(events))]
    assert "text/html" in sent[-1][1]
