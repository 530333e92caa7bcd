"""Exact probabilities of what the choice-like fields of a finished text could have been.

For each option the constraint is narrowed to the texts that have it, and

    P(field = option | valid) = Z(narrowed) / Z,

both partition sums over the same logits: those that the text was committed from. Of a text over several canvases, the
last one counts before which several options were still possible.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from canvasgen.errors import BudgetTooSmall, Unsatisfiable

if TYPE_CHECKING:
    from canvasgen.automata import Expr
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.constraints.compiled.lifted import Lifted
    from canvasgen.inference import Posterior
    from canvasgen.tokens import Budget, Prefix

__all__ = ["Block", "probabilities"]


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


def probabilities(
    constraint: CompiledConstraint, text: str, blocks: list[Block]
) -> dict[str, dict[Any, float]]:
    """By field, the probability of each option under the canvas that decided it."""
    return {
        field: _field(constraint, options, blocks)
        for field, options in constraint.constraint.options(text).items()
    }


def _field(
    constraint: CompiledConstraint, options: Mapping[Any, Expr], blocks: list[Block]
) -> dict[Any, float]:
    narrowed = {option: _narrowed(constraint, one) for option, one in options.items()}
    shares = dict.fromkeys(options, 0.0)
    for block in blocks:
        alive = {
            option: (one, prefix)
            for option, one in narrowed.items()
            if one is not None and (prefix := one.prefix(block.prefix.ids)) is not None
        }
        if block.prefix.ids and len(alive) < 2:
            break
        shares = dict.fromkeys(options, 0.0)
        for option, (one, prefix) in alive.items():
            log_share = _log_mass(one, prefix, block) - block.posterior.log_partition
            shares[option] = math.exp(min(0.0, log_share))
    return shares


def _narrowed(constraint: CompiledConstraint, language: Expr) -> Lifted | None:
    try:
        return constraint.narrowed(language)
    except Unsatisfiable:
        return None


def _log_mass(constraint: Lifted, prefix: Prefix, block: Block) -> float:
    try:
        return constraint.condition_block(block.posterior, prefix, block.budget).log_partition
    except (Unsatisfiable, BudgetTooSmall):
        return -math.inf
