"""The text of a row over its blocks, and which canvas is added to it.

best canvas ──▶ closes the text? ──no──▶ taken (validators wait for the whole text)
                      │ yes
                      ▼
                 validators ──accept──▶ taken
                      │ refuse
                      ▼
                 next-best canvases whose text is new ──accept──▶ taken
                      │ all refused
                      ▼
                 fresh noise for the block, a few times
                      │ all refused, or there are no more texts that end here
                      ▼
                 best canvas whose text goes on ──there is one──▶ taken
                      │ none
                      ▼
                 ValidationFailed
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from canvasgen.constraints.compiled.belief import Belief, text_length
from canvasgen.denoise.policy import Policy
from canvasgen.denoise.validators import refusal
from canvasgen.errors import ValidationFailed
from canvasgen.tokens import Budget, Prefix

if TYPE_CHECKING:
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.denoise.job import Job
    from canvasgen.denoise.protocol import Denoiser

__all__ = ["Chosen", "RowText"]

_CANVASES_PER_TEXT = 8
"""Canvases looked at for each text that the validators may see: one text has many tokenizations."""


@dataclass(frozen=True)
class Chosen:
    """A canvas to take into the text.

    Attributes:
        canvas: int64 `[n]`.
        ids: its tokens of text, with the end token.
        state: the automaton's state after it; None without a constraint.
        closes: whether the text is finished with it.
    """

    canvas: NDArray[np.int64]
    ids: NDArray[np.int64]
    state: int | None
    closes: bool


class RowText:
    """What a row has committed so far, and the rule by which it commits more.

    Attributes:
        prefix: tokens of text, with the end token once there is one.
        content: their bytes.
        budget: of the next canvas.
        log_prob: sum of the committed canvases' log-probabilities.
    """

    def __init__(self, job: Job, max_tokens: int, denoiser: Denoiser, policy: Policy) -> None:
        self._vocabulary = denoiser.vocabulary
        self._canvas_length = denoiser.canvas_length
        self.prefix: Prefix = job.prefix()
        self.content = self._bytes(self.prefix.ids)
        self.budget = Budget.of(max_tokens, self._canvas_length)
        self.log_prob = 0.0
        self._constraint = job.constraint
        self._validators = job.validators
        self._policy = policy
        self._refused: dict[str, str] = {}
        self._restarts = 0
        self._saw_all = False  # whether the last search for texts came to its end

    @property
    def refused(self) -> Mapping[str, str]:
        """Texts that were refused, with the reasons."""
        return self._refused

    @cached_property
    def only_one_way_on(self) -> bool:
        """Whether the constraint leaves one text; what is still open then is how tokens cut it."""
        if self._constraint is None:
            return False
        return self._constraint.has_one_way_on(self.content)

    def leaves_no_choice(self, ids: NDArray[np.int64]) -> bool:
        """Whether there is one text for the next canvas: the only one there is, or fixed text as far as the canvas goes."""
        return self.only_one_way_on or (
            len(ids) <= self._fixed_bytes
            and not np.isin(ids, self._vocabulary.end_ids).any()
            and len(self._bytes(ids)) <= self._fixed_bytes
        )

    @cached_property
    def _fixed_bytes(self) -> int:
        """Bytes from here on that the constraint leaves no choice for."""
        if self._constraint is None:
            return 0
        return self._constraint.fixed_bytes(self.content)

    def adopt(self, constraint: CompiledConstraint, prefix: Prefix) -> None:
        """Goes on under another constraint, of whose texts what is written is a beginning."""
        self._constraint, self.prefix = constraint, prefix
        for known in ("only_one_way_on", "_fixed_bytes"):
            self.__dict__.pop(known, None)

    def choose(self, belief: Belief) -> Chosen | None:
        """Takes the first acceptable canvas; None if all were refused and the block is to be denoised again.

        Raises:
            ValidationFailed: all were refused, the restarts are used up and no text goes on; or a validator broke.
        """
        best = self._weigh(belief, belief.best)
        if not best.closes:
            return self._take(belief, best)
        texts = self._new_texts(belief)
        for chosen, text in islice(texts, self._policy.candidates + 1):
            reason = refusal(text, self._constraint and self._constraint.constraint, self._validators)
            if reason is None:
                return self._take(belief, chosen)
            self._refused[text] = reason
        going_on = belief.going_on() if self.budget.after > 0 else None
        every_end_is_refused = next(texts, None) is None and self._saw_all
        if going_on is None or not every_end_is_refused:
            if self._restarts < self._policy.restarts:
                self._restarts += 1
                return None
            if going_on is None:
                raise self._failure()
        return self._take(belief, self._weigh(belief, going_on))

    def decoded(self) -> str:
        """The text so far; a character that a block's border cuts waits for its other half."""
        return codecs.getincrementaldecoder("utf-8")(errors="replace").decode(self.content)

    def _new_texts(self, belief: Belief) -> Iterator[tuple[Chosen, str]]:
        """Closing canvases whose text was not refused before, most probable first."""
        self._saw_all = False
        most = _CANVASES_PER_TEXT * (self._policy.candidates + 1 + len(self._refused))
        canvases = belief.candidates()
        for canvas in islice(canvases, most):
            chosen = self._weigh(belief, canvas)
            if chosen.closes:
                text = self._with(chosen.ids).decode("utf-8", errors="replace")
                if text not in self._refused:
                    yield chosen, text
        self._saw_all = belief.posterior is not None and next(canvases, None) is None

    def _weigh(self, belief: Belief, canvas: NDArray[np.int64]) -> Chosen:
        ids = canvas[: text_length(canvas, self._vocabulary.end_ids)]
        state = belief.end_state(canvas)
        ended = ids.size > 0 and int(ids[-1]) in self._vocabulary.end_ids
        closes = ended or self.budget.after == 0 or self._nothing_follows(state)
        return Chosen(canvas, ids, state, closes)

    def _nothing_follows(self, state: int | None) -> bool:
        """Whether the automaton has no way on from a state: then the text is complete, end token or not."""
        if self._constraint is None or state is None:
            return False
        automaton = self._constraint.token_automaton
        return state == automaton.ended or len(automaton.targets(state)) == 0

    def _take(self, belief: Belief, chosen: Chosen) -> Chosen:
        self.prefix = self.prefix.then(chosen.ids.tolist(), chosen.state)
        self.content = self._with(chosen.ids)
        self.log_prob += belief.log_prob(chosen.canvas)
        self.budget = Budget.of(self.budget.after, self._canvas_length)
        for remembered in ("only_one_way_on", "_fixed_bytes"):
            self.__dict__.pop(remembered, None)
        return chosen

    def _with(self, ids: NDArray[np.int64]) -> bytes:
        return self.content + self._bytes(ids)

    def _bytes(self, ids: Sequence[int] | NDArray[np.int64]) -> bytes:
        return self._vocabulary.text_bytes(np.array(ids, dtype=np.int64))

    def _failure(self) -> ValidationFailed:
        best, reason = next(iter(self._refused.items()))
        return ValidationFailed(
            f"all {len(self._refused)} texts that were tried were refused; of the first: {reason}",
            text=best,
            reasons=tuple(self._refused.values()),
            rule="validators",
            value=best,
            remedy="put what the validators demand into the constraint or the prompt, or allow more restarts",
        )
