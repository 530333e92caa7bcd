"""Requests inside of another engine's loop: the engine runs the model, a session says what to do with its logits.

    open ──▶ canvas ──▶ [the engine's forward pass] ──▶ logits ──▶ Sessions.step ──▶ Move
                ▲                                                                    │
                ├──── next canvas, the same block ───────────────────────────────────┤
                ├──── block: the engine reads it, then a fresh canvas ───────────────┤
                └──── completion or error: the request is over ◀─────────────────────┘

A step is `Batch.step` with the engine's logits: beliefs, doubt, joint samples, tables, relations, drafts that lead,
validators and the stop rule are those of canvasgen's own loop, and all sessions that are stepped together are conditioned in
one call on the logits' device. With the same logits and random numbers the tokens are the same (`tests/integrations`).

What an engine with one canvas for each request cannot have: races of several starts. A session takes the last of a job's
starts, on which all behind the first gap is noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from canvasgen.checks import is_sequence
from canvasgen.denoise import (
    Batch,
    Commit,
    Completion,
    Defaults,
    Denoiser,
    Done,
    Draft,
    Failed,
    Job,
    Policy,
    Randomness,
)
from canvasgen.denoise.seats import Seat
from canvasgen.engine import Engine
from canvasgen.errors import CanvasgenError, ModelError
from canvasgen.integrations.host_model import HostModel
from canvasgen.request import Options, Prompt, Request
from canvasgen.tokens import Budget

__all__ = ["Move", "Session", "Sessions"]

Logits = Tensor | NDArray[np.floating]


@dataclass(frozen=True)
class Move:
    """What an engine does after a step of one session.

    Attributes:
        canvas: int64 `[L]`, what the model reads next.
        best: int64 `[n]`, the most probable valid canvas at this step, of the n positions within the budget; empty after an
            error.
        decided: bool `[L]`, the positions of `canvas` whose token is no noise.
        block: tokens of text, with the end token, that this step has finished: the engine appends and reads them. None if
            the block goes on.
        begins: whether `canvas` is a fresh one, for the next block or for the same one once more: self-conditioning is off.
        completion: of a request that is over.
        error: of a request that has failed; it is over, too.
    """

    canvas: Tensor
    best: Tensor
    decided: Tensor
    block: tuple[int, ...] | None = None
    begins: bool = False
    completion: Completion | None = None
    error: CanvasgenError | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing follows."""
        return self.completion is not None or self.error is not None


class Session:
    """One request inside of another engine's loop.

    Attributes:
        number: of the session, in the order in which they were opened.
        prompt: token ids of the prompt, and of a text that is written before the first canvas.
        canvas: int64 `[L]`, what the model reads next.
        written: token ids of text so far, behind the prompt, with the end token once there is one.
        state: the automaton's state before the canvas; None at the start of the text, and without a constraint.
        budget: tokens for the canvas, and for what follows it.
        temperature: what the next step's logits are divided by, where the engine does not say.
        last: of the last step; None before the first.
    """

    def __init__(self, sessions: Sessions, seat: Seat) -> None:
        job = seat.row.job
        self._sessions = sessions
        self._before = len(job.written)
        self.number = seat.row.number
        self.prompt = (*job.prompt, *job.written)
        self.last: Move | None = None
        self._read(seat)

    def _read(self, seat: Seat) -> None:
        """Bring the session's own facts up to date."""
        text = seat.row.text
        self.canvas = seat.canvas
        self.written: tuple[int, ...] = text.prefix.ids[self._before :]
        self.state: int | None = text.prefix.state
        self.budget: Budget = text.budget
        self.temperature: float = seat.row.temperature(ahead=1)

    @property
    def position(self) -> int:
        """Tokens before the canvas: of the prompt, and of text."""
        return len(self.prompt) + len(self.written)

    @property
    def is_over(self) -> bool:
        """Whether the text is finished, or the request has failed."""
        return self.last is not None and self.last.is_over

    def step(self, logits: Logits, temperature: float | None = None) -> Move:
        """One step of this session alone; arguments and errors as for `Sessions.step`, without the dimension of the rows."""
        return self._sessions.step([self], logits[None], None if temperature is None else [temperature])[0]

    def close(self) -> None:
        """Drop the request, finished or not."""
        self._sessions.close(self)

    def moved(
        self, seat: Seat | None, draft: Draft | None, ends: Done | Failed | None, committed: bool
    ) -> Move:
        """Take in what a step has led to.

        Args:
            seat: of the row; None if it is over.
            draft: of the step; None after an error.
            ends: how the row ended.
            committed: whether a block was finished.
        """
        written = len(self.written)
        canvas, decided, begins = self.canvas, torch.zeros_like(self.canvas, dtype=torch.bool), False
        completion = ends.completion if isinstance(ends, Done) else None
        if seat is not None:
            self._read(seat)
            canvas, decided, begins = seat.canvas, seat.decided, seat.row.is_fresh
        elif completion is not None:
            self.written = completion.token_ids[self._before :]
        block = self.written[written:] if committed else None
        best = torch.as_tensor([] if draft is None else draft.record.ids, dtype=torch.int64)
        error = ends.error if isinstance(ends, Failed) else None
        self.last = Move(canvas, best, decided, block, begins, completion, error)
        return self.last


