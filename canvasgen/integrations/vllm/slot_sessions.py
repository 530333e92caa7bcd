"""The sessions of the requests in vLLM's slots. Nothing here raises: an error of a request is kept, and ends it.

add ──▶ DENOISE ──block──▶ COMMIT ──emitted──▶ DENOISE … ──▶ over: vLLM stops at the end token, and removes it
           │                  ▲
           └──error───────────┘  the canvas that is committed says that the request has failed (`ending`)
"""
# vLLM's objects are known by the few fields that are read:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import Tensor

from canvasgen.denoise import Start
from canvasgen.engine import Engine
from canvasgen.errors import CanvasgenError, ValidationFailed
from canvasgen.integrations.session import Session, Sessions
from canvasgen.integrations.vllm.admission import job_of
from canvasgen.integrations.vllm.counting import CONDITIONING, FAILURE, REFUSALS, STEPS, Teller
from canvasgen.integrations.vllm.ending import FAILED, KEY

__all__ = ["Slots", "Turn"]

_log = logging.getLogger("vllm.canvasgen")


@dataclass
class Slot:
    """One request.

    Attributes:
        request: vLLM's id of it.
        session: None if it could not begin.
        commits: int64 `[L]`, the canvas that is emitted next; None while the session denoises.
        failed: whether it ends in an error.
        steps: of the canvas that it denoises.
    """

    request: str
    session: Session | None
    commits: Tensor | None = None
    failed: bool = False
    steps: int = 0


class Turn(NamedTuple):
    """What vLLM does with a slot in its next step.

    Attributes:
        canvas: int64 `[L]`, that the model reads.
        commits: whether it is emitted, and read into the context.
        begins: whether the same block begins once more, from noise.
    """

    canvas: Tensor
    commits: bool
    begins: bool


