"""The decision on a row's canvas: which one is taken, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from canvasgen.denoise.completion import Commit, Done, Failed
from canvasgen.errors import CanvasgenError, ModelError

if TYPE_CHECKING:
    from canvasgen.constraints.compiled.belief import Belief
    from canvasgen.denoise.completion import Event
    from canvasgen.denoise.row import Row
    from canvasgen.errors import Outcome

__all__ = ["Verdict", "decide", "placed"]


@dataclass
class Verdict:
    """What was decided.

    Attributes:
        canvas: int64 `[n]`, taken into the text; None if all canvases were refused, and the block starts again.
        events: what is told.
    """

    canvas: NDArray[np.int64] | None = None
    events: list[Event] = field(default_factory=list["Event"])


def decide(row: Row, belief: Belief, ending: Outcome, clock: Callable[[], float]) -> Verdict:
    """Take a row's best acceptable canvas into its text; touches nothing but the row.

    Args:
        row: of the canvas.
        belief: what the last step says of it.
        ending: why the block ends.
        clock: seconds.
    """
    begun, made = clock(), Verdict()
    try:
        made.canvas = row.commit(belief, ending)
        row.spend("commit", clock() - begun)
        if made.canvas is not None:
            made.events.append(Commit(row.text.decoded(), row.block, row.number))
            if row.is_over:
                made.events.append(Done(row.completion(), row.number))
    except CanvasgenError as error:
        row.is_over = True
        made.events.append(Failed(row.failed(error), row.number))
    return made


def placed(error: CanvasgenError, row: Row) -> CanvasgenError:
    """Return the row's error; one of the model's says where it was."""
    if not isinstance(error, ModelError):
        return error
    placed = ModelError(
        f"row {row.number}: {error.message}",
        path=f"block {row.block}, step {row.step}, {error.path or 'some position'}",
        rule=error.rule,
        value=error.value,
        remedy=error.remedy or "check the model's weights and its dtype",
    )
    placed.__cause__ = error
    return placed
