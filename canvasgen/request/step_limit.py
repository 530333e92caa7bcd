"""What becomes of a text that was committed before the model was confident: `on_step_limit` of a request."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING

from canvasgen.errors import CanvasgenError, Outcome, StepLimit, StepLimitWarning

if TYPE_CHECKING:
    from canvasgen.denoise import Completion
    from canvasgen.request.what_and_how import Request

__all__ = ["settled", "settled_or_raised"]


def settled(request: Request, completion: Completion) -> Completion:
    """Return a completion, or do what its request asks for if a block was committed before the model was confident.

    Raises:
        StepLimit: it was, and the request asks for an error.
    """
    if completion.outcome not in _REMEDIES or request.on_step_limit == "return":
        return completion
    message = f"{sum(completion.steps)} denoising steps were not enough for the model to be confident"
    remedy = _REMEDIES[completion.outcome]
    if completion.outcome is Outcome.STEP_LIMIT and request.quality is not None:
        remedy = "take a higher quality"
    remedy = f"{remedy}, or take on_step_limit='return' if a valid text is enough"
    if request.on_step_limit == "raise":
        raise StepLimit(message, completion=completion, remedy=remedy)
    warnings.warn(f"{message}; {remedy}", StepLimitWarning, stacklevel=_callers_level())
    return completion


def settled_or_raised(request: Request, result: Completion | CanvasgenError) -> Completion:
    """Return the completion of a request as `settled` does, or raise its error."""
    if isinstance(result, CanvasgenError):
        raise result
    return settled(request, result)


_REMEDIES = {
    Outcome.STEP_LIMIT: "raise max_denoising_steps",
    Outcome.TIME_LIMIT: "raise target_ms",
    Outcome.OSCILLATION: "more steps would not help, since its drafts went round in a cycle: say more in the prompt",
}


def _callers_level() -> int:
    """Return the level, for `warnings.warn` in the calling function, of the first frame outside of the package."""
    package = __name__.partition(".")[0]
    level, frame = 1, inspect.currentframe()
    frame = None if frame is None else frame.f_back
    while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == package:
        level, frame = level + 1, frame.f_back
    return level
