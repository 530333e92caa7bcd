"""From requests to completions: one model, its prompts, its constraints."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Unpack, cast, overload

from canvasgen.checks import checked_quality, is_bool, is_iterable, is_text, whole_number
from canvasgen.constraints import Constraint
from canvasgen.constraints.choices import MOST_OPTIONS
from canvasgen.decisions import AnswerOptions, after_one_step, after_several_steps
from canvasgen.denoise import Batch, Completion, Done, Event, Failed, Job, Policy, Start, run, stream
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint, ModelError
from canvasgen.limits import Account, checked_limits
from canvasgen.models.canvases import canvas_for
from canvasgen.models.lengths import check_length
from canvasgen.models.loading import Loaded
from canvasgen.models.starts import starts_from, suited
from canvasgen.models.wording import shown_as
from canvasgen.once import Once
from canvasgen.request import (
    MOST_STEPS,
    Options,
    Prompt,
    Request,
    as_request,
    check_settings,
    readable,
    request_of,
    settled,
    settled_or_raised,
)
from canvasgen.request.own_code import OnValue, progress_over
from canvasgen.scheduling import Coroutines, Scheduler, Ticket, results_of
from canvasgen.showing import call
from canvasgen.trace import tracing_of

if TYPE_CHECKING:
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.denoise import Denoiser
    from canvasgen.vocabulary import Vocabulary

__all__ = ["Engine", "Request"]


_MOST_REMEMBERED = 64
MOST_ROWS, MOST_SAMPLES = 4096, 1024
"""Rows that go through the model together, and canvases of noise that a decision is averaged over."""


class Engine(Coroutines):
    """A loaded model that turns requests into completions.

    `complete`, `generate` and `stream` take either a `Request` or its fields as arguments. So do `acomplete`, `agenerate`
    and `astream`, for tasks of an event loop: as many at once as they like, their rows share the model's forward passes.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        policy: Policy | None = None,
        specialist: Callable[[str], Engine] | None = None,
        scheduler: Scheduler | None = None,
    ) -> None:
        """Wrap a loaded model.

        Args:
            loaded: the model and its prompts.
            policy: when positions are accepted and blocks committed.
            specialist: the engine of an embedded model, by its name, for the requests whose constraint it was trained
                for; None: this engine answers them all.
            scheduler: runs what `submit`, `acomplete`, `agenerate` and `astream` ask for; None: `Scheduler()`.

        Raises:
            InvalidConstraint: the policy is none.
        """
        if not isinstance(cast("object", policy), Policy | None):
            raise InvalidConstraint(
                "a policy is one of canvasgen.denoise",
                rule="policy",
                value=policy,
                remedy="give Policy(…), or None",
            )
        self._loaded = loaded
        self._policy = policy
        self._specialist = specialist
        self.scheduler = scheduler or Scheduler()
        # By identity; the constraint is kept with it, so that no other one gets its identity.
        self._canvases: dict[int, Denoiser] = {}
        self._constraints: Once[tuple[CompiledConstraint, Constraint]] = Once(
            _MOST_REMEMBERED, max_bytes=256_000_000, weigh=lambda pair: pair[0].num_bytes
        )

    def __repr__(self) -> str:
        model = self.denoiser
        return call(
            "Engine", model=type(model).__name__, tokens=model.vocab_size, canvas_length=model.canvas_length
        )

    @property
    def denoiser(self) -> Denoiser:
        """The model as the loop sees it."""
        return self._loaded.denoiser

    @property
    def vocabulary(self) -> Vocabulary:
        """The model's token ids and their bytes."""
        return self._loaded.denoiser.vocabulary

    def tokens(self, text: str) -> list[int]:
        """Return the ids of a text from the model's tokenizer, without special tokens.

        Raises:
            InvalidConstraint: it is no string that has UTF-8.
        """
        if not is_text(text):
            raise InvalidConstraint(
                "a text is a str that has UTF-8",
                rule="text",
                value=text,
                remedy="give a str without lone surrogates",
            )
        return self._loaded.prompts.tokens(text)

    def encode(self, prompt: Prompt, constraint: Constraint | None = None) -> list[int]:
        """Return the token ids that the model reads for a prompt, with what it is told of its answer.

        Args:
            prompt: a text, or chat messages.
            constraint: described in the prompt, as in `complete`; None: the prompt alone.

        Raises:
            ModelError: the prompt is neither, or the tokenizer cannot write it.
            InvalidConstraint: not a constraint.
        """
        resolved = Request(prompt, constraint=constraint).resolve()
        return self._loaded.encode(prompt, None if resolved is None else resolved.shown)

    def prepare(self, prompt: Prompt | Request = "", **options: Unpack[Options]) -> Job:
        """Return the job of a request: the prompt's token ids, the compiled constraint, starts and settings.

        For clients of the loop below the engine (`denoise.Batch`, `integrations.Sessions`); arguments and errors as for
        `complete`. The model is this engine's own, with its usual canvas.
        """
        request = check_settings(as_request(prompt, options))
        account = Account(checked_limits(request.limits))
        with account.open():
            return replace(self._job(request, request.resolve()), account=account)

    def _complete(self, request: Request) -> Completion:
        engine, denoiser, job = self._prepared(request)
        return settled(request, run(denoiser, [job], policy=engine._policy)[0])

    def stream(self, prompt: Prompt | Request = "", **options: Unpack[Options]) -> Iterator[Event]:
        """Return the events of a completion: `Draft` at every step, `Commit` at every block, `Done` at the end.

        Errors of the request are raised here and not at the first event.
        """
        request = as_request(prompt, options)
        engine, denoiser, job = self._prepared(request)
        return self._raising(stream(denoiser, [job], policy=engine._policy), request)

    def submit(self, request: Request, tell: Callable[[Event], None]) -> Ticket:
        """Give a request to the scheduler's thread, where its rows share the forward passes of all others there.

        Args:
            request: the request; its constraint is compiled here.
            tell: called in that thread with each event, the last of which is `Done` or `Failed`; must return at once.

        Raises:
            CanvasgenError: the request is impossible.
        """
        engine, denoiser, job = self._prepared(request)
        return self.scheduler.submit(denoiser, job, tell, policy=engine._policy)

    def adopt(self, compiled: CompiledConstraint) -> Constraint:
        """Return the constraint of one that was compiled elsewhere, for this engine's vocabulary; it is not compiled again.

        Raises:
            ModelError: it was compiled for another vocabulary.
        """
        if compiled.vocabulary.fingerprint != self.vocabulary.fingerprint:
            raise ModelError(
                "the constraint was compiled for another vocabulary",
                rule="vocabulary",
                remedy="compile it with the vocabulary of this engine: constraint.compile(engine.vocabulary)",
            )
        constraint = compiled.constraint
        assert isinstance(constraint, Constraint)
        self._constraints.get(id(constraint), lambda: (compiled, constraint))
        return constraint

    @overload
    def batch(
        self,
        requests: Iterable[Request | Mapping[str, Any]],
        *,
        size: int = 16,
        progress: bool = False,
        errors: Literal["raise"] = "raise",
    ) -> list[Completion]: ...

    @overload
    def batch(
        self,
        requests: Iterable[Request | Mapping[str, Any]],
        *,
        size: int = 16,
        progress: bool = False,
        errors: Literal["return"],
    ) -> list[Completion | CanvasgenError]: ...

    def batch(
        self,
        requests: Iterable[Request | Mapping[str, Any]],
        *,
        size: int = 16,
        progress: bool = False,
        errors: Literal["raise", "return"] = "raise",
    ) -> Sequence[Completion | CanvasgenError]:
        """Return all completions, in order; different prompts and constraints share the forward passes.

        Args:
            requests: requests, or their fields as mappings.
            size: rows that go through the model together at most; bounds the memory. When one is finished, the next
                request takes its seat.
            progress: show a progress bar on standard error.
            errors: `raise` the first, or `return` each in the place of its completion.

        Raises:
            CanvasgenError: the first error, unless they are returned; requests are checked before the model runs.
        """
        size = whole_number(size, rule="size", low=1, high=MOST_ROWS)
        wanted: Any = errors
        if not isinstance(wanted, str) or wanted not in ("raise", "return"):
            raise InvalidConstraint(
                "errors are raised or returned",
                rule="errors",
                value=wanted,
                remedy='errors="raise" or errors="return"',
            )
        done: dict[int, Completion | CanvasgenError] = {}
        batches: dict[int, tuple[Batch, list[int]]] = {}  # by its model, one for each length of canvases
        if not is_bool(progress):
            raise InvalidConstraint(
                "progress is True or False",
                rule="progress",
                value=progress,
                remedy="progress=True shows how many are done",
            )
        if not is_iterable(requests) or isinstance(requests, (str, bytes, Mapping)):
            raise InvalidConstraint(
                "requests are a list of them",
                rule="requests",
                value=requests,
                remedy="give a list of cg.Request, of dicts or of prompts",
            )
        asked: dict[int, Request] = {}
        for number, request in enumerate(requests):
            try:
                made = request_of(request, number)
                asked[number] = made
                engine, denoiser, job = self._prepared(made)
                if id(denoiser) not in batches:
                    batches[id(denoiser)] = Batch(denoiser, policy=engine._policy, size=size), []
                batch, numbers = batches[id(denoiser)]
                batch.add(job)
                numbers.append(number)
            except CanvasgenError as error:
                if errors == "raise":
                    raise
                done[number] = error
        waiting = sum(len(batch) for batch, _ in batches.values())
        for number, result in progress_over(results_of(batches.values()), waiting, progress):
            try:
                done[number] = settled_or_raised(asked[number], result)
            except CanvasgenError as error:
                if errors == "raise":
                    raise
                done[number] = error
        return [done[number] for number in sorted(done)]

    def decide(
        self,
        prompt: Prompt,
        options: Sequence[Any] | Mapping[str, Any],
        *,
        samples: int = 4,
        steps: int = 1,
        seed: int | None = None,
    ) -> dict[Any, float]:
        """Return the probability of each option as the whole answer; arguments and errors as for `canvasgen.decide`."""
        samples = whole_number(samples, rule="samples", low=1, high=MOST_SAMPLES)
        steps = whole_number(steps, rule="steps", low=1, high=MOST_STEPS)
        first = secrets.randbits(62) if seed is None else whole_number(seed, rule="seed", low=None)
        varies = self.denoiser.noise.varies  # one step from masks: one canvas says it all
        seeds = [first + at for at in range(samples if varies or steps > 1 else 1)]
        check_settings(Request(prompt))
        length = self.denoiser.canvas_length
        found = AnswerOptions(options, self._compiled, length)
        count = len(found.choice.values)
        if steps == 1 or count == 1:
            model = self._sized(Job((), self._compiled(found.choice), max_tokens=length))  # as after several
            return after_one_step(model, self._loaded.encode(prompt, None), found, seeds)
        if count > MOST_OPTIONS:
            raise ConstraintTooLarge(
                f"more than {MOST_OPTIONS} options", rule="options", value=count, remedy="take steps=1"
            )
        request = Request(
            prompt,
            constraint=found.choice,
            max_tokens=length,
            max_denoising_steps=steps,
            temperature=1.0,
            probabilities=True,
            prompt_schema=False,  # as after one step: the prompt alone asks
            on_step_limit="return",
        )
        return after_several_steps(found, self.batch(replace(request, seed=one) for one in seeds))

    def _prepared(self, request: Request) -> tuple[Engine, Denoiser, Job]:
        """Return the engine that answers a request, its model with the canvas that suits the answer, and the job there."""
        account = Account(checked_limits(request.limits))
        with account.open():
            request = check_settings(request)
            constraint = request.resolve()
            trained = None if constraint is None else constraint.shown.trained
            engine = self if trained is None or self._specialist is None else self._specialist(trained.model)
            job = replace(engine._job(request, constraint), account=account)
            return engine, engine._sized(job), job

    def _sized(self, job: Job) -> Denoiser:
        """Return the model with the canvas that suits a job; the same object for the same length."""
        usual = None if self._policy is None else self._policy.canvas_length
        found = canvas_for(self.denoiser, job.constraint, job.starts, max_tokens=job.max_tokens, usual=usual)
        return self._canvases.setdefault(found.canvas_length, found)

    def _job(self, request: Request, constraint: Constraint | None) -> Job:
        shown = None if constraint is None or not request.prompt_schema else constraint.shown
        if isinstance(request.prompt_schema, Mapping):
            shown = shown_as(request.prompt_schema)
        seed = secrets.randbits(62) if request.seed is None else request.seed
        check_length(request.prompt, self.denoiser.max_context, self.vocabulary)
        return Job(
            prompt=self._loaded.encode(request.prompt, shown),
            constraint=None if constraint is None else self._compiled(constraint),
            max_tokens=request.max_tokens,
            max_denoising_steps=request.max_denoising_steps,
            quality=None if request.quality is None else checked_quality(request.quality),
            target_seconds=None if request.target_ms is None else request.target_ms / 1000,
            temperature=request.temperature,
            validators=tuple(OnValue(v, constraint) for v in request.validators),
            seed=seed,
            asked=readable(request.prompt),
            tracing=tracing_of(request.trace),
            probabilities=bool(request.probabilities),
            logprobs=request.logprobs,
            starts=(Start(),) if constraint is None else self._starts(constraint, seed),
        )

    def _compiled(self, constraint: Constraint) -> CompiledConstraint:
        """Return the constraint over the model's vocabulary; threads that ask for the same one wait for the first.

        Called before a job goes to the loop: the loop's thread compiles nothing.
        """
        found, _ = self._constraints.get(
            id(constraint), lambda: (constraint.compile(self.vocabulary), constraint)
        )
        return found

    def _starts(self, constraint: Constraint, seed: int) -> tuple[Start, ...]:
        length, ends = self.denoiser.canvas_length, self.vocabulary.end_ids
        shown = constraint.shown
        if self._loaded.lays_text and shown.only_hole is None:
            shown = shown.as_gap()
        starts = starts_from(
            shown, self._loaded.prompts.tokens, canvas_length=length, end_ids=ends, seed=seed
        )
        return suited(starts, self._compiled(constraint))

    @staticmethod
    def _raising(events: Iterator[Event], request: Request) -> Iterator[Event]:
        for event in events:
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Done):
                settled(request, event.completion)
            yield event
