"""`canvasgen view`: traces as one page of HTML."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from canvasgen.cli.notice import clear_notice
from canvasgen.errors import InvalidTrace

__all__ = ["view"]


def view(
    traces: Annotated[
        list[Path],
        typer.Argument(help="Files that `Trace.save` or `--save-trace` wrote; several side by side."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="The page's file; default: the first trace's name with .html; `-`: standard output.",
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="The page's title.")] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Show the page in a browser.")] = False,
) -> None:
    """Write a page that shows how texts formed: one file, no network.

    Example: `canvasgen view trace.json`
    """
    from canvasgen.trace import load_trace, traces_html

    page = traces_html([load_trace(file) for file in traces], title=title)
    clear_notice()
    if out == Path("-"):
        sys.stdout.write(page)
        return
    target = traces[0].with_suffix(".html") if out is None else out
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InvalidTrace(
            f"the page cannot be written: {error}",
            rule="--out",
            value=str(target),
            remedy="give a path in a folder that may be written",
        ) from error
    typer.echo(str(target))
    if open_it:
        import webbrowser

        if not webbrowser.open(target.resolve().as_uri()):
            typer.echo("no browser was found; open the file yourself", err=True)
