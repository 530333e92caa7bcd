"""Exact probabilities of what the choice-like fields of a finished text could have been.

An *outcome* of a field is one of its options, all others together where they are too many to list, or that the field is
absent. Each is a part of the constraint's texts, and
together they are all of them:

    P(outcome is still possible after the canvas | valid) = Z(texts of the outcome) / Z

both partition sums over the same logits: those that the text was committed from. If no canvas leaves two outcomes possible,
these are the probabilities of the outcomes. Otherwise a canvas decides an outcome if no other one is possible after it,

    P(outcome is decided | valid) = 1 - Z(texts that can be read as another outcome) / Z

and the share of the canvases that decide none is *open*: their text goes on, and both "1" and "12" may follow; or it can be
read in two ways. Of a text over several canvases, the last one counts before which several outcomes were possible.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from canvasgen.automata import EMPTY, difference, from_dfa, to_dfa, union
from canvasgen.constraints.texts import OTHER
from canvasgen.denoise.completion import Shares
from canvasgen.errors import BudgetTooSmall, Unsatisfiable, located
from canvasgen.limits import look

if TYPE_CHECKING:
    from canvasgen.automata import Expr
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.constraints.compiled.lifted import Lifted
    from canvasgen.inference import Posterior
    from canvasgen.tokens import Budget, Prefix

__all__ = ["Block", "probabilities"]

_ROUNDING = 1e-6
"""By how much the shares of outcomes that exclude each other may miss one."""


@dataclass(frozen=True)
class Block:
    """What a canvas was committed from.

    Attributes:
        posterior: of its positions within the budget.
        prefix, budget: where the canvas stands in its text.
    """

    posterior: Posterior
    prefix: Prefix
    budget: Budget


def probabilities(constraint: CompiledConstraint, text: str, blocks: Sequence[Block]) -> dict[str, Shares]:
    """By field, the probability of each option under the canvas that decided it."""
    found: dict[str, Shares] = {}
    for field, options in constraint.options(text).items():
        with located(field):
            found[field] = _field(constraint, options, blocks)
    return found


def _field(constraint: CompiledConstraint, options: Mapping[Any, Expr], blocks: Sequence[Block]) -> Shares:
    listed = [option for option in options if option is not OTHER]
    languages = [options[option] for option in listed]
    if OTHER in options:
        languages.append(options[OTHER])
    languages.append(difference(constraint.language, union(*languages)))
    narrowed = [_narrowed(constraint, language) for language in languages]
    shares: list[float] = []
    block = blocks[0]
    for block in reversed(blocks):
        shares = [_share(one, block) for one in narrowed]
        if sum(share > 0 for share in shares) > 1:
            break
    total, is_open = sum(shares), 0.0
    if abs(total - 1) <= _ROUNDING:
        shares = [share / total for share in shares]
    else:
        others = [_narrowed(constraint, language) for language in _others(constraint, languages)]
        shares = [max(0.0, 1.0 - _share(one, block)) for one in others]
        is_open = max(0.0, 1.0 - sum(shares))
    other = shares[len(listed)] if OTHER in options else 0.0
    told = zip(listed, shares, strict=False)
    return Shares(told, absent=shares[-1], other=other, open=is_open)


def _others(constraint: CompiledConstraint, languages: Sequence[Expr]) -> list[Expr]:
    """For each language, the texts that are in another one of them."""

    def joined(one: Expr, other: Expr) -> Expr:
        return from_dfa(to_dfa(union(one, other), constraint.constraint.limits))

    before = accumulate(languages[:-1], joined, initial=EMPTY)
    after = list(accumulate(reversed(languages[1:]), joined, initial=EMPTY))
    return [union(left, right) for left, right in zip(before, reversed(after), strict=True)]


def _narrowed(constraint: CompiledConstraint, language: Expr) -> Lifted | None:
    try:
        return constraint.narrowed(language)
    except Unsatisfiable:
        return None


def _share(constraint: Lifted | None, block: Block) -> float:
    """Of the mass of a canvas's posterior, how much goes to the texts of a narrower constraint."""
    look()
    prefix = None if constraint is None else constraint.prefix(block.prefix.ids)
    if constraint is None or prefix is None:
        return 0.0
    try:
        mass = constraint.condition_block(block.posterior, prefix, block.budget).log_partition
    except (Unsatisfiable, BudgetTooSmall):
        return 0.0
    return math.exp(mass - block.posterior.log_partition)
