"""What one row of a batch is asked for, and the check that it can be done at all."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from canvasgen.checks import whole_number
from canvasgen.denoise.protocol import Denoiser
from canvasgen.denoise.start import Start
from canvasgen.errors import BudgetTooSmall, InvalidConstraint, ModelError
from canvasgen.limits import Account
from canvasgen.tokens import Prefix

if TYPE_CHECKING:
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.denoise.validators import Validator
    from canvasgen.trace import Tracing

__all__ = ["Job", "token_budget"]


@dataclass(frozen=True)
class Job:
    """One generation.

    Attributes:
        prompt: token ids of the prompt.
        constraint: compiled for the denoiser's vocabulary; None for free text.
        max_tokens: budget; None: the model's default, or the whole canvases that the shortest valid text
            needs.
        max_denoising_steps: per block (and once more per restart); None: the model's own.
        temperature: None: the model's schedule; 0: tokens of the best canvas are accepted instead of a
            sample's, under the model's schedule; else constant.
        validators: besides the constraint's own.
        seed: of all the row's random numbers.
        starts: what is there before the first step; all have the same written tokens, which do not count towards
            `max_tokens`. Of several, the one wins under which the model gives valid texts the most mass.
        logprobs: how many alternatives of each token `Completion.logprobs` tells; None: it is empty.
        quality: 0 to 1, the thresholds and steps of `stopping.dial`; None: the policy's and the model's own.
        account: what the request may still need of its limits: the searches of its steps and its judgements are charged to
            it. None: each has the default limits.
        target_seconds: from the row's prefill to its end; as many steps are taken as that allows, one for each block at
            least, and one more where drafts lead. None: no target.
        asked: the prompt as people read it, for a full trace.
        tracing: what is recorded beside the steps; None: nothing.
        probabilities: whether the completion tells those of choice-like fields; keeps each block's logits till then.
    """

    prompt: Sequence[int]
    constraint: CompiledConstraint | None = None
    max_tokens: int | None = None
    max_denoising_steps: int | None = None
    temperature: float | None = None
    validators: tuple[Validator, ...] = field(default=())
    seed: int = 0
    starts: tuple[Start, ...] = (Start(),)
    probabilities: bool = False
    logprobs: int | None = None
    quality: float | None = None
    target_seconds: float | None = None
    account: Account | None = None
    asked: str | None = None
    tracing: Tracing | None = None

    @contextmanager
    def charged(self) -> Generator[None]:
        """Charge the work inside to the request."""
        if self.account is None:
            yield
        else:
            with self.account.open():
                yield

    @property
    def written(self) -> tuple[int, ...]:
        """Token ids that are there before the first canvas."""
        return self.starts[0].written

    def prefix(self) -> Prefix:
        """What is written already, as the beginning of a text.

        Raises:
            ModelError: no text of the constraint begins with it.
        """
        if self.constraint is None:
            return Prefix(self.written)
        found = self.constraint.prefix(self.written)
        if found is None:
            raise ModelError(
                "what is written already does not fit the constraint",
                rule="start",
                value=self.written,
                remedy="begin with a text that the constraint allows, or none",
            )
        return found


def token_budget(job: Job, denoiser: Denoiser) -> int:
    """The job's budget of tokens, checked against its constraint and the model's context.

    A text that closes with the budget's last token needs no end token: the shortest text itself is what
    must fit.

    Raises:
        BudgetTooSmall: no valid text fits.
        InvalidConstraint: a negative temperature, or no denoising step.
        ModelError: prompt and budget exceed the context, or the constraint is for another vocabulary.
    """
    if job.temperature is not None and not job.temperature >= 0:
        raise InvalidConstraint(
            "a temperature is 0 or more",
            rule="temperature",
            value=job.temperature,
            remedy="0 for the best answer, 1 for samples as the model means them",
        )
    if job.max_denoising_steps is not None:
        whole_number(job.max_denoising_steps, rule="max_denoising_steps", low=1)
    shortest = 1
    if job.constraint is not None:
        if job.constraint.vocabulary.fingerprint != denoiser.vocabulary.fingerprint:
            raise ModelError(
                "the constraint was compiled for another vocabulary than the model's",
                rule="vocabulary",
                remedy="compile it with the model's own vocabulary",
            )
        shortest = max(1, job.constraint.least_tokens(job.prefix()))
    budget = job.max_tokens
    if budget is None:
        length = denoiser.canvas_length
        room = length // 4 if any(start.canvas for start in job.starts) else 0
        budget = max(denoiser.defaults.max_tokens, -(-(shortest + room) // length) * length)
    if budget < shortest:
        raise BudgetTooSmall(
            f"the shortest valid text has {shortest} tokens or more, and the budget is {budget}",
            rule="max_tokens",
            value=budget,
            remedy=f"raise max_tokens to {shortest} or more",
        )
    limit = denoiser.max_context
    before = len(job.prompt) + len(job.written)
    if limit is not None and before + budget > limit:
        raise ModelError(
            f"the prompt has {before} tokens, but beside max_tokens {budget} the context of {limit} "
            f"has room for {max(0, limit - budget)}",
            rule="context length",
            value=before,
            remedy="shorten the prompt or lower max_tokens",
        )
    if not job.prompt:
        raise ModelError("the prompt has no tokens", rule="prompt", remedy="give at least one token")
    return budget
