"""Running one request: drafts in place on a terminal, and a trace for those who ask for it."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from canvasgen.cli.notice import clear_notice, show_notice

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from canvasgen.cli.loading_options import Loading
    from canvasgen.denoise import Completion
    from canvasgen.request import Request

__all__ = ["complete"]


def complete(
    request: Request, model: str | None, *, loading: Loading, trace: bool, save_trace: Path | None = None
) -> Completion:
    """Return the completion of a request, shown while it forms if standard output is a terminal.

    Args:
        request: the request.
        model: the model's name; None: the embedded one.
        loading: how it is loaded.
        trace: whether a line for each step is printed.
        save_trace: a file for the full trace, which is written if the generation fails, too.
    """
    from rich.console import Console

    from canvasgen.api import load
    from canvasgen.cli.drawing.live_canvas import completed, watch
    from canvasgen.cli.replacing import check_writable
    from canvasgen.errors import CanvasgenError, Outcome
    from canvasgen.request import check_settings
    from canvasgen.trace import Tracing

    check_settings(request)
    if save_trace is not None:
        check_writable(save_trace, "--save-trace")
    engine = load(model, **loading)
    clear_notice()
    request = replace(request, on_step_limit="return")  # the outcome is told below
    messages = Console(stderr=True, highlight=False)
    is_watched = sys.stdout.isatty() and messages.is_terminal
    if save_trace is not None or is_watched:
        request = replace(request, trace=Tracing(top=0) if save_trace is None else "full")
    try:
        show_notice("compiling the constraint …")
        events = engine.stream(request)  # compiled here, and checked
        clear_notice()
        completion = watch(events, messages) if is_watched else completed(events)
    except CanvasgenError as error:
        if save_trace is not None and error.trace is not None:
            error.trace.save(save_trace)
        raise
    if save_trace is not None:
        completion.as_trace().save(save_trace)
    if trace:
        print_trace(completion, messages)
    elif completion.outcome is not Outcome.COMPLETE:
        messages.print(f"{completion.outcome}: {completion.outcome.value}")
    return completion


def print_trace(completion: Completion, console: Console) -> None:
    """Print a table with a row for each denoising step, the outcome and the timings."""
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
