"""The recorder of one row: it is shown each step and each decision, and makes the trace of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Protocol

from canvasgen.automata import DEAD
from canvasgen.denoise.recording.seen import Seen
from canvasgen.denoise.recording.token_table import token_table
from canvasgen.denoise.steps import Step
from canvasgen.extras import installed_version
from canvasgen.outline import grid_of, outline
from canvasgen.trace import Commitment, Contender, PlaceName, Refusal, Restart, Trace, TraceStep
from canvasgen.trace.trace_data import LEAST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from canvasgen.constraints import CompiledConstraint
    from canvasgen.denoise.job import Job
    from canvasgen.denoise.protocol import Denoiser
    from canvasgen.errors import Outcome
    from canvasgen.tokens import Prefix
    from canvasgen.trace import Tracing

__all__ = ["Recorder", "step_data"]


class Written(Protocol):
    """What a row has committed, as `RowText` has it."""

    prefix: Prefix
    log_prob: float

    def decoded(self) -> str:
        """Return the text."""
        ...


def step_data(
    step: Step, *, is_draft: bool = False, states: tuple[int, ...] = (), spans: tuple[int, ...] = ()
) -> TraceStep:
    """Return what a trace of steps alone says of a step, with some more."""
    return TraceStep(
        block=step.block,
        step=step.step,
        temperature=step.temperature,
        log_partition=step.log_partition,
        log_prob=step.log_prob,
        mean_entropy=round(step.mean_entropy, 6),
        mean_log_mass=round(step.log_mass, 6) if isfinite(step.log_mass) else LEAST / 1000,
        accepted=step.accepted,
        seconds=round(step.seconds, 6),
        is_draft=is_draft,
        before=len(step.before),
        draft=tuple(step.ids.tolist()),
        states=states,
        spans=spans,
    )


@dataclass
class _Shared:
    """What the contenders of a race record together, and what was worked out for texts that came before."""

    race: list[Contender] = field(default_factory=list[Contender])
    places: dict[PlaceName, int] = field(default_factory=dict[PlaceName, int])
    outlines: dict[tuple[int, str], tuple[int, ...]] = field(
        default_factory=dict[tuple[int, str], tuple[int, ...]]
    )


class Recorder:
    """Records one row.

    Attributes:
        tracing: what is asked for.
        length: positions of the present canvas within the budget.
        last: the last step that was recorded; None before the first.
    """

    def __init__(self, tracing: Tracing, job: Job, denoiser: Denoiser) -> None:
        self.tracing = tracing
        self.length = 0
        self._job = job
        self._denoiser = denoiser
        self._vocabulary = denoiser.vocabulary
        self._shared = _Shared()
        self._steps: list[TraceStep] = []
        self._commitments: list[Commitment] = []
        self._refusals: list[Refusal] = []
        self._restarts: list[Restart] = []
        self._told: set[str] = set()
        self._pending: TraceStep | None = None
        self._known_states: tuple[object, tuple[int, ...], tuple[int, ...]] = (None, (), ())

    def contender(self) -> Recorder:
        """Return the recorder of one start in a race, before the first step."""
        one = Recorder(self.tracing, self._job, self._denoiser)
        one._shared = self._shared
        return one

    @property
    def last(self) -> TraceStep | None:
        """The last step."""
        return self._steps[-1] if self._steps else None

    def step(
        self, step: Step, constraint: CompiledConstraint | None, state: int | None, *, is_draft: bool
    ) -> None:
        """Record a step; `see` adds what was decided about its positions.

        Args:
            step: the step.
            constraint: what the canvas was conditioned on.
            state: its automaton's state before the canvas; None: the start.
            is_draft: whether nothing is committed from it.
        """
        self.length = len(step.ids)
        ids: tuple[int, ...] = tuple(step.ids.tolist())
        self._pending = step_data(
            step,
            is_draft=is_draft,
            states=() if constraint is None else self._states(constraint, state, ids),
            spans=() if constraint is None else self._spans(constraint, step.draft),
        )

    def see(self, seen: Seen) -> None:
        """Add what was decided about the positions of the step."""
        assert self._pending is not None
        self._steps.append(self._pending.model_copy(update=seen._asdict()))
        self._pending = None

    def _states(
        self, constraint: CompiledConstraint, state: int | None, ids: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Return the states along a canvas; those that it shares with the canvas before are taken from there."""
        automaton = constraint.token_automaton
        key = (id(automaton), state)
        known_key, known_ids, known = self._known_states
        same = 0
        if known_key == key:
            for one, other in zip(ids, known_ids, strict=False):
                if one != other:
                    break
                same += 1
        found = list(known[: same + 1]) or [automaton.start if state is None else state]
        for token in ids[len(found) - 1 :]:
            if found[-1] == automaton.ended:
                break
            after = automaton.run([token], found[-1])
            if after == DEAD:
                break
            found.append(after)
        self._known_states = (key, ids, tuple(found))
        return tuple(found)

    def _spans(self, constraint: CompiledConstraint, text: str) -> tuple[int, ...]:
        """Return the named parts of a text, as triples of a place and bytes."""
        shared, key = self._shared, (id(constraint), text)
        if key not in shared.outlines:
            found: list[int] = []
            for place, start, stop in outline(constraint.constraint, text):
                number = shared.places.setdefault(place, len(shared.places))
                begins = len(text[:start].encode("utf-8", "replace"))
                found += [number, begins, begins + len(text[start:stop].encode("utf-8", "replace"))]
            shared.outlines[key] = tuple(found)
        return shared.outlines[key]

    def raced(self, contender: Contender) -> None:
        """Record one start of a race's step."""
        self._shared.race.append(contender)

    def refused(self, block: int, step: int, reasons: Mapping[str, str]) -> None:
        """Record the texts that were refused, as far as they are new."""
        for text, reason in reasons.items():
            if text not in self._told:
                self._told.add(text)
                self._refusals.append(Refusal(block=block, step=step, text=text, reason=reason))

    def decided(
        self,
        block: int,
        step: int,
        refused: Mapping[str, str],
        ids: NDArray[np.int64] | None,
        ending: Outcome,
    ) -> None:
        """Record what became of a canvas that was to be committed.

        Args:
            block, step: of the canvas.
            refused: all texts that were refused so far, with the reasons.
            ids: the tokens that were taken; None: the block begins again.
            ending: why the block ended.
        """
        self.refused(block, step, refused)
        if ids is None:
            self._restarts.append(Restart(block=block, step=step))
        else:
            self._commitments.append(
                Commitment(block=block, step=step, ids=tuple(ids.tolist()), outcome=str(ending))
            )

    def trace(
        self,
        constraint: CompiledConstraint | None,
        text: Written,
        *,
        outcome: str | None = None,
        error: str | None = None,
        timings: Mapping[str, float] | None = None,
    ) -> Trace:
        """Return the trace of all that was recorded.

        Args:
            constraint: what the text was generated under.
            text: what was committed.
            outcome, error, timings: as the fields of `Trace`.
        """
        token_ids = text.prefix.ids
        written = tuple(self._job.written)
        others = [*written, *token_ids, *self._vocabulary.end_ids]
        others += [token for one in self._commitments for token in one.ids]
        table = token_table(self._vocabulary, self._steps, others)
        texts = None if constraint is None else constraint.constraint
        return Trace(
            made_by=installed_version(),
            kind="full",
            model=type(self._denoiser).__name__,
            prompt=self._job.asked,
            vocabulary=self._vocabulary.fingerprint,
            constraint=None if texts is None else repr(texts),
            notes=() if texts is None else tuple(map(str, texts.explain())),
            grid=None if texts is None else grid_of(texts),
            tokens=table.tokens,
            pieces=table.pieces,
            end_ids=self._vocabulary.end_ids,
            written=written,
            places=tuple(self._shared.places),
            steps=tuple(self._steps),
            commitments=tuple(self._commitments),
            refusals=tuple(self._refusals),
            restarts=tuple(self._restarts),
            race=tuple(self._shared.race),
            outcome=outcome,
            error=error,
            text=text.decoded(),
            token_ids=tuple(token_ids),
            log_prob=text.log_prob,
            timings={name: round(seconds, 6) for name, seconds in (timings or {}).items()},
        )
