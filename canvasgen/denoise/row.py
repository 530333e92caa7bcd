"""One row of a batch: what it was asked, what it has written, and where it is in its block's schedule."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from canvasgen.constraints import stated
from canvasgen.constraints.compiled.belief import Belief
from canvasgen.constraints.compiled.constraint import Leading
from canvasgen.denoise.beliefs import Asked
from canvasgen.denoise.commit import RowText
from canvasgen.denoise.completion import Completion, Draft
from canvasgen.denoise.fields import Block, probabilities
from canvasgen.denoise.job import Job, token_budget
from canvasgen.denoise.policy import Policy
from canvasgen.denoise.protocol import Denoiser, SelfConditioning
from canvasgen.denoise.recording import Recorder
from canvasgen.denoise.schedule import schedule_of
from canvasgen.denoise.steps import Step, timings_of
from canvasgen.denoise.stopping.cycles import Drafts
from canvasgen.denoise.stopping.dial import Pace, dialled
from canvasgen.denoise.stopping.open_values import free_choices, is_form
from canvasgen.denoise.stopping.votes import form_of, written
from canvasgen.denoise.telling.token_logs import TokenLog, token_logs
from canvasgen.errors import CanvasgenError, Outcome
from canvasgen.tokens import Prefix

__all__ = ["Row"]


class Row:
    """The state of one generation, but for its canvas, which stands in the batch's arrays.

    Attributes:
        number: of the row in its batch.
        job: what it was asked.
        policy: the batch's, with the thresholds of the job's quality.
        text: what it has committed.
        start: what stands on its first canvas.
        times: seconds by what they were spent on.
        trace: a record of each denoising step.
        is_greedy: whether tokens of the best canvas are accepted, and not those of a sample.
        recorder: of its full trace; None if none is asked for.
        is_over: whether its text is finished, or it has failed.
        is_fresh: whether the next step is the first since the canvas was filled with noise.
        constraint: what its text is generated under; the job's own, or the one that drafts led to.

    Raises:
        BudgetTooSmall, InvalidConstraint, ModelError: the job is impossible.
    """

    def __init__(
        self,
        number: int,
        job: Job,
        denoiser: Denoiser,
        policy: Policy,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self.number = number
        self.job = job
        self.text = RowText(job, token_budget(job, denoiser), denoiser, policy)
        self.start = job.starts[0]
        self.times: dict[str, float] = dict.fromkeys(
            ("prefill", "denoise", "condition", "solve", "commit", "other", "total"), 0.0
        )
        self.constraint = job.constraint
        self._loose: Prefix | None = None  # while it drafts: what is written, as the loose automaton reads it
        with job.charged():
            self._search = None if job.constraint is None else job.constraint.begin_search()
        self._proven: bool | None = None
        self.trace: list[Step] = []
        self.is_fresh = True
        self.is_over = False
        self.is_greedy = job.temperature == 0
        self._begun = clock()
        self._schedule = schedule_of(job, denoiser)
        self._canvas_length = denoiser.canvas_length
        self._vocabulary = denoiser.vocabulary
        self._step = self._further = 0
        self._steps: list[int] = []
        self._blocks: list[Block] = []
        self._logs: list[TokenLog] = []
        self.policy = dialled(policy, job.quality)
        self._clock = clock
        self._pace = None if job.target_seconds is None else Pace(job.target_seconds)
        self._most_steps = self._schedule.steps
        self._drafts = Drafts()
        self._first_block: str | None = None
        self._best: Belief | None = None
        self._outcome = Outcome.COMPLETE
        self.recorder = None if job.tracing is None else Recorder(job.tracing, job, denoiser)

    def contenders(self) -> list[Row]:
        """One row for each start of the job, otherwise like this one; they share nothing that changes in a race."""
        rows: list[Row] = []
        for start in self.job.starts:
            one = copy(self)
            one.start, one.trace, one.times = start, [], dict(self.times)
            one._steps, one._blocks, one._logs = [], [], []
            one.recorder = self.recorder and self.recorder.contender()
            rows.append(one)
        return rows

    # A block starts, or starts again.

    def begin(self, begun: float) -> None:
        """The first block, of a row whose prefill began at some time of the clock."""
        if self._pace is not None:
            self._pace = replace(self._pace, begun=begun, last=self._clock())
        self.begin_block()

    def begin_block(self) -> None:
        """A new block, from a fresh canvas."""
        self._steps.append(0)
        self.begin_again()
        leading = self._leading
        if leading is None or len(self.job.starts) > 1 or (self.block > 1 and self.job.probabilities):
            return  # probabilities over several canvases are those of one constraint
        if 0 < self.policy.draft_steps < self.steps_left:
            self._loose = leading.loose.prefix(self.text.prefix.ids)

    def begin_again(self) -> None:
        """The same block once more, from another fresh canvas."""
        self.is_fresh = True
        self._drafts, self._best = Drafts(), None
        self._schedule = replace(self._schedule, steps=self._most_steps)
        self._step = self._schedule.skipped(self.start.strength) if self.block == 1 else 0
        if self._pace is not None:
            self._further = self._further_blocks()
            self._plan(at_least=1)

    def _further_blocks(self) -> int:
        """Blocks behind this one that even the shortest text needs."""
        if self.constraint is None:
            return 0
        more = self.constraint.fewest_tokens(self.text.prefix) - self.text.budget.here
        return max(0, -(-more // self._canvas_length))

    def _plan(self, at_least: int = 0) -> None:
        """Gives the block as many more steps as its row's time allows."""
        left = None if self._pace is None else self._pace.steps_left(self._further)
        if left is not None:
            steps = min(self._most_steps, self._step + max(left, at_least))
            self._schedule = replace(self._schedule, steps=steps)

    def keep_pace(self, now: float) -> None:
        """Counts the step that ended now, and plans the others."""
        if self._pace is not None:
            self._pace = self._pace.after_step(now)
            self._plan()

    @property
    def at_limit(self) -> Outcome | None:
        """Why the block has to end with this step; None if it has not."""
        if self.steps_left > 0:
            return None
        in_time = self._schedule.steps == self._most_steps
        return Outcome.STEP_LIMIT if in_time else Outcome.TIME_LIMIT

    @property
    def block(self) -> int:
        """The block's number, from 1."""
        return len(self._steps)

    # Drafts that lead a constraint.

    @property
    def _leading(self) -> Leading | None:
        return None if self.job.constraint is None else self.job.constraint.leading

    @property
    def is_drafting(self) -> bool:
        """Whether the next step, or the present one, is a draft, from which nothing is committed."""
        return self._loose is not None

    def read_draft(self) -> bool:
        """Take the present step's best canvas as a draft; return whether it was the last one.

        From then on the row goes on under the constraint that the draft leads to; under its own, if that one is too large.
        """
        if self._loose is None:
            return False
        likely = self.trace[-1].log_prob
        is_certain = likely is not None and math.exp(likely) >= self.policy.certain
        if self.step < self.policy.draft_steps and not is_certain and self.steps_left > 1:
            return False
        self._loose = None
        self._drafts, self._best = Drafts(), None  # canvases of the loose texts are never taken
        assert self._leading is not None
        text = self.trace[-1].draft
        with self.job.charged():
            found = self._leading.led(text, self.text.prefix, self.text.budget)
        if found is not None:
            self.constraint, prefix = found
            self.text.adopt(self.constraint, prefix)
        return True

    # A denoising step.

    @property
    def kept(self) -> int:
        """As many first positions of the canvas hold the start's tokens until others are accepted there."""
        return self.start.kept if self.block == 1 else 0

    @property
    def draft(self) -> Draft:
        """The last step as an event."""
        return Draft(self.number, self.trace[-1], None if self.recorder is None else self.recorder.last)

    @property
    def asked(self) -> Asked:
        """What is to be known of the row's canvas."""
        if self._loose is not None and self._leading is not None:
            return Asked(self._leading.loose, self._loose, self.text.budget)
        return Asked(self.constraint, self.text.prefix, self.text.budget, self._search, self.job.charged)

    def advance(self) -> float:
        """The temperature of the next step, which is the present one from now on."""
        self._step += 1
        self._steps[-1] += 1
        return self.temperature()

    def temperature(self, ahead: int = 0) -> float:
        """What this step's logits are divided by, or those of a step that is so many ahead."""
        return self._schedule.temperature(self._step + ahead)

    @property
    def progress(self) -> float:
        """How much of the schedule lies behind: 0 at its first step, 1 at its last."""
        return self._schedule.progress(self._step)

    @property
    def step(self) -> int:
        """The number of this step in its block, from 1; counts on when the block is denoised again."""
        return self._steps[-1]

    @property
    def steps_left(self) -> int:
        """Steps of the block's schedule that are still to come."""
        return self._schedule.steps - self._step

    def record(
        self,
        best: NDArray[np.int64],
        log_partition: float | None,
        mean_entropy: float,
        log_mass: float,
        accepted: int,
        log_prob: float | None,
    ) -> bool:
        """Puts this step (fields of `Step`) into the trace; returns whether its canvas is the best so far, for `keep`."""
        step = Step(
            block=self.block,
            step=self.step,
            temperature=self.temperature(),
            log_partition=log_partition,
            mean_entropy=mean_entropy,
            log_mass=log_mass,
            accepted=accepted,
            ids=best,
            vocabulary=self._vocabulary,
            before=bytes(self.text.content),
            log_prob=log_prob,
            seconds=self._clock() - self._begun,
        )
        self.trace.append(step)
        if self.recorder is not None:
            asked = self.asked
            self.recorder.step(step, asked.constraint, asked.prefix.state, is_draft=self.is_drafting)
        if log_prob is None:
            return False
        form = form_of(self.constraint, step)
        is_best = self._drafts.add(self._vocabulary.text_bytes(best), best, log_prob, form)
        return is_best and self.job.probabilities

    def keep(self, belief: Belief) -> None:
        """Remembers what the step with the most probable canvas of the block says of it."""
        self._best = belief

    @property
    def goes_round(self) -> bool:
        """Whether the drafts of this block go round in a cycle."""
        return self._drafts.go_round(self.policy)

    @property
    def drafted(self) -> int:
        """In how many steps of this block the present draft was the draft; 0 where its probability is not known."""
        return self._drafts.times if self.trace[-1].log_prob is not None else 0

    def is_told_both(self, told: SelfConditioning) -> bool:
        """Whether the model is told the mean of its own answer and the constrained one."""
        constraint = None if self.constraint is None else self.constraint.constraint
        return told in ("forms", "templates") and is_form(constraint, tables=told == "forms")

    @property
    def choices(self) -> int:
        """How many values its text has that the constraint leaves open, if it comes back and ends on this canvas; else 1."""
        if self.constraint is None or self.drafted < self.policy.patience or not self.trace[-1].is_whole:
            return 1
        return free_choices(self.constraint.constraint, self.trace[-1].draft)

    def spend(self, what: str, seconds: float) -> None:
        """Counts time; what a table's solver took of it counts as `solve`."""
        solved = 0.0 if self._search is None else self._search.clock.unreported()
        self.times[what] += seconds - solved
        self.times["solve"] += solved

    # The decision.

    def commit(self, belief: Belief, ending: Outcome) -> NDArray[np.int64] | None:
        """Takes the best acceptable canvas into the text.

        Args:
            belief: of this step.
            ending: why the block ends here; after `OSCILLATION` the best canvas is the most probable one of all its steps.

        Returns:
            The canvas int64 `[n]`; None if all were refused and the block has to start again.

        Raises:
            ValidationFailed: no canvas is acceptable, or a validator broke.
            TimeLimit: a table's solver found no values.
        """
        prefix, budget = self.text.prefix, self.text.budget
        if ending is Outcome.OSCILLATION and self._drafts.best is not None:
            belief = self._best or belief.recalling(self._drafts.best, self._drafts.best_log_prob)
        elif (voted := self._drafts.votes.instead_of(self.trace[-1], self.policy)) is not None:
            belief = written(voted, belief, self.constraint, prefix, budget)
        with self.job.charged():
            belief.finish()
            chosen = self.text.choose(belief)
        if self.recorder is not None:
            self.recorder.decided(self.block, self.step, self.text.refused, chosen and chosen.ids, ending)
        if chosen is None:
            return None
        if belief.proven is not None:
            is_best = belief.proven and bool((chosen.canvas == belief.best).all())
            self._proven = is_best and self._proven is not False
        if self.job.probabilities and belief.posterior is not None:
            self._blocks.append(Block(belief.posterior, prefix, budget))
        if self.job.logprobs is not None:
            self._logs += token_logs(belief.logits, belief.posterior, chosen.ids, self.job.logprobs)
        if self._outcome is Outcome.COMPLETE:
            self._outcome = ending
        if self._first_block is None:
            self._first_block = self.text.content.decode("utf-8", errors="replace")
        self.is_over = chosen.closes
        return chosen.canvas

    def failed(self, error: CanvasgenError) -> CanvasgenError:
        """The error that ended the row, with its trace if one was asked for."""
        if self.recorder is not None:
            self.recorder.refused(self.block, self.step, self.text.refused)
            error.trace = self.recorder.trace(self.constraint, self.text, error=error.message)
        return error

    def completion(self) -> Completion:
        """The result of a row that is over."""
        text = self.text.decoded()
        constraint = self.constraint
        ids = self.text.prefix.ids
        ended = constraint is not None or ids[-1] in self._vocabulary.end_ids
        with self.job.charged():
            by_field = probabilities(constraint, text, self._blocks) if constraint and self._blocks else {}
        assert self._first_block is not None
        timings = timings_of(self.times, self._clock() - self._begun, self.trace, self._first_block)
        outcome = self._outcome if ended else Outcome.UNCLOSED
        return Completion(
            value=text if constraint is None else constraint.constraint.parse(text),
            text=text,
            token_ids=ids,
            log_prob=self.text.log_prob,
            probabilities=by_field,
            logprobs=tuple(self._logs),
            sources={} if constraint is None else stated(constraint.constraint, text),
            steps=tuple(self._steps),
            blocks=self.block,
            outcome=outcome,
            proven=self._proven,
            timings=timings,
            trace=tuple(self.trace),
            full_trace=self.recorder
            and self.recorder.trace(constraint, self.text, outcome=str(outcome), timings=timings),
        )
