"""Running one request: drafts in place on a terminal, and a trace for those who ask for it."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from canvasgen.cli.notice import clear_notice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from canvasgen.denoise import Completion, Event
    from canvasgen.request import Request

__all__ = ["complete"]


def complete(request: Request, model: str | None, *, trace: bool) -> Completion:
    """Return the completion of a request, shown while it forms if standard output is a terminal."""
    from rich.console import Console

    from canvasgen.api import load
    from canvasgen.errors import Outcome
    from canvasgen.request import check_settings

    check_settings(request)
    engine = load(model)
    clear_notice()
    request = replace(request, on_step_limit="return")  # the outcome is told below
    messages = Console(stderr=True, highlight=False)
    if sys.stdout.isatty() and messages.is_terminal:
        completion = watch(engine.stream(request), messages)
    else:
        completion = engine.complete(request)
    if trace:
        print_trace(completion, messages)
    elif completion.outcome is not Outcome.COMPLETE:
        messages.print(f"{completion.outcome}: {completion.outcome.value}")
    return completion


def watch(events: Iterable[Event], console: Console) -> Completion:
    """Show the drafts of a stream in place and returns its completion."""
    from rich.live import Live
    from rich.panel import Panel
    from rich.text import Text

    from canvasgen.denoise import Commit, Done, Draft

    with Live(console=console, transient=True, refresh_per_second=20) as live:
        for event in events:
            match event:
                case Draft(text=text, block=block, step=step):
                    live.update(Panel(Text(text), title=f"block {block}, step {step}", title_align="left"))
                case Commit(text=text, block=block):
                    live.update(Panel(Text(text), title=f"block {block} committed", title_align="left"))
                case Done(completion=completion):
                    return completion
                case _:
                    pass  # `Engine.stream` raises what a `Failed` would tell
    raise AssertionError("a stream ends with its completion")


def print_trace(completion: Completion, console: Console) -> None:
    """Return a table with a row for each denoising step, the outcome and the timings."""
    from rich.table import Table
    from rich.text import Text

    table = Table(
        "block", "step", "temperature", "log Z", "mean entropy", "accepted", "draft", box=None, pad_edge=False
    )
    for step in completion.trace:
        log_partition = "" if step.log_partition is None else f"{step.log_partition:.2f}"
        table.add_row(
            str(step.block),
            str(step.step),
            f"{step.temperature:.2f}",
            log_partition,
            f"{step.mean_entropy:.4f}",
            str(step.accepted),
            Text(step.draft),
        )
    console.print(table)
    timings = ", ".join(f"{name} {seconds * 1e3:.0f} ms" for name, seconds in completion.timings.items())
    console.print(f"{completion.outcome}: {completion.outcome.value}; {timings}")
