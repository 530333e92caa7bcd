"""A trace of steps alone: what every completion has, in the form of a full trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from canvasgen.denoise.recording.recorder import step_data
from canvasgen.denoise.recording.token_table import token_table
from canvasgen.denoise.steps import Step
from canvasgen.errors import InvalidTrace
from canvasgen.extras import installed_version
from canvasgen.trace import Trace

__all__ = ["trace_of_steps"]


def trace_of_steps(
    steps: Sequence[Step], token_ids: Sequence[int], timings: Mapping[str, float], facts: Mapping[str, Any]
) -> Trace:
    """Return a trace of some steps.

    Args:
        steps: all of a row.
        token_ids: of the text.
        timings: seconds.
        facts: further fields of the trace.

    Raises:
        InvalidTrace: there are no steps.
    """
    if not steps:
        raise InvalidTrace(
            "there are no steps to show",
            rule="trace",
            value=(),
            remedy='give a trace with a step at least: trace="full" and max_denoising_steps of 1 or more',
        )
    vocabulary = steps[0].vocabulary
    made = tuple(step_data(step) for step in steps)
    table = token_table(vocabulary, made, [*token_ids, *vocabulary.end_ids])
    return Trace(
        made_by=installed_version(),
        kind="steps",
        vocabulary=vocabulary.fingerprint,
        tokens=table.tokens,
        pieces=table.pieces,
        end_ids=vocabulary.end_ids,
        steps=made,
        token_ids=tuple(token_ids),
        timings=dict(timings),
        **facts,
    )
