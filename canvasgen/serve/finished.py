"""One answer, finished: what all that count it or tell it need of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canvasgen.denoise import Completion
    from canvasgen.vocabulary import Vocabulary

__all__ = ["Finished"]


@dataclass(frozen=True)
class Finished:
    """One answer.

    Attributes:
        number: which of the plan's answers.
        completion: what the engine says of it.
        prompt_tokens: that were read.
        canvas_length: positions of its canvases.
        vocabulary: of the model that wrote it.
    """

    number: int
    completion: Completion
    prompt_tokens: int
    canvas_length: int
    vocabulary: Vocabulary
