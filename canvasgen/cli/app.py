"""The application object: the commands and their names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from canvasgen.cli.check import check
from canvasgen.cli.doctor import doctor
from canvasgen.cli.edit import edit
from canvasgen.cli.endings import EXIT_ERROR, guarded, tell
from canvasgen.cli.fill import fill
from canvasgen.cli.generate import generate
from canvasgen.cli.many.batch_command import batch
from canvasgen.cli.many.serve_command import serve
from canvasgen.cli.notice import clear_notice, show_notice
from canvasgen.cli.sudoku_command import sudoku
from canvasgen.cli.view_command import view

__all__ = ["app", "run"]

_UsageError: Any = typer.BadParameter.__bases__[0]
"""What typer raises for wrong arguments; it has no public name there."""


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """End a command with an exit code, and one line on standard error if something stopped it; see `endings.guarded`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        def run_command() -> int:
            show_notice("loading …")
            try:
                command(*args, **kwargs)
            finally:
                clear_notice()
            return 0

        code = guarded(run_command)
        if code:
            raise typer.Exit(code)

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
app.command("batch")(one_line_errors(batch))
app.command("serve")(one_line_errors(serve))
app.command("view")(one_line_errors(view))
app.command("doctor")(one_line_errors(doctor))


def show_version(wanted: bool) -> None:
    """Print the version and stops, if asked to."""
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


def run(arguments: Sequence[str]) -> int:
    """Return the exit code of the command line with these arguments; wrong ones are one line, as all errors are."""
    clear_notice()  # usage and help have the terminal to themselves
    try:
        # Without a command there is help; else what is wrong comes as an exception and not as a box of lines.
        ended: object = app(arguments, prog_name="canvasgen", standalone_mode=not arguments)
    except _UsageError as error:
        context = error.ctx
        command = "canvasgen" if context is None else context.command_path
        line = f"{type(error).__name__}: {error.format_message().rstrip('.')}; remedy: see `{command} --help`"
        return tell(line, EXIT_ERROR)
    except SystemExit as end:
        ended = end.code
    return ended if isinstance(ended, int) else 0
