"""`canvasgen batch`: many requests from a file, resumable."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from canvasgen.cli.endings import EXIT_INTERRUPTED, tell
from canvasgen.cli.loading_options import Loading, with_loading
from canvasgen.cli.notice import clear_notice
from canvasgen.cli.options import ModelOption
from canvasgen.errors import InvalidConstraint

if TYPE_CHECKING:
    from rich.progress import Progress

    from canvasgen.serve.batches.batch_run import Outcomes

__all__ = ["EXIT_FAILED_ROWS", "batch"]

EXIT_FAILED_ROWS = 1


@with_loading()
def batch(
    source: Annotated[Path, typer.Argument(help="JSON lines, or a .parquet file: a request in each row.")],
    output: Annotated[Path, typer.Argument(help="Where the answers go, in the order of the rows.")],
    model: ModelOption = None,
    rows: Annotated[int, typer.Option(help="Generations that go through the model together.")] = 16,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the first row; the others have the next ones.")
    ] = None,
    deadline: Annotated[float, typer.Option(help="Seconds that a row may take, waiting included.")] = 3600.0,
    compilers: Annotated[int, typer.Option(help="Processes that compile constraints.")] = 1,
    compile_seconds: Annotated[float, typer.Option(help="CPU seconds of a compilation.")] = 30.0,
    compile_memory: Annotated[int, typer.Option(help="Megabytes of a compilation.")] = 1000,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, whatever an earlier run has done.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 if any row is an error, not only if all are.")
    ] = False,
    *,
    loading: Loading,
) -> None:
    """Answer the requests of a file; a bad row becomes an error in its place, and never stops the others.

    A row is the fields of a request, or a line of OpenAI's batches. If the command is interrupted or killed, the same
    command goes on where it was.

    Example: `canvasgen batch questions.jsonl answers.jsonl`
    """
    from canvasgen.extras import needed

    for package in ("prometheus_client", "cloudpickle"):
        needed(package, "canvasgen batch")
    if not source.is_file():
        raise InvalidConstraint(
            "there is no such file",
            rule="input",
            value=str(source),
            remedy="give the path of a file of requests, one JSON object a line",
        )
    if not output.absolute().parent.is_dir():
        raise InvalidConstraint(
            "there is no such folder",
            rule="output",
            value=str(output.parent),
            remedy="make the folder, or give another path",
        )
    if source.resolve() == output.resolve():
        raise InvalidConstraint(
            "the output would replace the input",
            rule="output",
            value=str(output),
            remedy="give another path for the answers",
        )
    from canvasgen.api import load
    from canvasgen.scheduling import Scheduler
    from canvasgen.serve.batches.batch_run import journal_of, run_batch
    from canvasgen.serve.settings import ServeSettings

    if restart:
        journal_of(output).unlink(missing_ok=True)
    settings = ServeSettings(
        name=model or "canvasgen-tiny",
        rows=rows,
        queue=1_000_000,
        deadline=deadline,
        compilers=compilers,
        compile_seconds=compile_seconds,
        compile_bytes=compile_memory * 1_000_000,
        prompt_characters=10_000_000,
        schema_bytes=10_000_000,
    )
    engine = load(model, **loading, scheduler=Scheduler(size=rows))
    clear_notice()
    with _bar() as bar:
        task = bar.add_task("rows", total=None, errors=0)

        def begin(total: int, done: int) -> None:
            bar.update(task, total=total, completed=done)

        def progress(errors: int) -> None:
            bar.update(task, advance=1, errors=errors)

        try:
            ended = run_batch(engine, source, output, settings, seed=seed, begin=begin, progress=progress)
        except KeyboardInterrupt:
            bar.stop()
            told = "interrupted; the same command goes on where this one ended"
            raise typer.Exit(tell(told, EXIT_INTERRUPTED)) from None
    typer.echo(_summary(ended), err=True)
    if ended.failed and (strict or ended.failed == ended.rows):
        raise typer.Exit(EXIT_FAILED_ROWS)


def _summary(ended: Outcomes) -> str:
    """Return a line such as `9 rows, 3 errors (2 invalid_constraint, 1 invalid_row), 4 rows from an earlier run`."""
    told = f"{_counted(ended.rows, 'row')}, {_counted(ended.failed, 'error')}"
    if ended.errors:
        told += f" ({', '.join(f'{count} {code}' for code, count in ended.errors.items())})"
    if ended.resumed:
        told += f", {_counted(ended.resumed, 'row')} from an earlier run"
    return told


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _bar() -> Progress:
    """Return a progress bar with the rate and the time left, on standard error; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class _Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text("" if task.speed is None else f"{task.speed:.1f} rows/s")

    return Progress(
        MofNCompleteColumn(),
        BarColumn(),
        _Rate(),
        TextColumn("{task.fields[errors]} errors"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        speed_estimate_period=60,
    )
