"""Jobs that are known from the start, as one batch: a short client of `Batch`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from canvasgen.denoise.batch import Batch
from canvasgen.denoise.completion import Completion, Done, Event, Failed
from canvasgen.denoise.job import Job
from canvasgen.denoise.policy import Policy
from canvasgen.denoise.protocol import Denoiser
from canvasgen.denoise.randomness import Randomness

__all__ = ["run", "stream"]


def run(
    denoiser: Denoiser,
    jobs: Sequence[Job],
    *,
    policy: Policy | None = None,
    randomness: Randomness | None = None,
) -> list[Completion]:
    """All completions, in the order of the jobs; arguments and errors as for `stream`.

    Raises:
        CanvasgenError: the first error of a row.
    """
    done: dict[int, Completion] = {}
    for event in stream(denoiser, jobs, policy=policy, randomness=randomness):
        if isinstance(event, Failed):
            raise event.error
        if isinstance(event, Done):
            done[event.row] = event.completion
    return [done[index] for index in range(len(jobs))]


def stream(
    denoiser: Denoiser,
    jobs: Sequence[Job],
    *,
    policy: Policy | None = None,
    randomness: Randomness | None = None,
) -> Iterator[Event]:
    """Runs the jobs as one batch and tells of drafts, commits, and a `Done` or `Failed` for each row.

    The jobs are checked at once; the model runs as the events are asked for.

    Args:
        denoiser: the model.
        jobs: one per row.
        policy: acceptance, commit and retry; None: `Policy()`.
        randomness: None: `RowRandomness`, a generator per row from the job's seed.

    Raises:
        BudgetTooSmall, InvalidConstraint, ModelError: a job is impossible; before the model runs.
    """
    batch = Batch(denoiser, policy=policy, randomness=randomness)
    for job in jobs:
        batch.add(job)
    return _events(batch)


def _events(batch: Batch) -> Iterator[Event]:
    while len(batch):
        yield from batch.step()
