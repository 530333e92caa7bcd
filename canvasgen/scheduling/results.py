"""What comes of open batches that run to their end, as it comes, with a progress bar where one is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from canvasgen.denoise import Batch, Completion, Done, Failed
from canvasgen.errors import CanvasgenError
from canvasgen.extras import needed

__all__ = ["results_of", "with_progress"]

Result = TypeVar("Result")


def results_of(
    batches: Iterable[tuple[Batch, list[int]]],
) -> Iterator[tuple[int, Completion | CanvasgenError]]:
    """Run batches; tells the number of each row's request, and what came of it, as they finish."""
    for batch, numbers in batches:
        while len(batch):
            for event in batch.step():
                if isinstance(event, Done):
                    yield numbers[event.row], event.completion
                elif isinstance(event, Failed):
                    yield numbers[event.row], event.error


def with_progress(results: Iterator[Result], count: int, progress: bool) -> Iterable[Result]:
    """Return the items, with a progress bar on standard error if one is wanted."""
    if not progress:
        return results
    console = needed("rich.console", "a progress bar").Console(stderr=True)
    return needed("rich.progress", "a progress bar").track(
        results, description="requests", total=count, console=console
    )