class Sessions:
    """All requests of one engine and one model.

    Not safe for threads.

    Args:
        engine: `canvasgen.load` of the model, of a `(HostModel, tokenizer)` pair, or of a `HostModel`; it makes the jobs.
        defaults: the engine's steps, temperatures and thresholds; None: the model's.
        policy: acceptance, commit and retry; None: `Policy()`.
        randomness: None: a generator for each session, from its job's seed.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        defaults: Defaults | None = None,
        policy: Policy | None = None,
        randomness: Randomness | None = None,
    ) -> None:
        self._engine = engine
        self._model = HostModel.of(engine.denoiser, defaults=defaults)
        self._batch = Batch(self._model, policy=policy, randomness=randomness, feeds_back=False)

    @property
    def model(self) -> Denoiser:
        """The model as the loop sees it."""
        return self._model

    def open(
        self,
        prompt: Prompt | Request = "",
        *,
        prompt_ids: Sequence[int] | None = None,
        **options: Unpack[Options],
    ) -> Session:
        """Begin a request; arguments and errors as for `canvasgen.generate`.

        Args:
            prompt: a text, chat messages, or a `Request`.
            prompt_ids: the prompt's token ids, where the engine has made them; None: `Engine.encode` makes them, with
                the schema told.
            options: the constraint and the settings.
        """
        job = self._engine.prepare(prompt, **options)
        return self.begin(job if prompt_ids is None else replace(job, prompt=tuple(prompt_ids)))

    def begin(self, job: Job) -> Session:
        """Begin a request from a job, which has been prepared elsewhere; errors as for `Batch.add`."""
        number = self._batch.add(replace(job, starts=job.starts[-1:]))
        self._batch.admit()
        seat = self._batch.seat(number)
        assert seat is not None, "the row has been admitted"
        return Session(self, seat)

    def close(self, session: Session) -> None:
        """Drop a session."""
        self._batch.remove(session.number)

    def step(
        self, sessions: Sequence[Session], logits: Logits, temperatures: Sequence[float] | None = None
    ) -> list[Move]:
        """What some sessions' logits lead to; the others rest.

        Args:
            sessions: none of them over, none twice.
            logits: `[B, L, V]`, as the model gives them for each session's `canvas`: soft-capped, before any temperature.
                They are not changed.
            temperatures: that the engine divides them by; None: those of the session's own schedule.

        Returns:
            One for each session, in order. Errors of a session are in its `Move`: the others go on.

        Raises:
            ModelError: shapes that do not fit, a session that is over, or twice in the list.
        """
        values = logits if isinstance(logits, Tensor) else torch.as_tensor(np.ascontiguousarray(logits))
        numbers = self._checked(sessions)
        self._model.give(numbers, self._heated(sessions, values, temperatures))
        events = self._batch.step(numbers)
        ends = {event.row: event for event in events if isinstance(event, (Done, Failed))}
        drafts = {event.row: event for event in events if isinstance(event, Draft)}
        committed = {event.row for event in events if isinstance(event, Commit)}
        return [
            one.moved(self._batch.seat(n), drafts.get(n), ends.get(n), n in committed)
            for n, one in zip(numbers, sessions, strict=True)
        ]

    def _checked(self, sessions: Sequence[Session]) -> list[int]:
        if not is_sequence(sessions) or not sessions:
            raise ModelError(
                "a step is of one session at least",
                rule="sessions",
                value=sessions,
                remedy="give one session or more",
            )
        over = [one.number for one in sessions if one.is_over or self._batch.seat(one.number) is None]
        numbers = [one.number for one in sessions]
        if over or len(set(numbers)) < len(numbers):
            raise ModelError(
                "a step is of sessions that are not over, each once",
                rule="sessions",
                value=over or numbers,
                remedy="leave out those whose `is_over` is true",
            )
        return numbers

    def _heated(self, sessions: Sequence[Session], logits: Tensor, given: Sequence[float] | None) -> Tensor:
        """The logits such that the loop's division by its own temperature makes them the engine's."""
        if given is None:
            return logits
        if len(given) != len(sessions) or not all(temperature > 0 for temperature in given):
            raise ModelError(
                "there is one temperature above zero for each session",
                rule="temperatures",
                value=given,
                remedy="give a list of numbers as long as `sessions`",
            )
        own = [one.temperature for one in sessions]
        if own == list(given):
            return logits
        ratios = torch.tensor(own, dtype=torch.float64) / torch.tensor(list(given), dtype=torch.float64)
        return logits * ratios.to(device=logits.device, dtype=logits.dtype)[:, None, None]
