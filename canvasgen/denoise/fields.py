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

from canvasgen.automata import DEAD
from canvasgen.errors import BudgetTooSmall, Unsatisfiable

if TYPE_CHECKING:
    from canvasgen.automata import Expr
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.constraints.compiled.lifted import Lifted
    from canvasgen.inference import Posterior

__all__ = ["Block", "probabilities"]


@dataclass(frozen=True)
class Block:
    """What a canvas was committed from.

    Attributes:
        posterior: of its positions within the budget.
        before: token ids of the text before the canvas.
        remaining: tokens of budget after it.
    """

    posterior: Posterior
    before: tuple[int, ...]
    remaining: int


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
        states = {
            option: one.token_automaton.run(block.before)
            for option, one in narrowed.items()
            if one is not None
        }
        alive = [option for option, state in states.items() if state != DEAD]
        if block.before and len(alive) < 2:
            break
        shares = dict.fromkeys(options, 0.0)
        for option in alive:
            one = narrowed[option]
            assert one is not None
            shares[option] = math.exp(
                min(0.0, _log_mass(one, states[option], block) - block.posterior.log_partition)
            )
    return shares


def _narrowed(constraint: CompiledConstraint, language: Expr) -> Lifted | None:
    try:
        return constraint.narrowed(language)
    except Unsatisfiable:
        return None


def _log_mass(constraint: Lifted, state: int, block: Block) -> float:
    try:
        return constraint.condition(
            block.posterior, state=state, remaining=block.remaining, offset=len(block.before)
        ).log_partition
    except (Unsatisfiable, BudgetTooSmall):
        return -math.inf
