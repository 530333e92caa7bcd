"""What a generation returns, and what a stream tells on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypeVar

from canvasgen.denoise.telling.token_logs import TokenLog
from canvasgen.errors import CanvasgenError, Outcome
from canvasgen.grounding import Span, in_terminal, to_html
from canvasgen.showing import call, call_of

if TYPE_CHECKING:
    from rich.text import Text

    from canvasgen.vocabulary import Vocabulary

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


@dataclass(frozen=True)
class Step:
    """One denoising step of one row.

    Attributes:
        block, step: counted from 1; the steps of a block that was denoised again go on counting.
        temperature: what the logits were divided by.
        log_partition: log of the mass that the model, at this temperature, gives to all valid canvases;
            None for a row without a constraint. Two steps' masses are comparable only at the same
            temperature.
        mean_entropy: nats per position of the text, of the constrained marginals.
        log_prob: log P(best canvas | valid) of its text as a whole, in nats; None without a constraint, and for a table
            whose relations are kept.
        log_mass: mean log of the mass that the model gives the tokens allowed at a position of the text.
        accepted: positions accepted in this step.
        seconds: from the row's beginning to the end of this step.
        ids: the best canvas, int64 `[L]`.
    """

    block: int
    step: int
    temperature: float
    log_partition: float | None
    mean_entropy: float
    log_mass: float
    accepted: int
    ids: NDArray[np.int64] = field(repr=False)
    vocabulary: Vocabulary = field(repr=False, compare=False)
    before: bytes = field(default=b"", repr=False)
    log_prob: float | None = None
    seconds: float = field(default=0.0, compare=False)

    @property
    def mass(self) -> float:
        """`log_partition`, or zero without a constraint."""
        return 0.0 if self.log_partition is None else self.log_partition

    @cached_property
    def draft(self) -> str:
        """The whole text as it would be if this step's best canvas were committed."""
        return (self.before + self.vocabulary.text_bytes(self.ids)).decode("utf-8", errors="replace")


def first_useful(trace: Sequence[Step], committed: str) -> float:
    """Return the seconds until the first draft of the first block that stayed: the time to the first useful edit.

    Args:
        trace: all steps of a row.
        committed: the text after the first block; where an earlier draft or a validator's choice was committed, the
            last step's draft is another one, and what counts is the end of that step.
    """
    block = [step for step in trace if step.block == 1]
    seconds = block[-1].seconds
    for step in reversed(block):
        if step.draft != committed:
            break
        seconds = step.seconds
    return seconds


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
        sources: of a grounded constraint, by field the first place in a source that says it; `to_html` and `highlighted`
            show them.
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

    def __repr__(self) -> str:
        return call(
            "Completion",
            value=self.value,
            log_prob=round(self.log_prob, 3),
            steps=self.steps,
            outcome=str(self.outcome),
        )

    def to_html(self) -> str:
        """Return the sources as an HTML fragment, with the places of the values marked and named by field.

        Raises:
            InvalidConstraint: no value is taken from a source.
        """
        return to_html(self.sources)

    def highlighted(self) -> Text:
        """Return the sources with the places of the values marked, to be printed by `rich.print`.

        Raises:
            InvalidConstraint: no value is taken from a source.
            MissingPackage: rich is not installed.
        """
        return in_terminal(self.sources)


@dataclass(frozen=True, repr=False)
class Draft:
    """A denoising step is over; `text` is the best text at this step, made when asked for."""

    row: int
    record: Step = field(repr=False)

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
