"""From the text that an answer starts from to the tokens of its beginning and of its first canvas."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from canvasgen.denoise import Start

if TYPE_CHECKING:
    from canvasgen.constraints.base import Outline

__all__ = ["starts_from"]

KEPT_TOKENS = 16
"""Of a beginning that goes into the context, the last tokens stay on the canvas."""
GAP_WIDTHS = (1, 2, 3, 4, 6, 8, 12)
"""Tokens of noise that may stand for gaps whose width nobody knows; what follows them floats from the first step on."""


def starts_from(
    outline: Outline,
    tokens: Callable[[str], list[int]],
    *,
    canvas_length: int,
    end_ids: tuple[int, ...],
    seed: int,
) -> tuple[Start, ...]:
    """The starts of an outline, one for each width that its gaps may have, of which the model keeps the likeliest.

    What stays stands on the canvas; where the text would fill more than three quarters of it, its beginning goes into
    the context. Of a piece that is written anew, the `strength` of the outline says how many tokens are noise; at full
    strength it is a gap of its old width, or of another. The last start has noise alone behind what stays before
    the first gap.

    Args:
        outline: the pieces of the text.
        tokens: the tokenizer: text to ids.
        canvas_length: L.
        end_ids: tokens that end a text; one is put behind it.
        seed: of the choice which tokens are noise.
    """
    pieces = [(tokens(text), stays) for text, stays in outline.pieces]
    leading = 0
    while leading < len(pieces) and pieces[leading][1]:
        leading += 1
    beginning = [token for ids, _ in pieces[:leading] for token in ids]
    ends = [*end_ids[:1]]
    old = sum(len(ids) for ids, _ in pieces) + len(ends)
    gaps = sum(not stays for _, stays in pieces)
    races = outline.floats and outline.strength == 1.0 and gaps > 0
    widths: tuple[int | None, ...] = GAP_WIDTHS if races else ()
    if not races or any(ids for ids, stays in pieces if not stays):
        widths = (None, *widths)
    room = old + max((gaps * width for width in widths if width is not None), default=0)
    # Every start has the same beginning in the context, whatever the widths of its gaps.
    many = max(0, min(room - (canvas_length - canvas_length // 4), len(beginning) - KEPT_TOKENS))
    kept = max(0, len(beginning) - many - 1)  # the last token may have to grow together with what follows
    laid = [
        [*beginning[many:], *_laid(pieces[leading:], width, outline.strength, seed), *ends]
        for width in widths or (None,)
    ]
    if races:
        laid.append(beginning[many:])
    return tuple(
        Start(tuple(beginning[:many]), tuple(canvas[:canvas_length]), kept, outline.strength)
        for canvas in laid
    )


def _laid(
    pieces: list[tuple[list[int], bool]], width: int | None, strength: float, seed: int
) -> list[int | None]:
    """Tokens behind the beginning; gaps are noise of a width, or keep the rest of their old tokens (None)."""
    chance = random.Random(seed)
    laid: list[int | None] = []
    for ids, stays in pieces:
        if stays:
            laid += ids
        elif width is not None:
            laid += [None] * width
        else:
            laid += [None if chance.random() < strength else token for token in ids]
    return laid
