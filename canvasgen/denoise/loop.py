"""The denoising loop, written once for every model and every constraint.

    prompts ──prefill──▶ context ◀───────────────── commit ◀────────────────── text goes on
                            │                                                        ▲
    noise ──▶ canvas ──▶ denoise ──▶ logits / t ──▶ condition ──▶ belief             │
                ▲                                                   │                │
                │                            settled? ──────no──────┤                │
                │                                                   │ yes            │
                └── renoise the others ◀── accept the sure ◀────────┤                │
                                                                    ▼                │
    fresh noise ◀── refused ── validators: best canvas, next best, … ──taken──▶ text closed? ──▶ completion

A batch goes through `denoise` together; each row is conditioned, accepted, renoised and committed by
itself, with its own random numbers, and leaves when it is done.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from time import perf_counter

import torch

from canvasgen.denoise.completion import Commit, Completion, Done, Draft, Event, Failed
from canvasgen.denoise.job import Job, token_budget
from canvasgen.denoise.policy import Policy
from canvasgen.denoise.protocol import Context, Denoiser
from canvasgen.denoise.randomness import Randomness, RowRandomness
from canvasgen.denoise.row import Phase, Row
from canvasgen.errors import BudgetTooSmall, ModelError, TimeLimit, Unsatisfiable, ValidationFailed

__all__ = ["run", "stream"]

_OF_A_ROW = (ValidationFailed, BudgetTooSmall, TimeLimit, Unsatisfiable)
"""Errors that end a row; the others go on. What the model does wrong ends them all."""


def run(
    denoiser: Denoiser,
    jobs: Sequence[Job],
    *,
    policy: Policy | None = None,
    randomness: Randomness | None = None,
) -> list[Completion]:
    """All completions, in the order of the jobs; arguments and errors as for `stream`.

    Raises:
        CanvasgenError: the first error of a row, after the rows before it in time have finished.
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
        ModelError: the model gave logits that are not numbers; while it runs.
    """
    if denoiser.noise != "uniform":
        raise ModelError(f"the noise of this model is {denoiser.noise!r}, not uniform", rule="noise")
    policy = policy or Policy()
    rows = [Row(index, job, token_budget(job, denoiser), denoiser, policy) for index, job in enumerate(jobs)]
    if randomness is None:
        randomness = RowRandomness([job.seed for job in jobs], denoiser.canvas_length, denoiser.vocab_size)
    return _events(denoiser, rows, randomness)


def _events(denoiser: Denoiser, rows: list[Row], randomness: Randomness) -> Iterator[Event]:
    """All blocks of all rows."""
    if not rows:
        return
    begun = perf_counter()
    context = denoiser.prefill([[*row.job.prompt, *row.job.written] for row in rows])
    _spend(rows, "prefill", begun)
    while rows:
        for seat, canvas in enumerate(randomness.canvas([row.index for row in rows])):
            if rows[seat].block == 0 and len(rows[seat].job.starts) > 1:
                alone = denoiser.select(context, [seat])
                rows[seat] = yield from _race(denoiser, alone, rows[seat], canvas, randomness)
            else:
                rows[seat].begin_block(canvas)
        yield from _block(denoiser, context, rows, randomness)
        context, rows = _next_block(denoiser, context, rows)


def _race(
    denoiser: Denoiser, context: Context, row: Row, noise: torch.Tensor, randomness: Randomness
) -> Generator[Event, None, Row]:
    """The first steps of a row from each of its starts, side by side; the less likely half leaves after each step.

    What decides is the mass that the model gives to valid texts: where fixed text stands in the wrong place, the model
    contradicts it the more the longer it looks. A step of the schedule is left for the winner.

    Args:
        context: of this row alone.
        noise: int64 `[L]`, the same for all.
    """
    racing = row.contenders()
    for one in racing:
        one.begin_block(noise)
    while len(racing) > 1:
        begun = perf_counter()
        canvases = torch.stack([one.canvas for one in racing])
        before = [told for one in racing if (told := one.self_conditioning) is not None]
        several = denoiser.select(context, [0] * len(racing))
        logits = denoiser.denoise(several, canvases, torch.stack(before) if before else None)
        _spend(racing, "denoise", begun)
        for one, each in zip(racing, logits, strict=True):
            begun = perf_counter()
            one.observe(each)
            _spend([one], "condition", begun)
        racing.sort(key=lambda one: -one.trace[-1].mass)
        winner = racing[0]
        if winner.steps_left == 0:  # the schedule has one step only, and that is still to be taken
            winner.forget()
            winner.begin_block(noise)
            return winner
        yield Draft(row.index, winner.trace[-1])
        racing = racing[: 1 if winner.steps_left == 1 else -(-len(racing) // 2)]
        _accept_and_renoise(racing, randomness)
    return racing[0]


def _block(denoiser: Denoiser, context: Context, rows: list[Row], randomness: Randomness) -> Iterator[Event]:
    """Denoises one block of every row until each has committed or failed."""
    views = _Views(denoiser, context, rows)
    while active := [row for row in rows if row.phase is Phase.DENOISING]:
        for row, logits in views.denoise(active):
            begun = perf_counter()
            try:
                row.observe(logits)
            except _OF_A_ROW as error:
                row.phase = Phase.OVER
                yield Failed(error, row.index)
            _spend([row], "condition", begun)
        active = [row for row in active if row.phase is Phase.DENOISING]
        if not active:
            return
        _accept_and_renoise(active, randomness)
        yield from [Draft(row.index, row.trace[-1]) for row in active]
        for row in active:
            if row.settled():
                yield from _commit(row, randomness)


def _accept_and_renoise(rows: list[Row], randomness: Randomness) -> None:
    """The next canvas of every row, drawn in the order of DiffusionGemma's sampler: tokens, then noise."""
    joint = [None if row.draws_each_position else row.tokens(randomness) for row in rows]
    free = [row for row in rows if row.draws_each_position]
    drawn: Iterator[torch.Tensor] = iter(())
    if free:
        probabilities = torch.stack([row.probabilities for row in free])
        drawn = iter(randomness.tokens([row.index for row in free], probabilities))
    noise = randomness.canvas([row.index for row in rows])
    for row, tokens, others in zip(rows, joint, noise, strict=True):
        row.renoise(next(drawn) if tokens is None else tokens, others)


