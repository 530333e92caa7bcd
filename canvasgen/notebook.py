"""The canvas in a notebook as it forms: `watch(engine.stream(…))`."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from canvasgen.checks import is_iterable
from canvasgen.denoise import Commit, Completion, Done, Draft, Event
from canvasgen.denoise.recording import state_pieces, visible
from canvasgen.errors import InvalidConstraint
from canvasgen.extras import needed

__all__ = ["canvas_html", "watch"]

_STYLES = {
    "written": "opacity:0.65",
    "draft": "",
    "accepted": "font-weight:600;border-bottom:2px solid #0b8043",
    "forced": "font-weight:600;border-bottom:2px double #7b52c7",
    "noise": "opacity:0.6;font-style:italic;border-bottom:2px dotted",
}


def watch(events: Iterable[Event]) -> Completion:
    """Show the drafts of a stream in one output of a notebook, each in the place of the last, and return the completion.

    Tokens are shown by their state if the stream was asked for details: `engine.stream(prompt, trace="full", …)`. Where no
    output can be changed (a plain Python or IPython in a terminal) one line is printed for each step instead.

    Args:
        events: of `Engine.stream`.

    Raises:
        InvalidConstraint: these are no events.
        MissingPackage: IPython is not installed.
        CanvasgenError: the generation failed.
    """
    given: Any = events
    if not is_iterable(given) or isinstance(given, (str, bytes)):
        raise InvalidConstraint(
            "watch shows the events of a stream", rule="events", value=given, remedy="give engine.stream(…)"
        )
    display = needed("IPython.display", "a live canvas in a notebook")
    handle = display.display(display.HTML(""), display_id=True) if _has_outputs() else None
    for event in given:
        if isinstance(event, Done):
            if handle is not None:
                handle.update(event.completion)
            return event.completion
        if isinstance(event, Draft | Commit):
            if handle is not None:
                handle.update(display.HTML(canvas_html(event)))
            elif isinstance(event, Draft):
                print(f"canvas {event.block}, step {event.step}: {visible(event.text)!r}")  # noqa: T201
        else:
            raise InvalidConstraint(
                "this is no event of a stream",
                rule="events",
                value=event,
                remedy="show what engine.stream(…) yields",
            )
    raise InvalidConstraint(
        "the events ended without a completion",
        rule="events",
        remedy="show the events of one stream until its end",
    )


def _has_outputs() -> bool:
    """Return whether there is a kernel, whose front end can change an output that it has shown."""
    shell = needed("IPython", "a live canvas in a notebook").get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None


def canvas_html(event: Draft | Commit) -> str:
    """Return a draft or a commit as a fragment of HTML, tokens by their state as far as that is known."""
    if isinstance(event, Commit):
        title, parts = f"canvas {event.block} committed", [("written", event.text)]
    else:
        title = f"canvas {event.block}, step {event.step}"
        parts = [(piece.state, piece.text) for piece in state_pieces(event)]
    inside = "".join(
        f'<span title="{state}" style="{_STYLES[state]}">{html.escape(visible(text))}</span>'
        for state, text in parts
    )
    return f'<div><small>{title}</small><pre style="white-space:pre-wrap">{inside}</pre></div>'
