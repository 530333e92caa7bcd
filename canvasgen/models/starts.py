"""From the text that an answer starts from to the tokens of its beginning and of its first canvas."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from canvasgen.denoise import Start

if TYPE_CHECKING:
    from canvasgen.constraints.base import Draft

__all__ = ["start_from"]

KEPT_TOKENS = 16
"""Of a long beginning that stays, the last tokens stay on the canvas: there the model sees both sides at once."""
GAP_TOKENS = 8
"""Noise that stands for a gap whose width nobody knows; what follows it floats from the first step on."""


def start_from(
    draft: Draft,
    tokens: Callable[[str], list[int]],
    *,
    canvas_length: int,
    end_ids: tuple[int, ...],
    seed: int,
) -> Start:
    """The start of a draft.

    What stays before the first gap stands on the canvas, or, where it is longer than a quarter of it, in the context. Of
    a piece that is written anew, the `strength` of the draft says how many tokens are noise; an empty one is noise.

    Args:
        draft: the pieces of the text.
        tokens: the tokenizer: text to ids.
        canvas_length: L.
        end_ids: tokens that end a text; one is put behind it.
        seed: of the choice which tokens are noise.
    """
    chance = random.Random(seed)
    laid: list[int | None] = []
    leading = 0
    for text, stays in draft.pieces:
        ids = tokens(text)
        if stays:
            leading += len(ids) if leading == len(laid) else 0
            laid += ids
        elif not text:
            laid += [None] * GAP_TOKENS
        else:
            laid += [None if chance.random() < draft.strength else token for token in ids]
    if end_ids:
        laid.append(end_ids[0])
    written: list[int] = []
    if leading > canvas_length // 4:
        written = [token for token in laid[: leading - KEPT_TOKENS] if token is not None]
        laid, leading = laid[len(written) :], KEPT_TOKENS
    # The last token before a gap may have to grow together with what comes into it.
    return Start(tuple(written), tuple(laid[:canvas_length]), max(0, leading - 1), draft.strength)
