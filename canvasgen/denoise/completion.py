"""What a generation returns, and what a stream tells on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

from typing_extensions import TypeVar

from canvasgen.denoise.recording import trace_of_steps
from canvasgen.denoise.steps import Step
from canvasgen.denoise.telling.token_logs import TokenLog
from canvasgen.errors import CanvasgenError, Outcome
from canvasgen.grounding import Span, in_terminal, to_html
from canvasgen.showing import call, call_of
from canvasgen.viewer import completion_in_notebook, page_of

if TYPE_CHECKING:
    from rich.text import Text

    from canvasgen.trace import Trace, TraceStep

Value = TypeVar("Value", covariant=True, default=Any)

__all__ = ["Commit", "Completion", "Done", "Draft", "Event", "Failed", "Shares", "Step"]


class Shares(dict[Any, float]):
    """The probability of each option of a field: that the canvas decides for it.

    With `absent`, `other` and `open` they sum to one.

    Attributes:
        absent: the probability that the text does not have the field.
        other: of a grounded field, the probability of all values that are not listed.
        open: the probability that the canvas decides for none: what may still follow it, or several ways to read it, leave
            more than one option.
    """

    def __init__(
        self,
        options: Iterable[tuple[Any, float]] = (),
        *,
        absent: float = 0.0,
        other: float = 0.0,
        open: float = 0.0,
    ) -> None:
        super().__init__(options)
        self.absent = absent
        self.other = other
        self.open = open


@dataclass(frozen=True, repr=False)
class Completion(Generic[Value]):
    """The result of one generation, with a value of the type `Value`.

    Attributes:
        value: what the constraint makes of the text; the text itself without a constraint.
        text: the text, without its end token.
        token_ids: its tokens, with the end token if one was written.
        log_prob: sum over the blocks of log P(canvas | valid) in nats, under the last distributions before
            each commit (position by position without a constraint): how sure the model was of exactly these
            tokens.
        probabilities: if asked for, by choice-like field of the value (`status`, `items[0].size`, a template's hole; the
            empty name for the whole), the probability of each option given that the text is valid: exact, under the
            distributions of the canvas that decided it and given the canvases before. A grounded field has that of its value
            (summed over the tokenizations, and over the places that state it) and of null, if it may be null. See `Shares`:
            with `absent`, `other` and `open` they sum to one.
        logprobs: if asked for, by token of `token_ids` that a canvas has written, what the step it was committed from says
            of its position, under the constraint and without it.
        sources: of a grounded constraint, by field the first place in a source that says it; `sources_html` and
            `highlighted` show them.
        steps: denoising steps of each block.
        blocks: number of blocks.
        outcome: how it ended.
        proven: for relations between fields, and for a table with relations that are kept (mode `exact`): True if each
            canvas, when it was committed, was proven to be the most probable one of all that satisfy the relations; False
            if the searches' time ended before that, or a validator refused a more probable one. None for everything else.
        timings: seconds by `prefill`, `denoise`, `condition`, `solve` (searches for a table's values), `commit`,
            `other` (waiting for other rows, and the rest) and `total`, which is the sum of them. In a batch the model's
            forward passes are shared, and each row that took part counts them in full. `first_useful` is no part of the
            sum: the time to the first draft of the first block that no later step changed.
        trace: one `Step` per denoising step.
        full_trace: what every step saw and decided, if it was asked for (`trace="full"`).
    """

    value: Value
    text: str
    token_ids: tuple[int, ...]
    log_prob: float
    probabilities: Mapping[str, Shares] = field(default_factory=dict[str, Shares])
    logprobs: tuple[TokenLog, ...] = field(default=(), repr=False)
    sources: Mapping[str, Span] = field(default_factory=dict[str, Span])
    steps: tuple[int, ...] = ()
    blocks: int = 0
    outcome: Outcome = Outcome.COMPLETE
    proven: bool | None = None
    timings: Mapping[str, float] = field(default_factory=dict[str, float])
    trace: tuple[Step, ...] = field(default=(), repr=False)
    full_trace: Trace | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        return call(
            "Completion",
            value=self.value,
            log_prob=round(self.log_prob, 3),
            steps=self.steps,
            outcome=str(self.outcome),
        )

    def as_trace(self) -> Trace:
        """Return the full trace, or one of the steps alone if none was asked for.

        Raises:
            InvalidTrace: the completion has no steps.
        """
        if self.full_trace is not None:
            return self.full_trace
        facts = {"outcome": str(self.outcome), "text": self.text, "log_prob": self.log_prob}
        return trace_of_steps(self.trace, self.token_ids, self.timings, facts)

    def to_html(self) -> str:
        """Return one page of HTML that shows how the text formed and needs nothing else, no network either.

        It shows all there is to see of a generation with `trace="full"`, else the drafts alone; and the sources of its
        values, if it has any.

        Raises:
            InvalidTrace: the completion has no steps.
        """
        trace = self.as_trace()
        return page_of(
            [trace.to_json()], results=[self.text], below=to_html(self.sources) if self.sources else ""
        )

    def sources_html(self) -> str:
        """Return the sources as an HTML fragment, with the places of the values marked and named by field.

        Raises:
            InvalidConstraint: no value is taken from a source.
        """
        return to_html(self.sources)

    def _repr_html_(self) -> str:
        return completion_in_notebook(self)

    def highlighted(self) -> Text:
        """Return the sources with the places of the values marked, to be printed by `rich.print`.

        Raises:
            InvalidConstraint: no value is taken from a source.
            MissingPackage: rich is not installed.
        """
        return in_terminal(self.sources)


@dataclass(frozen=True, repr=False)
class Draft:
    """A denoising step is over; `text` is the best text at this step, made when asked for.

    Attributes:
        row: its row.
        record: the step.
        details: what it saw and decided, if a full trace was asked for.
    """

    row: int
    record: Step = field(repr=False)
    details: TraceStep | None = field(default=None, repr=False, compare=False)

    __match_args__ = ("text", "block", "step")

    @property
    def text(self) -> str:
        """The whole text as it stands."""
        return self.record.draft

    @property
    def block(self) -> int:
        """The block's number, from 1."""
        return self.record.block

    @property
    def step(self) -> int:
        """The step's number in its block, from 1."""
        return self.record.step

    def __repr__(self) -> str:
        return call("Draft", text=self.text, block=self.block, step=self.step, row=self.row)


@dataclass(frozen=True, repr=False)
class Commit:
    """A block is final; `text` is the whole text up to its end."""

    text: str
    block: int
    row: int = 0

    def __repr__(self) -> str:
        return call_of(self)


@dataclass(frozen=True)
class Done:
    """A row is finished."""

    completion: Completion
    row: int = 0


@dataclass(frozen=True)
class Failed:
    """A row ended in an error of its own; the other rows go on."""

    error: CanvasgenError
    row: int = 0


Event: TypeAlias = Draft | Commit | Done | Failed
