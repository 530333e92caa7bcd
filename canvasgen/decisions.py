"""The probability of each option as the whole answer: what `Engine.decide` computes from canvases."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from canvasgen.constraints import choice, literal
from canvasgen.constraints.choices import by_key
from canvasgen.denoise.randomness import RowRandomness
from canvasgen.errors import BudgetTooSmall, ConstraintTooLarge, Unsatisfiable

if TYPE_CHECKING:
    from canvasgen.constraints import CompiledConstraint, Constraint
    from canvasgen.constraints.choices import Choice
    from canvasgen.denoise import Completion, Denoiser

__all__ = ["AnswerOptions", "after_one_step", "after_several_steps"]


MOST_DECIDED = 1_000
"""Options of a decision."""


class AnswerOptions:
    """The options of a decision, checked: each can be written on one canvas.

    Attributes:
        choice: the options as a constraint.
        parts: the constraint of each option.
    """

    def __init__(
        self,
        options: Sequence[Any] | Mapping[str, Any],
        compiled: Callable[[Constraint], CompiledConstraint],
        canvas_length: int,
    ) -> None:
        """Check the options, whatever the number of steps.

        Raises:
            InvalidConstraint: there are no options, or two are written alike.
            Unsatisfiable: an option cannot be written with the model's tokens.
            BudgetTooSmall: an option does not fit into one canvas.
            ConstraintTooLarge: there are more than `MOST_DECIDED`, each of which is compiled.
        """
        self.choice: Choice = choice(options)
        if len(self.choice.values) > MOST_DECIDED:
            raise ConstraintTooLarge(
                f"more than {MOST_DECIDED} options",
                rule="options",
                value=len(self.choice.values),
                remedy="decide among groups of them first",
            )
        self.parts: list[CompiledConstraint] = []
        for text in self.choice.values:
            try:
                part = compiled(literal(text))
            except Unsatisfiable as error:
                raise Unsatisfiable(
                    "an option cannot be written with the tokens of the model",
                    rule="options",
                    value=text,
                    remedy="spell the option with characters that the model's tokens have",
                ) from error
            needed = part.shortest_tokens
            if needed > canvas_length:
                raise BudgetTooSmall(
                    f"an option takes {needed} tokens, a canvas has {canvas_length}",
                    rule="options",
                    value=text,
                    remedy="shorten it: a decision is read from one canvas",
                )
            self.parts.append(part)

    def keyed(self, shares: Sequence[float]) -> dict[Any, float]:
        """Return the shares of the options by `by_key`."""
        rows = zip(self.choice.values.items(), shares, strict=True)
        return by_key((value, text, share) for (text, value), share in rows)


def after_one_step(
    denoiser: Denoiser, prompt_ids: Sequence[int], options: AnswerOptions, seeds: Sequence[int]
) -> dict[Any, float]:
    """Return the probabilities after one step, each canvas of noise with the same weight.

    Raises:
        ModelError: NaN or +inf among the logits.
        Unsatisfiable: the model gives every option probability zero (−inf).
    """
    context = denoiser.prefill([list(prompt_ids)] * len(seeds))
    length = denoiser.canvas_length
    canvas = denoiser.noise.fresh(
        range(len(seeds)), length, RowRandomness(list(seeds), length, denoiser.vocab_size)
    )
    logits = denoiser.denoise(context, canvas, None)
    logits = denoiser.noise.read(logits, canvas, torch.zeros(canvas.shape, dtype=torch.bool))
    scores = torch.tensor(
        [[_log_mass(part, row) for part in options.parts] for row in logits], dtype=torch.float64
    )
    if bool((scores.max(dim=1).values == -math.inf).any()):
        raise Unsatisfiable(
            "the model gives every option probability zero",
            rule="logits",
            remedy="check the model, or ask it with a lower temperature",
        )
    shares: list[float] = torch.softmax(scores, dim=1).mean(dim=0).numpy().tolist()
    return options.keyed(shares)


def _log_mass(part: CompiledConstraint, logits: torch.Tensor) -> float:
    try:
        return float(part.condition(logits).log_partition)
    except Unsatisfiable:
        return -math.inf


def after_several_steps(options: AnswerOptions, done: Sequence[Completion]) -> dict[Any, float]:
    """Return the mean of the probabilities that completions with the choice tell."""
    told = [list(one.probabilities[""].values()) for one in done]
    return options.keyed([math.fsum(shares) / len(done) for shares in zip(*told, strict=True)])
