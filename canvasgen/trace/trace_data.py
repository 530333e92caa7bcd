"""A trace as data: numbers, texts and lists of them, so that its JSON form is its definition.

Positions are those of a canvas within the token budget, from 0. Nats are whole thousandths ("millinats"), which are exact
in JSON and short; `TraceStep.nats` gives floats. Token ids are explained by the trace itself (`Trace.tokens`), so that it
can be read without the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from canvasgen.showing import call
from canvasgen.trace.trace_files import FORMAT, VERSION, checked_json, packed, write_trace
from canvasgen.viewer import page_of

__all__ = [
    "ACCEPTED",
    "FIXED",
    "FORCED",
    "LEAST",
    "TEXT",
    "Candidates",
    "Commitment",
    "Contender",
    "PlaceName",
    "Refusal",
    "Restart",
    "Trace",
    "TraceData",
    "TraceGrid",
    "TraceStep",
]

ACCEPTED, FORCED, FIXED, TEXT = 1, 2, 4, 8
"""Bits of a position's mark: accepted in this step; only one token is possible; it held a token that stays before this step;
it is a part of the draft's text (and not of the tail behind its end)."""

LEAST = -(10**9)
"""Millinats that stand for a log of zero: −1,000,000 nats."""

Counts = tuple[Annotated[int, Field(ge=-1)], ...]
Ids = tuple[Annotated[int, Field(ge=0)], ...]
Milli = tuple[Annotated[int, Field(ge=LEAST, le=-LEAST)], ...]
Natural = Annotated[int, Field(ge=0)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class TraceData(BaseModel):
    """Data of a trace: frozen, and no other fields than those that are listed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def __str__(self) -> str:
        return repr(self)


class Candidates(TraceData):
    """The most probable tokens of each position, most probable first.

    Attributes:
        counts: by position, how many tokens are told; 0: none; -1: the same as the model's (under the constraint only).
        ids: the tokens, position by position.
        log_probs: millinats, as many.
    """

    counts: Counts
    ids: Ids
    log_probs: Milli

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not sum(max(count, 0) for count in self.counts) == len(self.ids) == len(self.log_probs):
            raise ValueError("the counts do not sum to the number of tokens")
        return self

    def at(self, position: int) -> list[tuple[int, float]]:
        """Return (token, probability) of a position, most probable first; empty where none are told."""
        start = sum(count for count in self.counts[:position] if count > 0)
        stop = start + max(self.counts[position], 0)
        return [
            (token, float(np.exp(log_prob / 1000)))
            for token, log_prob in zip(self.ids[start:stop], self.log_probs[start:stop], strict=True)
        ]


class PlaceName(TraceData):
    """A part of the text that has a name.

    Attributes:
        kind: `field` (a value in JSON), `key` (its key), `hole` (of a template), `cell` (of a table) or `part` (of a sum of
            constraints).
        name: such as `address.city`, `name`, `row 1, column 3`.
        row, column: of a cell, from 0.
    """

    kind: Literal["field", "key", "hole", "cell", "part"]
    name: str
    row: Natural | None = None
    column: Natural | None = None


class TraceStep(TraceData):
    """One denoising step of a row with n positions within its budget.

    Attributes:
        block, step: from 1, as in `Step`.
        temperature: what the logits were divided by.
        log_partition: log of the model's mass on valid canvases, in nats; None without a constraint.
        log_prob: log P(draft | valid) of its text as a whole; None where it is not known.
        mean_entropy, mean_log_mass: nats per position of the text.
        accepted: positions accepted in this step.
        seconds: from the row's beginning to the end of this step.
        is_draft: whether the step only drafted the form of the text (`property_order="model"`).
        before: bytes of text that were committed before this canvas.
        draft: token ids `[n]` of the most probable valid canvas.
        marks: n hexadecimal digits, sums of `ACCEPTED`, `FORCED`, `FIXED` and `TEXT`; empty in a trace of steps alone. What
            is not accepted and not fixed is noise again in the next step.
        drawn: pairs (position, token) of the accepted positions whose token is not the draft's, flat.
        entropies: millinats `[n]`, of the constrained marginals; empty in a trace of steps alone, as the following.
        doubt: millinats `[n]`, by which positions are accepted.
        log_mass: millinats `[n]`, log of the model's mass on the tokens that are allowed at a position.
        states: the automaton's state `[m + 1]` before, between and behind the m tokens of the draft's text; empty without
            an automaton.
        spans: triples (place, start, stop) of the draft's named parts, flat: a number in `Trace.places`, bytes of the text.
        model: the model's most probable tokens; None if they were not asked for.
        allowed: the most probable tokens given that the text is valid; None without a constraint.
    """

    block: Annotated[int, Field(ge=1)]
    step: Annotated[int, Field(ge=1)]
    temperature: Finite
    log_partition: Finite | None
    log_prob: Finite | None
    mean_entropy: Finite
    mean_log_mass: Finite
    accepted: Natural
    seconds: Finite
    is_draft: bool = False
    before: Natural = 0
    draft: Ids
    marks: Annotated[str, Field(pattern="^[0-9a-f]*$")] = ""
    drawn: Ids = ()
    entropies: Milli = ()
    doubt: Milli = ()
    log_mass: Milli = ()
    states: Ids = ()
    spans: Ids = ()
    model: Candidates | None = None
    allowed: Candidates | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        n, m = len(self.draft), len(self.states) - 1
        lists: list[Sequence[object]] = [self.marks, self.entropies, self.doubt, self.log_mass]
        lists += [one.counts for one in (self.model, self.allowed) if one is not None]
        if any(len(one) not in (0, n) for one in lists) or m > n:
            raise ValueError("a list has another length than the draft")
        if len(self.drawn) % 2 or len(self.spans) % 3 or any(at >= n for at in self.drawn[::2]):
            raise ValueError("drawn or spans is cut off, or a position lies behind the canvas")
        return self

    def __repr__(self) -> str:
        return call("TraceStep", block=self.block, step=self.step, accepted=self.accepted)

    def marked(self, bits: int) -> NDArray[np.bool_]:
        """Return bool `[n]`: the positions whose mark has one of some bits; `[0]` in a trace of steps alone."""
        return np.array([bool(int(mark, 16) & bits) for mark in self.marks], dtype=np.bool_)

    def nats(self, name: Literal["entropies", "doubt", "log_mass"]) -> NDArray[np.float64]:
        """Return a list of millinats as nats, float64 `[n]`."""
        values: tuple[int, ...] = getattr(self, name)
        return np.array(values, dtype=np.float64) / 1000

    def candidates(self, position: int) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        """Return (token, probability) before and after conditioning, most probable first; empty where none were recorded."""
        if self.model is None:
            return [], []
        before = self.model.at(position)
        if self.allowed is None:
            return before, []
        same = self.allowed.counts[position] == -1
        return before, before if same else self.allowed.at(position)


class Commitment(TraceData):
    """A canvas was taken into the text behind a step: its tokens up to the end, and why the block ended."""

    block: Annotated[int, Field(ge=1)]
    step: Annotated[int, Field(ge=1)]
    ids: Ids
    outcome: str


class Refusal(TraceData):
    """A validator refused a text behind a step, for a reason."""

    block: Annotated[int, Field(ge=1)]
    step: Annotated[int, Field(ge=1)]
    text: str
    reason: str


class Restart(TraceData):
    """Behind a step, a block began again from fresh noise, since all its texts were refused."""

    block: Annotated[int, Field(ge=1)]
    step: Annotated[int, Field(ge=1)]


class Contender(TraceData):
    """One start in the race of a step.

    Attributes:
        step: the step.
        start: its number among the starts.
        width: tokens that are on its first canvas.
        mass: log of the model's mass on valid canvases, in nats.
        text: its draft.
        fate: `leads`, `goes on`, or why it left: `beaten`, `alike` (another one has the same text), `halved`, `decided` (the
            text of another one is certain).
    """

    step: Annotated[int, Field(ge=1)]
    start: Natural
    width: Natural
    mass: Finite
    text: str
    fate: Literal["leads", "goes on", "beaten", "alike", "halved", "decided"]


class TraceGrid(TraceData):
    """The rows and columns of a table by name, the cells that were given, and the region of each cell, row by row, where the
    table is cut into regions whose cells are all different (Sudoku's boxes); else none."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    given: tuple[tuple[Natural, Natural], ...] = ()
    regions: tuple[Natural, ...] = ()


class Trace(TraceData):
    """All that was recorded of one generation.

    Attributes:
        format, version: of the data; see `load_trace`.
        made_by: the version of canvasgen.
        kind: `full`, or `steps` for what every completion has.
        model: the model's class.
        vocabulary: fingerprint of the vocabulary.
        prompt: what was asked; None if it was not told.
        constraint: a short representation; None without one.
        notes: the lines of its `explain()`.
        grid: of a table.
        tokens: (id, text) of all tokens in the trace that are UTF-8, by id.
        pieces: (id, hexadecimal bytes) of the others, which hold parts of characters.
        end_ids: tokens that end a text.
        written: token ids that were written before the first canvas.
        places: the named parts of texts.
        steps: one for each denoising step.
        commitments, refusals, restarts: what happened behind steps.
        race: of each step, each start that took part, as far as several raced.
        outcome: how it ended, such as `complete`; None if it failed.
        error: why it failed; None if it did not.
        text: the text that was committed.
        token_ids: its tokens.
        log_prob: log P(text | valid), as in `Completion`.
        timings: seconds, as in `Completion`.
    """

    format: Literal["canvasgen trace"] = FORMAT
    version: Literal[1] = VERSION
    made_by: str
    kind: Literal["full", "steps"]
    model: str = ""
    vocabulary: str = ""
    prompt: str | None = None
    constraint: str | None = None
    notes: tuple[str, ...] = ()
    grid: TraceGrid | None = None
    tokens: tuple[tuple[Natural, str], ...]
    pieces: tuple[tuple[Natural, str], ...] = ()
    end_ids: Ids
    written: Ids = ()
    places: tuple[PlaceName, ...] = ()
    steps: tuple[TraceStep, ...]
    commitments: tuple[Commitment, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    restarts: tuple[Restart, ...] = ()
    race: tuple[Contender, ...] = ()
    outcome: str | None = None
    error: str | None = None
    text: str = ""
    token_ids: Ids = ()
    log_prob: Finite | None = None
    timings: dict[str, Finite] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _explains_itself(self) -> Self:
        known = {number for number, _ in (*self.tokens, *self.pieces)} | set(self.end_ids)
        places = range(len(self.places))
        for step in self.steps:
            told = [ids for one in (step.model, step.allowed) if one is not None for ids in one.ids]
            if not known.issuperset((*step.draft, *step.drawn[1::2], *told)):
                raise ValueError("a token is in a step, but not in the table of tokens")
            if any(number not in places for number in step.spans[::3]):
                raise ValueError("a span names a place that does not exist")
        return self

    def __repr__(self) -> str:
        return call("Trace", kind=self.kind, steps=len(self.steps), outcome=self.outcome, text=self.text)

    def token(self, number: int) -> bytes:
        """Return the bytes of a token of the trace; none for tokens that are no text."""
        for token, text in self.tokens:
            if token == number:
                return text.encode("utf-8")
        return next((bytes.fromhex(digits) for token, digits in self.pieces if token == number), b"")

    def to_json(self) -> str:
        """Return the trace as JSON; what has its default value is left out. `Trace.from_json` reads it."""
        head = f'{{"format":"{self.format}","version":{self.version},'
        return head + self.model_dump_json(exclude_defaults=True)[1:]

    def to_bytes(self) -> bytes:
        """Return the binary form, which `Trace.from_bytes` reads: a magic number, the version, the JSON in zlib's format."""
        return packed(self.to_json())

    @classmethod
    def from_json(cls, text: str | bytes) -> Trace:
        """Return the trace of a JSON text.

        Raises:
            InvalidTrace: it is none, or one of another version.
        """
        return checked_json(text, cls.model_validate_json)

    @classmethod
    def from_bytes(cls, data: bytes) -> Trace:
        """Return the trace of its binary form, or of JSON in UTF-8.

        Raises:
            InvalidTrace: it is none, or one of another version.
        """
        return checked_json(data, cls.model_validate_json)

    def save(self, path: str | Path) -> None:
        """Write the trace to a file: as JSON if its name ends in `.json`, as a page if in `.html`, else in the binary form.

        Raises:
            InvalidTrace: the file cannot be written.
        """
        suffix = Path(path).suffix.lower()
        text = self.to_html() if suffix == ".html" else self.to_json() if suffix == ".json" else None
        write_trace(path, self.to_bytes() if text is None else text.encode("utf-8"))

    def to_html(self, title: str | None = None) -> str:
        """Return one page of HTML that shows the trace and needs nothing else, no network either."""
        return page_of([self.to_json()], title=title, results=[self.text])
