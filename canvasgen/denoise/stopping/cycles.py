"""Drafts that go round in a cycle: further steps change the text and do not make it more probable.

A model may come back to the same few texts until the step limit: two spellings of a value, or a word doubled and not
doubled. Its drafts (the best canvas of each step, as text) then hold few different texts, none of them new, and the joint
probability of none of them, given that it is valid, rises any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from canvasgen.denoise.policy import Policy
from canvasgen.denoise.stopping.votes import Form, Votes

__all__ = ["Drafts", "go_round"]


def go_round(texts: Sequence[bytes], log_probs: Sequence[float], policy: Policy) -> bool:
    """Return whether the last drafts of a block go round in a cycle.

    For some number k of different texts, up to `policy.cycle`, look at the last 3k drafts, and at `policy.patience_cycle` at
    least, in two halves (the later one has the odd draft). They do if both halves hold the same k texts, so that the drafts
    have come back to each, and the most probable draft of the later half is not more probable than that of the earlier one.
    One text that stays is a cycle of one.

    Args:
        texts: of each step's best canvas, oldest first.
        log_probs: nats, log P(best canvas | valid) at that step.
        policy: how long and how wide a cycle is looked for.
    """
    for k in range(1, policy.cycle + 1):
        window = max(policy.patience_cycle, 3 * k)
        if len(texts) < window:
            break
        middle = len(texts) - window + window // 2
        earlier, later = set(texts[len(texts) - window : middle]), set(texts[middle:])
        if len(earlier) == k and later == earlier:
            before = max(log_probs[len(texts) - window : middle])
            return not max(log_probs[middle:]) > before
    return False


@dataclass
class Drafts:
    """The drafts of a block so far.

    Attributes:
        texts: by step.
        log_probs: by step, nats.
        best: int64 `[n]`, the canvas of the step with the highest joint log-probability; the first of several.
        best_log_prob: its log-probability.
        votes: of the holes of a form.
    """

    texts: list[bytes] = field(default_factory=list[bytes])
    log_probs: list[float] = field(default_factory=list[float])
    best: NDArray[np.int64] | None = None
    best_log_prob: float = -np.inf
    votes: Votes = field(default_factory=Votes)

    def add(self, text: bytes, canvas: NDArray[np.int64], log_prob: float, form: Form | None = None) -> bool:
        """Take in a step's draft, and what is in its holes; return whether it is the most probable one so far."""
        self.votes.add(form, log_prob)
        self.texts.append(text)
        self.log_probs.append(log_prob)
        is_best = self.best is None or log_prob > self.best_log_prob
        if is_best:
            self.best, self.best_log_prob = canvas, log_prob
        return is_best

    @property
    def times(self) -> int:
        """In how many steps the last draft's text was the draft, or each of its holes had the text that is voted for; 0 if
        there is none."""
        return max(self.texts.count(self.texts[-1]), self.votes.times) if self.texts else 0

    def go_round(self, policy: Policy) -> bool:
        """Return whether they go round in a cycle; see `go_round`."""
        return go_round(self.texts, self.log_probs, policy)
