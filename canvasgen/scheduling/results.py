"""What comes of open batches that run to their end, as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from canvasgen.denoise import Batch, Completion, Done, Failed
from canvasgen.errors import CanvasgenError

__all__ = ["results_of"]


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
