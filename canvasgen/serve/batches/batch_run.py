"""A batch from its input to its output: rows through the engine, as many at a time as it takes, each with its own end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from canvasgen.errors import CanvasgenError
from canvasgen.serve.batches.batch_row import failed_row, finished_row, read_row
from canvasgen.serve.batches.journal import Journal
from canvasgen.serve.batches.row_files import NOT_JSON, digest_of, read_rows, row_count, write_rows
from canvasgen.serve.compiling.pool import CompilerPool
from canvasgen.serve.observing.metrics import Metrics
from canvasgen.serve.own_processes import Allowed
from canvasgen.serve.protocol.api_error import ApiError, as_api_error
from canvasgen.serve.running.runner import Runner

if TYPE_CHECKING:
    from canvasgen.engine import Engine
    from canvasgen.serve.settings import ServeSettings

__all__ = ["Outcomes", "journal_of", "run_batch"]

_AHEAD = 2
"""Rows under way for each seat: some are compiled while others are denoised."""


@dataclass(frozen=True)
class Outcomes:
    """How a batch ended.

    Attributes:
        rows: of the input.
        errors: by its code, how many rows have failed with it.
        resumed: rows that an earlier run had done.
    """

    rows: int
    errors: Mapping[str, int]
    resumed: int

    @property
    def failed(self) -> int:
        """Rows that are errors."""
        return sum(self.errors.values())


def journal_of(output: Path) -> Path:
    """Return where the journal of a batch is while it runs."""
    return output.with_name(f"{output.name}.journal")


def run_batch(
    engine: Engine,
    source: Path,
    output: Path,
    settings: ServeSettings,
    *,
    seed: int | None = None,
    begin: Callable[[int, int], None] = lambda total, done: None,
    progress: Callable[[int], None] = lambda errors: None,
) -> Outcomes:
    """Run all rows of a file, or those that an earlier run has left, and write the output.

    Args:
        engine: the model.
        source, output: JSON lines, or Parquet by their names.
        settings: the limits.
        seed: of the first row without one; the others have the next ones.
        begin: called with the number of rows and of those that are done already.
        progress: called after each row with the number of errors so far.

    Raises:
        InvalidConstraint: the input cannot be read, or the journal there is one of another batch.
    """
    total = row_count(source) if source.exists() else 0
    facts = {"digest": digest_of(source), "seed": seed, "model": settings.name}
    with Journal(journal_of(output), {**facts}) as journal:
        resumed = len(journal.done)
        begin(total, resumed)
        if resumed < total:
            asyncio.run(_run(engine, source, settings, journal, seed, progress))
        write_rows(output, journal.rows())
        journal.remove()
    return Outcomes(total, dict(journal.errors.most_common()), resumed)


async def _run(
    engine: Engine,
    source: Path,
    settings: ServeSettings,
    journal: Journal,
    seed: int | None,
    progress: Callable[[int], None],
) -> None:
    pool = CompilerPool(
        engine.vocabulary,
        Allowed(settings.compile_seconds, settings.compile_bytes),
        processes=settings.compilers,
        remembered=settings.remembered,
        remembered_bytes=settings.remembered_bytes,
        most_bytes=settings.constraint_bytes,
    )
    runner = Runner(engine, pool, settings, Metrics(settings.name, engine.scheduler, settings.rows))
    seats = asyncio.Semaphore(_AHEAD * settings.rows)

    async def one(number: int, value: object) -> None:
        try:
            try:
                if value is NOT_JSON:
                    raise ApiError(400, "the line is no JSON", "invalid_row", "$")
                row = read_row(value, number, settings, seed)
                finished = await runner.complete(row.plan)
                journal.add(number, finished_row(number, row, finished, settings.name), failed=False)
            except CanvasgenError as error:
                journal.add(number, failed_row(number, value, as_api_error(error)), failed=True)
            except ApiError as error:
                journal.add(number, failed_row(number, value, error), failed=True)
            progress(journal.errors.total())
        finally:
            seats.release()

    try:
        async with asyncio.TaskGroup() as tasks:
            for number, value in enumerate(read_rows(source)):
                if number not in journal.done:
                    await seats.acquire()
                    tasks.create_task(one(number, value))
    finally:
        await pool.close()
