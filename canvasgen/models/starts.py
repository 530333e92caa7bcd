"""From the text that an answer starts from to the tokens of its prefix and of its first canvas."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from canvasgen.constraints.compiled.respelling import respelled
from canvasgen.denoise import Start

if TYPE_CHECKING:
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.constraints.shown import Hole, Piece, Shown

__all__ = ["starts_from", "suited"]

KEPT_TOKENS = 16
"""If the beginning of the text goes into the context, so many of its last tokens stay on the canvas."""
GAP_WIDTHS = (1, 2, 3, 4, 6, 8, 12)
"""Widths of noise for gaps of unknown width; the text after a gap floats from the first step on."""


def starts_from(
    shown: Shown,
    tokens: Callable[[str], list[int]],
    *,
    canvas_length: int,
    end_ids: tuple[int, ...],
    seed: int,
) -> tuple[Start, ...]:
    """Return the starts of a text, one for each width of its gaps; the loop keeps the one that fits the model best.

    The kept text is on the canvas. If the text would fill more than three quarters of it, its beginning goes into the
    context. The `strength` of a rewritten piece is the share of its tokens that are noise; at full strength it is a gap
    of its old width, or of another one. The last start has only noise after the first gap.

    Args:
        shown: fixed text with holes; without old text or gaps in it, the only start is noise.
        tokens: the tokenizer: text to ids.
        canvas_length: L.
        end_ids: tokens that end a text; the first is put after it.
        seed: of the random choice of noise tokens.
    """
    if not shown.canvas:
        return (Start(),)
    pieces = [_Laid.of(piece, tokens) for piece in shown.canvas]
    leading = next((at for at, piece in enumerate(pieces) if piece.hole is not None), len(pieces))
    beginning = [token for piece in pieces[:leading] for token in piece.ids]
    ends = [*end_ids[:1]]
    old = sum(len(piece.ids) for piece in pieces) + len(ends)
    holes = [piece.hole for piece in pieces if piece.hole is not None]
    floating = sum(hole.floats for hole in holes)
    strength = max((hole.strength for hole in holes), default=1.0)
    races = floating > 0 and strength == 1.0
    widths: tuple[int | None, ...] = GAP_WIDTHS if races else ()
    if not races or any(piece.ids for piece in pieces if piece.hole is not None):
        widths = (None, *widths)
    room = old + max((floating * width for width in widths if width is not None), default=0)
    # Every start has the same beginning in the context, for all widths of its gaps.
    many = max(0, min(room - (canvas_length - canvas_length // 4), len(beginning) - KEPT_TOKENS))
    kept = max(0, len(beginning) - many - 1)  # the last token may have to grow together with what follows
    laid: list[list[int | None]] = [
        [*beginning[many:], *_laid(pieces[leading:], width, seed), *ends] for width in widths or (None,)
    ]
    if races:
        laid.append([*beginning[many:]])
    return tuple(
        Start(tuple(beginning[:many]), tuple(canvas[:canvas_length]), kept, strength) for canvas in laid
    )


def suited(starts: tuple[Start, ...], constraint: CompiledConstraint) -> tuple[Start, ...]:
    """Return starts whose written tokens begin a text of the constraint.

    A tokenizer may cut the text otherwise than `fixed` and `near` ask for. Then it is cut anew, or, if no cut of what is
    written suits, all of the text is left to the canvases.
    """
    written = starts[0].written
    if not written or constraint.prefix(written) is not None:
        return starts
    found = respelled(constraint, written)
    if found is None:
        return (Start(),)
    return tuple(replace(start, written=found.ids) for start in starts)


@dataclass(frozen=True)
class _Laid:
    """The tokens of a fixed text, or of the old text of a hole."""

    ids: list[int]
    hole: Hole | None

    @classmethod
    def of(cls, piece: Piece, tokens: Callable[[str], list[int]]) -> _Laid:
        if isinstance(piece, str):
            return cls(tokens(piece), None)
        return cls(tokens(piece.old or ""), piece)


def _laid(pieces: list[_Laid], width: int | None, seed: int) -> list[int | None]:
    """Return the tokens after the beginning, None for noise; with a width, each floating gap is noise of this width."""
    chance = random.Random(seed)
    laid: list[int | None] = []
    for piece in pieces:
        if piece.hole is None:
            laid += piece.ids
        elif width is not None and piece.hole.floats:
            laid += [None] * width
        else:
            laid += [None if chance.random() < piece.hole.strength else token for token in piece.ids]
    return laid