class Slots:
    """By vLLM's slot, the requests that have a constraint.

    Args:
        sessions: of the model.
        engine: that makes their jobs.
        steps: denoising steps of a block, where the request says nothing.
        tells: whether this worker's counts are told; of several that do the same, one is enough.
        clock: seconds, for the share that conditioning takes.
    """

    def __init__(
        self,
        sessions: Sessions,
        engine: Engine,
        steps: int,
        *,
        tells: bool = False,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._sessions = sessions
        self._engine = engine
        self._steps = steps
        self._slots: dict[int, Slot] = {}
        self._end = engine.vocabulary.end_ids[0]
        self._length = engine.denoiser.canvas_length
        self._teller = Teller() if tells else None
        self._clock = clock
        self._spent, self._ended, self._last = 0.0, 0.0, frozenset[str]()

    def __contains__(self, slot: int) -> bool:
        """Whether a slot has a request with a constraint."""
        return slot in self._slots

    def __len__(self) -> int:
        """How many there are."""
        return len(self._slots)

    def add(self, slot: int, new: Any) -> bool:
        """Begin the session of a request; return whether it has a constraint.

        Args:
            slot: vLLM's.
            new: vLLM's `NewRequestData`.
        """
        self.remove(slot)
        params = new.sampling_params
        extra = (getattr(params, "extra_args", None) or {}) if params is not None else {}
        if KEY not in extra:
            return False
        self._slots[slot] = found = Slot(new.req_id, None)
        try:
            found.session = self._begun(new, extra)
        except Exception as error:  # noqa: BLE001  an exception here takes the server down, with all requests
            self._fail(found, error)
        return True

    def _begun(self, new: Any, extra: Mapping[str, Any]) -> Session:
        prompt, known = list(new.prompt_token_ids), list(new.prefill_token_ids or new.prompt_token_ids)
        emitted = tuple(known[len(prompt) :])  # before it was preempted
        written = json.loads(extra[KEY])
        child = str(new.req_id).partition("_")[0]  # of several answers to one prompt
        seed = int(written.pop("seed", 0)) + (int(child) if child.isdecimal() else 0) + len(emitted)
        job = job_of(self._engine, written, prompt)
        job = replace(job, seed=seed, max_tokens=new.sampling_params.max_tokens)
        if job.max_denoising_steps is None and job.quality is None:
            job = replace(job, max_denoising_steps=self._steps)
        if emitted:
            left = None if job.max_tokens is None else job.max_tokens - len(emitted)
            job = replace(job, starts=(Start(written=emitted),), max_tokens=left)
        return self._sessions.begin(job)

    def remove(self, slot: int) -> None:
        """Drop a slot's request, finished or not."""
        found = self._slots.pop(slot, None)
        if found is not None and found.session is not None:
            found.session.close()

    def first(self, slot: int) -> Turn:
        """What a slot does when its prompt has been read."""
        return self._turn(slot)

    def is_denoising(self, slot: int) -> bool:
        """Whether a slot's logits of this step are read."""
        return self._slots[slot].commits is None

    def emitted(self, slot: int) -> Turn:
        """What a slot does after its commit."""
        found = self._slots[slot]
        if found.session is not None and not found.failed:
            found.commits = None
            if found.session.is_over:  # the text has filled its last canvas to the end: the next one ends it
                found.commits = torch.full((self._length,), self._end, dtype=torch.int64)
        return self._turn(slot)

    def step(self, slots: Sequence[int], logits: Tensor) -> dict[int, Turn]:
        """What one denoising step leads to.

        Args:
            slots: that denoise.
            logits: `[len(slots), L, V]`, as the model gives them.

        Returns:
            What each does next.
        """
        begun = self._clock()
        begins: set[int] = set()
        going = [slot for slot in slots if self._session(slot) is not None]
        try:
            at = {slot: place for place, slot in enumerate(slots)}
            own = logits if going == list(slots) else logits[[at[slot] for slot in going]]
            if going:
                sessions = [one for one in map(self._session, going) if one is not None]
                moves = self._sessions.step(sessions, own)
                for slot, move in zip(going, moves, strict=True):
                    self._slots[slot].steps += 1
                    if move.error is not None:
                        self._fail(self._slots[slot], move.error)
                    elif move.block is not None:
                        self._commit(self._slots[slot], move.block)
                    elif move.begins:
                        begins.add(slot)
        except Exception as error:  # noqa: BLE001  as in `add`
            for slot in going:
                self._fail(self._slots[slot], error)
        self._spent = self._clock() - begun
        return {slot: self._turn(slot, slot in begins) for slot in slots}

    def end_step(self, slots: Sequence[int]) -> None:
        """Count a step of the engine: what share of it `step` took.

        A step lasts from the end of the one before it. It is counted if a request went on from there: else the engine may
        have had nothing to do meanwhile.

        Args:
            slots: that denoised.
        """
        now = self._clock()
        requests = frozenset(self._slots[slot].request for slot in slots if slot in self._slots)
        if requests & self._last and now > self._ended:
            self._tell(CONDITIONING, min(1.0, self._spent / (now - self._ended)))
        self._ended, self._last, self._spent = now, requests, 0.0
        if self._teller is not None:
            self._teller.flush()

    def _session(self, slot: int) -> Session | None:
        found = self._slots[slot]
        return None if found.commits is not None else found.session

    def _turn(self, slot: int, begins: bool = False) -> Turn:
        found = self._slots[slot]
        if found.commits is not None:
            return Turn(found.commits, True, False)
        assert found.session is not None, "a request without a session has failed"
        return Turn(found.session.canvas, False, begins)

    def _commit(self, found: Slot, block: tuple[int, ...]) -> None:
        found.commits = self._padded(block)
        self._tell(STEPS, found.steps)
        found.steps = 0

    def _tell(self, event: str, value: float) -> None:
        if self._teller is not None:
            self._teller.tell(event, value)

    def _padded(self, block: tuple[int, ...]) -> Tensor:
        """A block as a whole canvas, int64 `[L]`: what is behind its text ends it."""
        canvas = torch.full((self._length,), self._end, dtype=torch.int64)
        canvas[: len(block)] = torch.tensor(block, dtype=torch.int64)
        return canvas

    def _fail(self, found: Slot, error: Exception) -> None:
        known = isinstance(error, CanvasgenError)
        _log.error("request %s has failed: %s", found.request, error, exc_info=None if known else error)
        found.failed = True
        found.commits = torch.full((self._length,), FAILED, dtype=torch.int64)
        self._tell(FAILURE, 1)
        if isinstance(error, ValidationFailed):
            self._tell(REFUSALS, len(error.reasons))
