"""What every generation records of a denoising step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from canvasgen.vocabulary import Vocabulary

__all__ = ["Step", "first_useful", "timings_of"]


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

    @property
    def is_whole(self) -> bool:
        """Whether the draft is a whole text, and the first canvas has all of it."""
        return self.block == 1 and bool(np.isin(self.ids, self.vocabulary.end_ids).any())

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


def timings_of(
    times: Mapping[str, float], total: float, trace: Sequence[Step], committed: str
) -> dict[str, float]:
    """Return the seconds of a row by what took them, with the whole, what is in none of the others, and `first_useful`.

    Args:
        times: by what took them.
        total: of the row.
        trace, committed: as for `first_useful`.
    """
    parts = sum(seconds for what, seconds in times.items() if what not in ("other", "total"))
    other = max(total - parts, 0.0)
    return {**times, "other": other, "total": total, "first_useful": first_useful(trace, committed)}
