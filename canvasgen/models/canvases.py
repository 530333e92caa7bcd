"""On how long a canvas an answer is written, for models that can take several lengths.

A denoising step costs about as much for noise behind the text as for the text, so a short answer goes on a short canvas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from canvasgen.checks import is_sequence
from canvasgen.denoise import Denoiser, Resizable, Start
from canvasgen.errors import ModelError

if TYPE_CHECKING:
    from canvasgen.constraints import CompiledConstraint

__all__ = ["canvas_for", "canvas_lengths_of"]


def canvas_for(
    denoiser: Denoiser,
    constraint: CompiledConstraint | None,
    starts: Sequence[Start],
    *,
    max_tokens: int | None,
    usual: int | None,
) -> Denoiser:
    """Return the model with the shortest canvas that the answer needs, among its usual length and the shorter ones.

    What an answer needs: its longest text with an end token, or `max_tokens` if that is less; a text that starts from old
    text, a canvas of which that fills three quarters, whatever may come: what does not fit continues on a further canvas.
    Where neither is known, and for a constraint on token positions, the usual length.

    Args:
        denoiser: the model; one that is not `Resizable` is returned as it is.
        constraint: None for free text.
        starts: of the answer, laid out for the model's own canvas.
        max_tokens: of the request.
        usual: of the policy; None: the model's own.

    Raises:
        ModelError: the model does not take the policy's length.
    """
    lengths = denoiser.canvas_lengths if isinstance(denoiser, Resizable) else (denoiser.canvas_length,)
    if usual is not None and usual not in lengths:
        raise ModelError(
            "the model does not take canvases of this length",
            rule="canvas_length",
            value=usual,
            remedy="choose one of " + ", ".join(map(str, lengths)),
        )
    chosen = denoiser.canvas_length if usual is None else usual
    needed = _needed(constraint, starts, max_tokens)
    if needed is not None:
        chosen = min((length for length in lengths if needed <= length < chosen), default=chosen)
    if not isinstance(denoiser, Resizable) or chosen == denoiser.canvas_length:
        return denoiser
    return denoiser.with_canvas(chosen)


def _needed(
    constraint: CompiledConstraint | None, starts: Sequence[Start], max_tokens: int | None
) -> int | None:
    """Return the positions that an answer needs; None where they are not known."""
    if constraint is not None and constraint.restriction is not None:
        return None
    laid = max(len(start.canvas) for start in starts)
    if laid:
        return None if starts[0].written else -(-laid * 4 // 3)
    longest = None if constraint is None else constraint.most_tokens
    known = [count for count in (None if longest is None else longest + 1, max_tokens) if count is not None]
    return min(known, default=None)


def canvas_lengths_of(config: Any, own: int) -> tuple[int, ...]:
    """What `canvas_lengths` of the model's config says, with its own length; that alone if it says nothing.

    Raises:
        ModelError: it is no list of numbers above zero.
    """
    given: object = getattr(config, "canvas_lengths", None) or []
    if not (is_sequence(given) and all(isinstance(one, int) and one > 0 for one in given)):
        raise ModelError(
            "canvas_lengths are numbers of tokens",
            rule="canvas_lengths",
            value=given,
            remedy="mend config.json",
        )
    return tuple(sorted({own, *given}))
