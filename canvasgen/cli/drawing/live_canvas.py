"""The canvas on a terminal as it forms: tokens by their state, and the named parts of the text below.

Styles differ in more than colour, for terminals without: what is accepted is bold, what is noise again is dim. On a terminal
that cannot move its cursor (`TERM=dumb`) each step is one line instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from canvasgen.denoise import Completion, Draft, Event

__all__ = ["canvas_text", "completed", "watch"]

_STYLES: dict[str, str] = {
    "written": "",
    "draft": "",
    "accepted": "bold green",
    "forced": "bold magenta",
    "noise": "dim italic",
}


def watch(events: Iterable[Event], console: Console) -> Completion:
    """Show the drafts of a stream in place and return its completion; on a dumb terminal one line a step."""
    from canvasgen.denoise import Commit, Done, Draft
    from canvasgen.denoise.recording import visible

    if console.is_dumb_terminal:
        for event in events:
            match event:
                case Draft(text=text, block=block, step=step):
                    console.print(
                        f"canvas {block}, step {step}: {visible(text)!r}", markup=False, soft_wrap=True
                    )
                case Done(completion=completion):
                    return completion
                case _:
                    pass
        raise AssertionError("a stream ends with its completion")
    from rich.live import Live
    from rich.panel import Panel
    from rich.text import Text

    with Live(console=console, transient=True, auto_refresh=False) as live:
        for event in events:
            match event:
                case Draft(block=block, step=step):
                    panel = Panel(_shown(event), title=f"canvas {block}, step {step}", title_align="left")
                    live.update(panel, refresh=True)
                case Commit(text=text, block=block):
                    title = f"canvas {block} committed"
                    live.update(Panel(Text(visible(text)), title=title, title_align="left"), refresh=True)
                case Done(completion=completion):
                    return completion
                case _:
                    pass  # `Engine.stream` raises what a `Failed` would tell
    raise AssertionError("a stream ends with its completion")


def completed(events: Iterable[Event]) -> Completion:
    """Return the completion of a stream, and show nothing."""
    from canvasgen.denoise import Done

    for event in events:
        if isinstance(event, Done):
            return event.completion
    raise AssertionError("a stream ends with its completion")


def _shown(draft: Draft) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    from canvasgen.trace import ACCEPTED, TEXT

    details = draft.details
    if details is None:
        return canvas_text(draft)
    inside = details.marked(TEXT)
    taken = details.marked(ACCEPTED) & inside
    told = f"{int(taken.sum())} of {int(inside.sum())} tokens accepted"
    if details.log_partition is not None:
        told += f", log Z {details.log_partition:.1f}"
    told += f", mean entropy {details.mean_entropy:.3f} nats"
    return Group(canvas_text(draft), Text(told, style="dim"))


def canvas_text(draft: Draft) -> Text:
    """Return the text of a draft, each token in the style of its state."""
    from rich.text import Text

    from canvasgen.denoise.recording import state_pieces, visible

    shown = Text()
    for piece in state_pieces(draft):
        shown.append(visible(piece.text), style=_STYLES[piece.state])
    return shown
