"""Holes of a form that come back one by one: what the drafts of a block say of each hole by itself.

With h holes of which each comes back in a share p of the drafts, a whole text comes back in a share of p^h: the more holes,
the longer a form waits for all of them at once. But the holes of a form choose for themselves, so that texts of different
drafts can be put together. In each hole that text is chosen which has the most votes: each draft votes with the geometric
mean of its joint posterior over the holes, which fades by `FADES` in each step after it.

    drafts of three steps            "Dear Ann, … Friday"   "Dear Anna, … Friday"   "Dear Ann, … Fridayy"
    votes                            "Dear Ann, … Friday": each hole's text was the draft's in two steps of the three
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from canvasgen.automata import literal
from canvasgen.constraints.table.table import Table
from canvasgen.constraints.template import Template
from canvasgen.errors import BudgetTooSmall, Unsatisfiable

if TYPE_CHECKING:
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.constraints.compiled.belief import Belief
    from canvasgen.denoise.policy import Policy
    from canvasgen.denoise.steps import Step
    from canvasgen.tokens import Budget, Prefix

__all__ = ["FADES", "Form", "Votes", "form_of", "written"]

FADES = 0.8
"""The weight of a draft's vote a step later."""


class Form(NamedTuple):
    """A text of a form, cut at its holes.

    Attributes:
        around: the fixed texts: one more than holes.
        holes: the texts of the holes, in order.
    """

    around: tuple[str, ...]
    holes: tuple[str, ...]

    def filled(self, holes: Sequence[str]) -> str:
        """Return the text with other texts in its holes."""
        parts = [self.around[0]]
        for hole, after in zip(holes, self.around[1:], strict=True):
            parts += [hole, after]
        return "".join(parts)


def form_of(compiled: CompiledConstraint | None, step: Step) -> Form | None:
    """Return a step's draft as a form, if it is a whole text of a template whose holes choose for themselves, or of a table
    without relations; else None."""
    if compiled is None or compiled.calls is not None or not step.is_whole:
        return None
    constraint = compiled.constraint
    if isinstance(constraint, Template):
        spans = constraint.hole_spans(step.draft)
        if len({name for name, _, _ in spans}) < len(spans):
            return None
    elif isinstance(constraint, Table) and not constraint.relations:
        spans = constraint.cells_of(step.draft)
    else:
        return None
    if not spans:
        return None
    text, places = step.draft, [(start, stop) for _, start, stop in spans]
    edges = [0, *(edge for place in places for edge in place), len(text)]
    around = tuple(text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))
    return Form(around, tuple(text[start:stop] for start, stop in places))


@dataclass
class Votes:
    """The votes of the drafts of a block.

    Attributes:
        form: the last draft; None if there is none, or it is no form.
    """

    form: Form | None = None
    _weights: list[dict[str, float]] = field(default_factory=list[dict[str, float]])
    _counts: list[Counter[str]] = field(default_factory=list[Counter[str]])

    def add(self, form: Form | None, log_prob: float) -> None:
        """Take in the form of a step's draft, with its log P(text | valid) in nats; None: it is no form, or not whole."""
        self.form = form
        if form is None:
            return
        if len(self._counts) != len(form.holes):
            self._weights, self._counts = [{} for _ in form.holes], [Counter() for _ in form.holes]
        mean = math.exp(log_prob / len(form.holes))
        for text, weights, counts in zip(form.holes, self._weights, self._counts, strict=True):
            for known in weights:
                weights[known] *= FADES
            weights[text] = weights.get(text, 0.0) + mean
            counts[text] += 1

    @property
    def chosen(self) -> tuple[str, ...]:
        """By hole, the text with the most weight; of several, the one that came first."""
        return tuple(max(weights, key=weights.__getitem__) for weights in self._weights)

    @property
    def text(self) -> str | None:
        """The last draft's fixed text with the chosen texts in its holes; None if it is no form."""
        return None if self.form is None else self.form.filled(self.chosen)

    def instead_of(self, step: Step, policy: Policy) -> str | None:
        """Return `text` where it is another one than the draft of the last step, and that one is not certain; else None."""
        text = self.text
        is_certain = step.log_prob is not None and math.exp(step.log_prob) >= policy.certain
        return None if is_certain or text == step.draft else text

    @property
    def times(self) -> int:
        """In how many drafts each hole's chosen text was there, at least; 0 if the last draft is no form."""
        if self.form is None:
            return 0
        return min(counts[text] for text, counts in zip(self.chosen, self._counts, strict=True))


def written(
    text: str, belief: Belief, constraint: CompiledConstraint | None, prefix: Prefix, budget: Budget
) -> Belief:
    """Return a belief with the most probable canvas of a text in front; itself if the text cannot stand on the canvas.

    Args:
        text: the whole text.
        belief: of this step.
        constraint: of which it is a text.
        prefix, budget: where the canvas stands.
    """
    if constraint is None or belief.posterior is None:
        return belief
    if not constraint.constraint.automaton.accepts(text.encode("utf-8")):
        return belief
    try:
        narrow = constraint.narrowed(literal(text), remember=False)
        begun = narrow.prefix(prefix.ids)
        if begun is None:
            return belief
        best = narrow.condition_block(belief.posterior, begun, budget).best
    except (Unsatisfiable, BudgetTooSmall):
        return belief
    return belief.recalling(best, belief.log_prob(best))
