"""The application object, and how errors become one line and an exit code."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from canvasgen.cli.check import check
from canvasgen.cli.edit import edit
from canvasgen.cli.fill import fill
from canvasgen.cli.generate import generate
from canvasgen.cli.sudoku_command import sudoku
from canvasgen.errors import CanvasgenError

__all__ = ["EXIT_ERROR", "app", "main"]

EXIT_ERROR = 2


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Ends a command with one line on standard error and exit code 2, whatever stopped it on purpose."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except CanvasgenError as error:
            line = f"canvasgen: {type(error).__name__}: {error}"
        except KeyboardInterrupt:
            line = "canvasgen: interrupted; nothing was written"
        except BrokenPipeError:
            # The reader of our output has gone (`| head`): there is nobody left to tell.
            sys.stderr.close()
            raise typer.Exit(EXIT_ERROR) from None
        else:
            return
        typer.echo(" ".join(line.split()), err=True)
        raise typer.Exit(EXIT_ERROR)

    return wrapped


app = typer.Typer(
    name="canvasgen",
    help="Exact constrained generation on block-diffusion language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command("generate")(one_line_errors(generate))
app.command("check")(one_line_errors(check))
app.command("fill")(one_line_errors(fill))
app.command("edit")(one_line_errors(edit))
app.command("sudoku")(one_line_errors(sudoku))


def show_version(wanted: bool) -> None:
    """Prints the version and stops, if asked to."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"canvasgen {version('canvasgen')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    """Exact constrained generation on block-diffusion language models."""


def main() -> None:
    """Entry point of the `canvasgen` command."""
    app()
