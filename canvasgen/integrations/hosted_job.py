"""Jobs for engines that have read the prompt themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from canvasgen.denoise import Job, Start
from canvasgen.engine import Engine
from canvasgen.errors import BudgetTooSmall
from canvasgen.request import Request

__all__ = ["check_budget", "hosted_job"]


def hosted_job(engine: Engine, request: Request, prompt_ids: Sequence[int]) -> Job:
    """Return the job of a request behind a prompt of another engine.

    Nothing is written before the first canvas, as the own loop does with the beginning of a long text that is edited: the
    engine would neither read nor answer it. Such a text is written on canvases, from its beginning.

    Args:
        engine: of the model.
        request: its prompt is not looked at.
        prompt_ids: token ids of the prompt.

    Raises:
        CanvasgenError: as `Engine.prepare`.
    """
    job = engine.prepare(replace(request, prompt="x"))
    starts = (Start(),) if job.written else job.starts
    return replace(job, prompt=tuple(prompt_ids), starts=starts)


def check_budget(job: Job, most: int) -> None:
    """Raise an error if the shortest valid text has more tokens than there may be.

    Args:
        job: of the request.
        most: tokens of the answer.

    Raises:
        BudgetTooSmall: says how many are needed.
    """
    fewest = 1 if job.constraint is None else job.constraint.fewest_tokens(job.prefix())
    if fewest > most:
        raise BudgetTooSmall(
            f"the shortest valid text has {fewest} tokens and the budget is {most}",
            path="max_tokens",
            rule="max_tokens",
            value=most,
            remedy=f"raise max_tokens to {fewest} or more",
        )