def _commit(row: Row, randomness: Randomness) -> Iterator[Event]:
    """Commits a settled row's block, or starts it again if every candidate was refused."""
    begun = perf_counter()
    try:
        taken = row.commit()
        _spend([row], "commit", begun)
        if not taken:
            row.begin_again(randomness.canvas([row.index])[0])
            return
        yield Commit(row.text.decoded(), row.block, row.index)
        if row.phase is Phase.OVER:
            yield Done(row.completion(), row.index)
    except _OF_A_ROW as error:
        row.phase = Phase.OVER
        yield Failed(error, row.index)


def _next_block(denoiser: Denoiser, context: Context, rows: list[Row]) -> tuple[Context, list[Row]]:
    """Reads the committed block into the context of the rows that go on."""
    seats = [seat for seat, row in enumerate(rows) if row.phase is Phase.COMMITTED]
    going = [rows[seat] for seat in seats]
    if going:
        begun = perf_counter()
        if len(going) < len(rows):
            context = denoiser.select(context, seats)
        context = denoiser.commit(context, torch.stack([torch.from_numpy(row.committed) for row in going]))
        _spend(going, "commit", begun)
    return context, going


class _Views:
    """The context of the rows that still denoise; cut anew only when that set changes."""

    def __init__(self, denoiser: Denoiser, context: Context, rows: list[Row]) -> None:
        self._denoiser = denoiser
        self._whole = context
        self._seat = {row.index: seat for seat, row in enumerate(rows)}
        self._cut: dict[tuple[int, ...], Context] = {tuple(range(len(rows))): context}

    def denoise(self, rows: list[Row]) -> Iterator[tuple[Row, torch.Tensor]]:
        """Each row with its logits `[L, V]`; fresh rows go apart, they have no self-conditioning."""
        for group in ([row for row in rows if row.is_fresh], [row for row in rows if not row.is_fresh]):
            if not group:
                continue
            begun = perf_counter()
            before = [told for row in group if (told := row.self_conditioning) is not None]
            _spend(group, "condition", begun)
            begun = perf_counter()
            canvas = torch.stack([row.canvas for row in group])
            known = torch.stack(before) if before else None
            logits = self._denoiser.denoise(self._context(group), canvas, known)
            _spend(group, "denoise", begun)
            yield from zip(group, logits, strict=True)

    def _context(self, rows: list[Row]) -> Context:
        seats = tuple(self._seat[row.index] for row in rows)
        if seats not in self._cut:
            whole = tuple(range(len(self._seat)))
            self._cut = {whole: self._whole, seats: self._denoiser.select(self._whole, seats)}
        return self._cut[seats]


def _spend(rows: list[Row], what: str, begun: float) -> None:
    seconds = perf_counter() - begun
    for row in rows:
        row.times[what] += seconds
