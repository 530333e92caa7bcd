"""One row of a batch: what it was asked, where it stands, and what it does with each step's logits."""

from __future__ import annotations

from collections import deque
from copy import copy
from enum import Enum
from time import perf_counter

import numpy as np
import torch

from canvasgen.denoise.belief import Belief, ConstrainedBelief, FreeBelief
from canvasgen.denoise.commit import RowText
from canvasgen.denoise.completion import Completion, Step
from canvasgen.denoise.fields import Block, probabilities
from canvasgen.denoise.job import Job
from canvasgen.denoise.joint import JointBelief
from canvasgen.denoise.policy import Policy, accept
from canvasgen.denoise.protocol import Denoiser
from canvasgen.denoise.randomness import Randomness
from canvasgen.denoise.schedule import Schedule
from canvasgen.errors import ModelError, Outcome

__all__ = ["Phase", "Row"]


class Phase(Enum):
    """Where a row stands in its block."""

    DENOISING = "denoising"
    COMMITTED = "block committed, text goes on"
    OVER = "over"


class Row:
    """The state of one generation; the loop calls its methods in the order in which they stand here."""

    def __init__(self, index: int, job: Job, max_tokens: int, denoiser: Denoiser, policy: Policy) -> None:
        self.index = index
        self.job = job
        self.text = RowText(job, max_tokens, denoiser.vocabulary, policy)
        self.times: dict[str, float] = dict.fromkeys(
            ("prefill", "denoise", "condition", "commit", "total"), 0.0
        )
        self.trace: list[Step] = []
        self._started = perf_counter()
        self._policy = policy
        usual = denoiser.defaults
        self._entropy_bound = usual.entropy_bound if policy.entropy_bound is None else policy.entropy_bound
        self._confidence = usual.confidence if policy.confidence is None else policy.confidence
        self._stability = usual.stability if policy.stability is None else policy.stability
        self._greedy = job.temperature == 0
        self._schedule = _schedule(job, denoiser)
        self._vocabulary = denoiser.vocabulary
        self._canvas_length = denoiser.canvas_length
        self._start = job.starts[0]
        self._steps: list[int] = []
        self._blocks: list[Block] = []
        self._hurried = False
        self._outcome = Outcome.COMPLETE

    # A block starts, or starts again.

    def contenders(self) -> list[Row]:
        """One row for each start of the job, otherwise like this one; they tell each other apart by nothing else."""
        rows: list[Row] = []
        for start in self.job.starts:
            one = copy(self)
            one._start, one.trace, one.times = start, [], dict(self.times)
            one._steps, one._blocks = [], []
            rows.append(one)
        return rows

    def forget(self) -> None:
        """As if no step had been taken."""
        self._steps.clear()
        self.trace.clear()

    @property
    def steps_left(self) -> int:
        """Steps of the block's schedule that are still to come."""
        return self._schedule.steps - self._step

    def begin_block(self, canvas: torch.Tensor) -> None:
        """A new block, from noise int64 `[L]`."""
        self._steps.append(0)
        self.begin_again(canvas)

    def begin_again(self, canvas: torch.Tensor) -> None:
        """The same block once more, from other noise int64 `[L]`."""
        self.phase = Phase.DENOISING
        begins = self.block == 1
        self.canvas = self._start.onto(canvas.cpu()) if begins else canvas.cpu()
        self._belief: Belief | None = None
        self._step = self._schedule.skipped(self._start.strength) if begins else 0
        self._history: deque[bytes] = deque(maxlen=self._stability)

    @property
    def block(self) -> int:
        """The block's number, from 1."""
        return len(self._steps)

    # A denoising step.

    @property
    def self_conditioning(self) -> torch.Tensor | None:
        """What the model is told of its last answer, `[L, V]`; None at a block's first step."""
        if self._belief is None:
            return None
        if self._policy.self_conditioning == "constrained":
            return self._belief.constrained_logits
        return self._belief.logits

    @property
    def is_fresh(self) -> bool:
        """Whether the next step is the first since the canvas was filled with noise."""
        return self._belief is None

    @property
    def belief(self) -> Belief:
        """What the last step's logits say."""
        assert self._belief is not None
        return self._belief

    def observe(self, logits: torch.Tensor) -> None:
        """Takes a step's raw logits, float32 `[L, V]`, and decides which positions are sure enough to accept.

        Raises:
            ModelError: they are not numbers; names block, step and position.
        """
        self._step += 1
        self._steps[-1] += 1
        temperature = self._schedule.temperature(self._step)
        self._belief = self._believe(logits / temperature)
        progress = self._schedule.progress(self._step)
        self._doubt = self._policy.doubt(self.belief.entropies, self.belief.log_mass, progress)
        if self._policy.pin_forced:
            self._doubt = np.where(self.belief.forced(), 0.0, self._doubt)
        self._accepted = accept(self._doubt, self._entropy_bound)
        self._record(temperature)

    @property
    def draws_each_position(self) -> bool:
        """Whether this step's tokens are drawn position by position, from `probabilities` `[L, V]`."""
        return not self._greedy and self.belief.probabilities is not None

    @property
    def probabilities(self) -> torch.Tensor:
        """What `draws_each_position` draws from."""
        assert self.belief.probabilities is not None
        return self.belief.probabilities

    def tokens(self, randomness: Randomness) -> torch.Tensor:
        """This step's tokens, int64 `[L]`, if not drawn position by position: the best, or a joint sample."""
        chosen = self.belief.canvas if self._greedy else self.belief.sample(randomness.seed(self.index))
        return torch.from_numpy(chosen)

    def renoise(self, tokens: torch.Tensor, noise: torch.Tensor) -> None:
        """The next canvas: accepted tokens, and noise elsewhere; both int64 `[L]`."""
        rest = self._start.renoised(noise.cpu()) if self.block == 1 else noise.cpu()
        self.canvas = torch.where(torch.from_numpy(self._accepted), tokens.cpu(), rest)

    # The decision.

    def settled(self) -> bool:
        """Whether the best canvas is to be committed.

        It is if it is stable and sure, if there is one text only that it can hold, or if this was the last step.
        """
        constrained = self.job.constraint is not None
        text = self.belief.best[: self.belief.length] if constrained else self.belief.canvas
        counted = np.arange(self._canvas_length) < len(text)
        content = text.tobytes()
        stable = len(self._history) == self._history.maxlen and all(old == content for old in self._history)
        self._history.append(content)
        if self.text.only_one_way_on:
            return True
        if constrained and (stable or self._steps[-1] == 1):
            counted &= ~self.belief.forced()
            if not counted.any():
                return True
        if stable and float(self._doubt[counted].mean()) < self._confidence:
            return True
        self._hurried = self._step == self._schedule.steps
        return self._hurried

    def commit(self) -> bool:
        """Takes the best acceptable canvas into the text; False if all were refused: then the block starts
        again.

        Raises:
            ValidationFailed: no canvas is acceptable, or a validator broke.
        """
        _, remaining = self.text.room(self._canvas_length)
        before = tuple(self.text.ids)
        self.belief.finish()
        chosen = self.text.choose(self.belief)
        if chosen is None:
            return False
        if self.job.probabilities and self.belief.posterior is not None:
            self._blocks.append(Block(self.belief.posterior, before, remaining))
        self._outcome = Outcome.STEP_LIMIT if self._hurried else self._outcome
        self.phase = Phase.OVER if chosen.closes else Phase.COMMITTED
        self.committed = chosen.canvas
        self._belief = None
        return True

    # The end.

    def completion(self) -> Completion:
        """The result of a row that is over."""
        text = self.text.decoded()
        constraint = self.job.constraint
        ended = constraint is not None or self.text.ids[-1] in self._vocabulary.end_ids
        self.times["total"] = perf_counter() - self._started
        return Completion(
            value=text if constraint is None else constraint.constraint.parse(text),
            text=text,
            token_ids=tuple(self.text.ids),
            log_prob=self.text.log_prob,
            probabilities=probabilities(constraint, text, self._blocks)
            if constraint and self._blocks
            else {},
            steps=tuple(self._steps),
            blocks=len(self._steps),
            outcome=self._outcome if ended else Outcome.UNCLOSED,
            timings=dict(self.times),
            trace=tuple(self.trace),
        )

    def _believe(self, logits: torch.Tensor) -> Belief:
        budget, remaining = self.text.room(self._canvas_length)
        try:
            if self.job.constraint is None:
                return FreeBelief(logits, budget, self._vocabulary.end_ids)
            joint = self.job.constraint.cells
            if joint is None:
                return ConstrainedBelief(
                    logits, self.job.constraint, self.text.state, budget, remaining, len(self.text.ids)
                )
            return JointBelief(
                logits,
                self.job.constraint,
                joint,
                self.text.state,
                budget,
                remaining,
                tuple(self.text.ids),
            )
        except ModelError as error:
            raise ModelError(
                f"row {self.index}: {error.message}",
                path=f"block {self.block}, step {self._steps[-1]}, {error.path or 'some position'}",
                rule=error.rule,
                value=error.value,
                remedy=error.remedy or "check the model's weights and its dtype",
            ) from error

    def _record(self, temperature: float) -> None:
        belief = self.belief
        counted = slice(0, max(belief.length, 1)) if self.job.constraint is not None else slice(None)
        self.trace.append(
            Step(
                block=self.block,
                step=self._steps[-1],
                temperature=temperature,
                log_partition=belief.log_partition,
                mean_entropy=float(belief.entropies[counted].mean()),
                log_mass=float(belief.log_mass[counted].mean()),
                accepted=int(self._accepted.sum()),
                ids=belief.best,
                vocabulary=self._vocabulary,
                before=bytes(self.text.content),
            )
        )


def _schedule(job: Job, denoiser: Denoiser) -> Schedule:
    defaults = denoiser.defaults
    steps = defaults.max_denoising_steps if job.max_denoising_steps is None else job.max_denoising_steps
    if job.temperature is None or job.temperature == 0:
        return Schedule(defaults.t_min, defaults.t_max, steps)
    return Schedule(job.temperature, job.temperature, steps)
